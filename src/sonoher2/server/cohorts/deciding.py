"""How far readers agree, what is decided where they differ, and what is handed to a study."""

from __future__ import annotations

from math import isfinite
from pathlib import Path

from sqlalchemy.orm import Session

from sonoher2.core.errors import InputError
from sonoher2.core.spelling import plural
from sonoher2.server.base.errors import ApiError
from sonoher2.server.base.times import aware
from sonoher2.server.cohorts.outlines.final import Decision, ExportImage, ExportOf, ReaderRow, final_outline
from sonoher2.server.cohorts.outlines.models import Figure, ImageAgreement, MeasureAgreement, PairAgreement
from sonoher2.server.cohorts.outlines.tasks import exported, require_readable, summed_up
from sonoher2.server.cohorts.reading import drawn_runs, image_body, opened
from sonoher2.server.cohorts.schemas import (
    AgreementBody,
    DecisionRequest,
    DisagreementList,
    FigureBody,
    ImageBody,
    ImageDice,
    MeasureBody,
    PairBody,
)
from sonoher2.server.cohorts.service import Cohorts, changed, listed_image
from sonoher2.server.cohorts.worklist import (
    FINISHED,
    Rows,
    agreements,
    area_in_mm2,
    image_name,
    is_given,
    read_images,
    read_rows,
)
from sonoher2.server.storage.audit import Hashes
from sonoher2.server.storage.base import now
from sonoher2.server.storage.tables_cohorts import CohortDecisionRow, CohortImageRow, CohortOutlineRow

STUDY = "study"


def agreement(cohorts: Cohorts, cohort: str) -> AgreementBody:
    """Say how far readers agree.

    Figures are of all images that readers have finished; single images are told only to who has finished them, and to
    who reads none at all.
    """
    rows = _rows(cohorts, cohort)
    everything = [row.id for row in rows.images]
    read = read_images(rows, everything)
    found = agreements(cohorts, cohort, read)
    pairs, measures = cohorts.services.pool.run(summed_up, found, read)
    outlines = [row for by_reader in rows.outlines.values() for row in by_reader.values()]
    done = [row for row in outlines if row.state == "done" and row.mask is not None]
    return AgreementBody(
        pairs=[_pair(pair) for pair in pairs],
        measures=[_measure(one) for one in measures],
        images=_single(cohorts, rows, found),
        area_unit="mm2" if area_in_mm2(done) else "px",
        waiting=sum(row.measured is None for row in done),
    )


def disagreements(cohorts: Cohorts, cohort: str, below: float) -> DisagreementList:
    """List the images on which two readers differ by more than that, those that differ most first."""
    rows = _rows(cohorts, cohort)
    found = agreements(cohorts, cohort, read_images(rows, [row.id for row in rows.images]))
    differ = [one for one in _single(cohorts, rows, found) if one.dice is not None and one.dice < below]
    return DisagreementList(items=sorted(differ, key=lambda one: (one.dice, one.number)), below=below)


def _rows(cohorts: Cohorts, cohort: str) -> Rows:
    with cohorts.services.database.reading() as session:
        cohorts.row(session, cohort)
        return read_rows(session, cohort)


def _single(cohorts: Cohorts, rows: Rows, found: list[ImageAgreement]) -> list[ImageDice]:
    by_id = {row.id: row for row in rows.images}
    # to who has finished the image, and to who reads none at all
    blind = rows.reads(cohorts.reader)
    told = {row.id for row in rows.images if not blind or rows.finished_by(row.id, cohorts.reader)}
    return [
        ImageDice(
            image=one.image,
            number=by_id[one.image].number,
            patient_id=one.patient,
            name=image_name(by_id[one.image]),
            first=one.first,
            second=one.second,
            dice=_number(one.dice),
            missed=one.missed,
            decided=one.image in rows.decisions,
        )
        for one in found
        if one.image in told
    ]


def _pair(pair: PairAgreement) -> PairBody:
    return PairBody(
        first=pair.first,
        second=pair.second,
        images=pair.images,
        drawn=pair.drawn,
        dice=_figure(pair.dice),
        median=_number(pair.median),
        lowest=_number(pair.lowest),
        missed_by_first=pair.missed_by_first,
        missed_by_second=pair.missed_by_second,
        seen_by_neither=pair.seen_by_neither,
    )


def _measure(one: MeasureAgreement) -> MeasureBody:
    return MeasureBody(
        measure=one.measure,
        readers=[*one.readers],
        images=one.images,
        patients=one.patients,
        icc=_figure(one.icc),
    )


def _figure(figure: Figure) -> FigureBody:
    return FigureBody(value=_number(figure.value), low=_number(figure.low), high=_number(figure.high))


def _number(value: float) -> float | None:
    return value if isfinite(value) else None


