"""The worklist: images in the order in which they should be looked at, as one reader may see them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from sonoher2.server.cohorts.outlines.doubt import Doubt, doubt
from sonoher2.server.cohorts.outlines.models import AREA, ImageAgreement, ReadImage, image_agreements, lowest_dice
from sonoher2.server.cohorts.overlap import Overlaps
from sonoher2.server.cohorts.schemas import ImageList, ImageSummary, State
from sonoher2.server.cohorts.service import TABLE_READERS, Cohorts, listed_image
from sonoher2.server.storage.tables_cohorts import CohortDecisionRow, CohortImageRow, CohortOutlineRow

FINISHED = ("done", "skip")
MM2 = "area_mm2"
"""Among the measurements of an outline, the area where it is known."""


@dataclass(frozen=True)
class Rows:
    """All rows of a cohort.

    Attributes
    ----------
    images
        In the order of the table.
    outlines
        By image, then by reader.
    decisions
        By image.
    """

    images: list[CohortImageRow]
    outlines: Mapping[str, Mapping[str, CohortOutlineRow]]
    decisions: Mapping[str, CohortDecisionRow]

    def own(self, image: str, reader: str) -> CohortOutlineRow | None:
        """Give what a reader has of an image."""
        return self.outlines.get(image, {}).get(reader)

    def finished_by(self, image: str, reader: str) -> bool:
        """Whether a reader has finished an image, or has chosen not to read it."""
        own = self.own(image, reader)
        return own is not None and own.state in FINISHED

    def reads(self, reader: str) -> bool:
        """Whether somebody has drawn anything in the cohort."""
        return any(reader in by_reader and by_reader[reader].drawn for by_reader in self.outlines.values())


@dataclass(frozen=True)
class Filter:
    """Which rows of the worklist are wanted; all of them unless told."""

    state: State | None = None
    doubtful: bool | None = None
    mine: bool = False
    text: str = ""


NO_FILTER = Filter()


@dataclass(frozen=True)
class Ordered:
    """A worklist in its order.

    Attributes
    ----------
    rows
        Of the cohort.
    items
        Doubtful images first.
    doubts
        By image.
    """

    rows: Rows
    items: list[CohortImageRow] = field(default_factory=list)
    doubts: Mapping[str, Doubt] = field(default_factory=dict)


def read_rows(session: Session, cohort: str) -> Rows:
    """Read all rows of a cohort."""
    of_cohort = CohortImageRow.cohort_id == cohort
    images = session.scalars(select(CohortImageRow).where(of_cohort).order_by(CohortImageRow.number)).all()
    outlines: dict[str, dict[str, CohortOutlineRow]] = defaultdict(dict)
    for row in session.scalars(select(CohortOutlineRow).join(CohortImageRow).where(of_cohort)):
        outlines[row.image_id][row.reader] = row
    decisions = session.scalars(select(CohortDecisionRow).join(CohortImageRow).where(of_cohort))
    return Rows([*images], outlines, {row.image_id: row for row in decisions})


def ordered(cohorts: Cohorts, cohort: str) -> Ordered:
    """Give the worklist of a cohort in its order; whoever has not finished an image learns nothing of the others'."""
    with cohorts.services.database.reading() as session:
        cohorts.row(session, cohort)
        rows = read_rows(session, cohort)
    own = [row.id for row in rows.images if rows.finished_by(row.id, cohorts.reader)]
    lowest = lowest_dice(agreements(cohorts, cohort, read_images(rows, own)))
    doubts = {row.id: _doubt(row, lowest.get(row.id)) for row in rows.images}
    items = sorted(rows.images, key=lambda row: (not row.looked, -doubts[row.id].score, row.number))
    return Ordered(rows, items, doubts)


def _doubt(row: CohortImageRow, readers_dice: float | None) -> Doubt:
    if not row.looked:
        return Doubt(0.0, ())
    return doubt(
        row.confidence,
        row.quality,
        given_dice=row.given_dice,
        readers_dice=readers_dice,
        problem=row.problem,
        mask_problem=row.mask_problem,
    )


def read_images(rows: Rows, images: list[str]) -> list[ReadImage]:
    """Give what readers have finished of some images; the area in mm² where it is known of all, else in pixels."""
    patients = {row.id: row.patient_id for row in rows.images}
    done = [row for image in images for row in rows.outlines.get(image, {}).values() if row.state == "done"]
    in_mm2 = area_in_mm2(done)
    return [
        ReadImage(row.image_id, patients[row.image_id], row.reader, row.mask, _measured(row, in_mm2=in_mm2))
        for row in done
    ]


def area_in_mm2(done: list[CohortOutlineRow]) -> bool:
    """Whether the area of every outline that is measured is known in mm²."""
    measured = [row.measured for row in done if row.measured]
    return bool(measured) and all(MM2 in values for values in measured)


def _measured(row: CohortOutlineRow, *, in_mm2: bool) -> dict[str, float]:
    values = dict(row.measured or {})
    mm2 = values.pop(MM2, None)
    if in_mm2 and mm2 is not None:
        values[AREA] = mm2
    return values


def agreements(cohorts: Cohorts, cohort: str, read: list[ReadImage]) -> list[ImageAgreement]:
    """Compare readers pairwise."""
    overlaps = Overlaps(cohorts.services.pool, cohorts.blobs(cohort))
    overlaps.prepare(read)
    return image_agreements(read, overlaps)


def worklist(cohorts: Cohorts, cohort: str, wanted: Filter, offset: int, limit: int) -> ImageList:
    """Give a part of the worklist."""
    found = ordered(cohorts, cohort)
    items = [row for row in found.items if _passes(row, found, cohorts.reader, wanted)]
    return ImageList(
        items=[summary(row, found, cohorts.reader) for row in items[offset : offset + limit]], total=len(items)
    )


def _passes(row: CohortImageRow, found: Ordered, reader: str, wanted: Filter) -> bool:
    own = found.rows.own(row.id, reader)
    return (
        (wanted.state is None or (own.state if own else "todo") == wanted.state)
        and (wanted.doubtful is None or bool(found.doubts[row.id].reasons) == wanted.doubtful)
        and (not wanted.mine or (own is not None and own.drawn))
        and wanted.text.casefold() in f"{row.patient_id} {image_name(row)}".casefold()
    )


def summary(row: CohortImageRow, found: Ordered, reader: str) -> ImageSummary:
    """Write a row of the worklist."""
    own, rows = found.rows.own(row.id, reader), found.rows
    others = rows.outlines.get(row.id, {}).values()
    return ImageSummary(
        id=row.id,
        number=row.number,
        patient_id=row.patient_id,
        name=image_name(row),
        state=own.state if own else "todo",
        note=own.note if own else "",
        looked=row.looked,
        problem=row.problem,
        confidence=row.confidence,
        doubt=round(found.doubts[row.id].score, 3),
        reasons=[*found.doubts[row.id].reasons],
        readers=sum(other.state == "done" and not is_given(other) for other in others),
        decided=row.id in rows.decisions,
    )


def is_given(row: CohortOutlineRow) -> bool:
    """Whether an outline is one that the images table names."""
    return row.reader in TABLE_READERS


def image_name(row: CohortImageRow) -> str:
    """Name of the file, without its folder, with its frame."""
    image = listed_image(row)
    return Path(image.path).name + ("" if image.frame is None else f" [{image.frame}]")