def adjudicate(cohorts: Cohorts, cohort: str, image: str, version: int, request: DecisionRequest) -> ImageBody:
    """Decide which outline of an image counts; each reader's own stays as it is.

    Raises
    ------
    ApiError
        403, the reader has not finished the image; 412, somebody else decided meanwhile.
    InputError
        Not exactly one of the ways to decide is given, or the reader named has not finished the image.
    """
    ways = (request.reader is not None, request.mask is not None, request.no_lesion)
    if sum(ways) != 1:
        raise InputError("a decision is one of `reader`, `mask` and `no_lesion`", fix="Give exactly one of them")
    row = opened(cohorts, cohort, image)
    mask, area = _new_mask(cohorts, cohort, row, request)
    with cohorts.writing() as session:
        _require_finished(session, image, cohorts.reader)
        decision = session.get(CohortDecisionRow, image, with_for_update=True)
        if (decision.version if decision else 0) != version:
            raise changed()
        if request.reader is not None:
            taken = session.get(CohortOutlineRow, (image, request.reader))
            if taken is None or taken.state != "done":
                raise InputError("this reader has not finished the image", fix="Take the outline of another one")
            mask, area = taken.mask, taken.area
        if decision is None:
            decision = CohortDecisionRow(image_id=image, version=0)
            session.add(decision)
        decision.version += 1
        decision.mask, decision.area, decision.reader = mask, area, request.reader
        decision.user, decision.note, decision.changed = cohorts.reader, request.note, now()
        cohorts.services.audit.add_to(session, cohorts.user, "adjudicate", image, Hashes(row.sha256, mask or ""))
    return image_body(cohorts, cohort, image)


def _new_mask(cohorts: Cohorts, cohort: str, row: CohortImageRow, request: DecisionRequest) -> tuple[str | None, int]:
    if request.mask is None:
        return None, 0
    drawn = drawn_runs(request.mask, (row.rows, row.columns))
    if not drawn.area:
        raise InputError("nothing is drawn", fix="Draw the lesion, or decide that there is none")
    blobs = cohorts.blobs(cohort)
    mask = blobs.put(drawn.png)
    cohorts.services.pool.run(require_readable, str(blobs.path(mask)))
    return mask, drawn.area


def _require_finished(session: Session, image: str, reader: str) -> None:
    own = session.get(CohortOutlineRow, (image, reader), with_for_update=True)
    if own is None or own.state not in FINISHED:
        raise ApiError(
            403, "blind", "who decides on an image has finished it or skipped it", "Finish this image, or skip it"
        )
    own.seen = True


def export(cohorts: Cohorts, cohort: str, order: tuple[str, ...], *, segmenter: bool) -> tuple[str, bytes]:
    """Write the ZIP that a study reads; its name, and its bytes.

    Parameters
    ----------
    cohorts, cohort
        Which.
    order
        Readers, the main one first; those that are not named follow by name.
    segmenter
        Whether the segmenter's outline stands in where nobody has drawn one.

    Raises
    ------
    ApiError
        403, it would show outlines of others to a reader who has not finished those images.
    """
    with cohorts.services.database.reading() as session:
        row = cohorts.row(session, cohort)
        rows = read_rows(session, cohort)
    _require_not_blind(rows, cohorts.reader)
    images = [_export_image(rows, image, order, segmenter=segmenter) for image in rows.images]
    of = ExportOf(row.title, cohorts.reader, now(), Path(row.source) if row.kind == STUDY else None)
    data = cohorts.services.pool.run(exported, images, of, str(cohorts.blobs(cohort).folder))
    cohorts.services.audit.add(cohorts.user, "export outlines", cohort)
    return f"{of.folder}.zip", data


def _require_not_blind(rows: Rows, reader: str) -> None:
    if not rows.reads(reader):
        return
    waiting = sum(
        not rows.finished_by(row.id, reader) and any(_drawn_by_another(one, reader) for one in outlines.values())
        for row in rows.images
        if (outlines := rows.outlines.get(row.id, {}))
    )
    if waiting:
        raise ApiError(
            403,
            "blind",
            f"you have not finished {plural(waiting, 'image')} that others have, and the export holds their outlines",
            "Finish or skip them first, or export under a name that reads none of the cohort",
        )


def _drawn_by_another(row: CohortOutlineRow, reader: str) -> bool:
    return row.state == "done" and row.reader != reader and not is_given(row)


def _export_image(rows: Rows, image: CohortImageRow, order: tuple[str, ...], *, segmenter: bool) -> ExportImage:
    outlines = rows.outlines.get(image.id, {})
    finished = {reader: row.mask for reader, row in outlines.items() if row.state == "done"}
    decision = rows.decisions.get(image.id)
    decided = None if decision is None else Decision(decision.mask, decision.reader)
    final = final_outline(finished, decided, order, image.proposal if segmenter else None)
    left = tuple(_reader_row(row) for _, row in sorted(outlines.items()))
    return ExportImage(listed_image(image), final, left)


def _reader_row(row: CohortOutlineRow) -> ReaderRow:
    changed = aware(row.changed).isoformat(timespec="seconds")
    return ReaderRow(row.reader, row.state, row.note, changed, row.mask, row.area)
