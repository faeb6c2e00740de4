"""One image for one reader: what it starts with, what the reader draws, and when others' outlines are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy.orm import Session

from sonoher2.core.errors import InputError
from sonoher2.server.base.errors import ApiError, not_found
from sonoher2.server.base.times import aware
from sonoher2.server.cases.schemas import RunsBody
from sonoher2.server.cohorts.background import topic
from sonoher2.server.cohorts.looks import ensure_looked
from sonoher2.server.cohorts.outlines.final import GIVEN
from sonoher2.server.cohorts.outlines.models import DrawnMask
from sonoher2.server.cohorts.outlines.tasks import displayed, outlined, require_readable
from sonoher2.server.cohorts.schemas import (
    DecisionBody,
    ImageBody,
    Origin,
    OtherReader,
    OutlineBody,
    StateRequest,
)
from sonoher2.server.cohorts.service import Cohorts, changed, file_reading, listed_image
from sonoher2.server.cohorts.worklist import FINISHED, MM2, Ordered, Rows, ordered, summary
from sonoher2.server.storage.audit import Hashes
from sonoher2.server.storage.base import now
from sonoher2.server.storage.events import Event
from sonoher2.server.storage.tables_cohorts import CohortDecisionRow, CohortImageRow, CohortOutlineRow, CohortRow
from sonoher2.server.work.models import Prompt
from sonoher2.server.work.scales import spacing_at

if TYPE_CHECKING:
    from sonoher2.server.work.masks import Mask


def opened(cohorts: Cohorts, cohort: str, image: str) -> CohortImageRow:
    """Give an image that was looked at, at once if need be.

    Raises
    ------
    InputError
        The image cannot be opened.
    """
    with cohorts.services.database.reading() as session:
        row = cohorts.image_row(session, cohort, image)
    if not row.looked:
        ensure_looked(cohorts.services, image)
        with cohorts.services.database.reading() as session:
            row = cohorts.image_row(session, cohort, image)
    if row.problem or not row.looked:
        raise InputError(row.problem.rstrip(".") or "the image was not looked at yet", fix="Mend the file, or skip it")
    return row


def image_body(cohorts: Cohorts, cohort: str, image: str) -> ImageBody:
    """Give one image as the reader may see it."""
    with cohorts.services.database.reading() as session:
        looked = cohorts.image_row(session, cohort, image).looked
    if not looked:
        ensure_looked(cohorts.services, image)
    found = ordered(cohorts, cohort)
    row = next((row for row in found.items if row.id == image), None)
    if row is None:
        raise not_found("image")
    with cohorts.services.database.reading() as session:
        start = cohorts.row(session, cohort).start
    own = found.rows.own(image, cohorts.reader)
    finished = found.rows.finished_by(image, cohorts.reader)
    decision = found.rows.decisions.get(image)
    before, after, todo = _neighbours(found, row, cohorts.reader)
    return ImageBody(
        **summary(row, found, cohorts.reader).model_dump(),
        frame=listed_image(row).frame,
        rows=row.rows,
        columns=row.columns,
        mm_per_pixel=size_at(cohorts, row, _shown(found.rows, row, own, start)),
        mask_problem=row.mask_problem,
        version=own.version if own else 0,
        mask=_outline(cohorts, found.rows, row, own, start),
        locked=bool(own and own.seen),
        others=_others(found.rows, image, cohorts.reader) if finished else [],
        decision=decision_body(decision) if decision and finished else None,
        previous=before,
        next=after,
        next_todo=todo,
    )


def _neighbours(found: Ordered, row: CohortImageRow, reader: str) -> tuple[str | None, str | None, str | None]:
    """Images before and after one, and the next that the reader has not finished, from the start again at the end."""
    place = found.items.index(row)
    before = found.items[place - 1].id if place else None
    after = found.items[place + 1].id if place + 1 < len(found.items) else None
    round_trip = [*found.items[place + 1 :], *found.items[:place]]
    todo = (one.id for one in round_trip if not one.problem and not found.rows.finished_by(one.id, reader))
    return before, after, next(todo, None)


def size_at(cohorts: Cohorts, row: CohortImageRow, shown: _Shown | None) -> tuple[float, float] | None:
    """Row and column spacing at an outline, mm, as a study takes it; None where it is not known."""
    known = None if row.mm_row is None or row.mm_column is None else (row.mm_row, row.mm_column)
    if not row.regions:
        return known
    at = None
    if shown is not None and shown.mask is not None:
        from sonoher2.lesions.mask import centre_of
        from sonoher2.server.work.masks import mask_of

        at = centre_of(mask_of(cohorts.blobs(row.cohort_id).read(shown.mask)))
    return spacing_at(row.regions, at) or known


class _Shown(NamedTuple):
    """What a reader has before the eyes; no mask where it says that there is no lesion."""

    origin: Origin
    mask: str | None
    area: int


def _shown(rows: Rows, row: CohortImageRow, own: CohortOutlineRow | None, start: str) -> _Shown | None:
    """Give the own outline, else what the image starts with."""
    if own is not None and own.drawn:
        return _Shown("own", own.mask, own.area)
    given = rows.own(row.id, GIVEN) if start == "given" else None
    if given is not None:
        return _Shown("given", given.mask, given.area)
    if start == "blank" or row.proposal is None:
        return None
    return _Shown("segmenter", row.proposal, row.proposal_area)


def _outline(
    cohorts: Cohorts, rows: Rows, row: CohortImageRow, own: CohortOutlineRow | None, start: str
) -> OutlineBody | None:
    shown = _shown(rows, row, own, start)
    if shown is None:
        return None
    origin, mask, area = shown
    size = size_at(cohorts, row, shown)
    area_mm2 = area * size[0] * size[1] if size else None
    if origin == "own" and own is not None and own.measured:
        # measured with the scale at this outline, which may lie in another part of the screen than the first one
        area_mm2 = own.measured.get(MM2)
    return OutlineBody(origin=origin, area_px=area, area_mm2=area_mm2, sha256=mask or "")


def _others(rows: Rows, image: str, reader: str) -> list[OtherReader]:
    return [
        OtherReader(name=other.reader, state=other.state, area_px=other.area, outlined=other.mask is not None)
        for other in sorted(rows.outlines.get(image, {}).values(), key=lambda other: other.reader)
        if other.reader != reader and other.state == "done"
    ]


def decision_body(row: CohortDecisionRow) -> DecisionBody:
    """Write a decision as the API gives it."""
    return DecisionBody(
        version=row.version,
        reader=row.reader,
        outlined=row.mask is not None,
        area_px=row.area,
        user=row.user,
        note=row.note,
        changed=aware(row.changed),
    )


def picture_png(cohorts: Cohorts, cohort: str, image: str) -> bytes:
    """Give the picture as it is shown, grey and whole; read from the file once."""
    row = opened(cohorts, cohort, image)
    blobs = cohorts.blobs(cohort)
    if row.picture is not None:
        return blobs.read(row.picture)
    data = cohorts.services.pool.run(displayed, listed_image(row))
    name = blobs.put(data)
    with cohorts.services.database.session() as session:
        cohorts.image_row(session, cohort, image).picture = name
    return data


def mask_png(cohorts: Cohorts, cohort: str, image: str, reader: str = "") -> bytes:
    """Give an outline as PNG: the reader's own, else what the image starts with; or another reader's.

    Raises
    ------
    ApiError
        403, the reader has not finished the image and may not see others' outlines yet; 404, there is none.
    """
    opened(cohorts, cohort, image)
    mask = (
        _own_or_start(cohorts, cohort, image) if reader in ("", cohorts.reader) else _of(cohorts, cohort, image, reader)
    )
    if mask is None:
        raise not_found("outline")
    return cohorts.blobs(cohort).read(mask)


def mask_runs(cohorts: Cohorts, cohort: str, image: str, reader: str = "") -> RunsBody:
    """Give an outline as runs; all background where there is none. Errors as in `mask_png`."""
    from sonoher2.server.work.masks import mask_of, runs_of

    row = opened(cohorts, cohort, image)
    try:
        runs = runs_of(mask_of(mask_png(cohorts, cohort, image, reader)))
    except ApiError as error:
        if error.status != 404 or reader:
            raise
        runs = [row.rows * row.columns]
    return RunsBody(rows=row.rows, columns=row.columns, runs=runs)


def _own_or_start(cohorts: Cohorts, cohort: str, image: str) -> str | None:
    with cohorts.services.database.reading() as session:
        own = session.get(CohortOutlineRow, (image, cohorts.reader))
        if own is not None and own.drawn:
            return own.mask
        return start_mask(session, cohorts.row(session, cohort), cohorts.image_row(session, cohort, image))


def start_mask(session: Session, cohort: CohortRow, row: CohortImageRow) -> str | None:
    """Give the outline that an image starts with."""
    if cohort.start == "given":
        given = session.get(CohortOutlineRow, (row.id, GIVEN))
        if given is not None:
            return given.mask
    return None if cohort.start == "blank" else row.proposal


def _of(cohorts: Cohorts, cohort: str, image: str, reader: str) -> str | None:
    """Give another reader's outline; from then on the own one stays as it is."""
    with cohorts.services.database.session() as session:
        cohorts.image_row(session, cohort, image)
        own = session.get(CohortOutlineRow, (image, cohorts.reader), with_for_update=True)
        if own is None or own.state not in FINISHED:
            raise ApiError(
                403,
                "blind",
                "the outlines of others are shown when your own is finished",
                "Finish this image; or skip it, and decide on it without reading it",
            )
        other = session.get(CohortOutlineRow, (image, reader))
        if other is None or other.state != "done":
            raise not_found("outline")
        own.seen = True
        return other.mask


def drawn(mask: Mask) -> DrawnMask:
    """Make an outline of pixels, (rows, columns)."""
    from sonoher2.server.work import masks

    return DrawnMask(masks.mask_png(mask), int(mask.sum()))


def drawn_runs(runs: RunsBody, shape: tuple[int, int]) -> DrawnMask:
    """Make an outline of runs that were sent.

    Raises
    ------
    InputError
        They are not those of a picture of this shape.
    """
    from sonoher2.server.work.masks import mask_of_runs

    return drawn(mask_of_runs(runs.runs, runs.rows, runs.columns, shape))


def put_mask(cohorts: Cohorts, cohort: str, image: str, version: int, new: DrawnMask) -> ImageBody:
    """Keep what the reader has drawn; an empty outline says that there is no lesion.

    Raises
    ------
    ApiError
        412, the outline was changed meanwhile; 409, the reader has seen the outlines of others.
    """
    mask = cohorts.blobs(cohort).put(new.png) if new.area else None
    with cohorts.writing() as session:
        row = cohorts.image_row(session, cohort, image)
        own = _own_row(session, cohorts, image, version)
        own.mask, own.area, own.drawn, own.measured = mask, new.area, True, None
        # what was finished is to be finished anew
        own.state = "todo"
        _touch(own)
        hashes = Hashes(row.sha256, mask or "")
        cohorts.services.audit.add_to(session, cohorts.user, "draw outline", image, hashes)
    return image_body(cohorts, cohort, image)


def put_state(cohorts: Cohorts, cohort: str, image: str, version: int, request: StateRequest) -> ImageBody:
    """Say that the reader has finished an image, skips it, or takes it up again; errors as in `put_mask`.

    Raises
    ------
    InputError
        Nothing is drawn, or what is drawn is no lesion that a study could read.
    """
    mask = _mask_to_finish(cohorts, cohort, image) if request.state == "done" else None
    with cohorts.writing() as session:
        row = cohorts.image_row(session, cohort, image)
        own = _own_row(session, cohorts, image, version, request.state)
        if request.state == "done" and not own.drawn and mask is not None:
            own.mask, own.area, own.drawn, own.measured = *mask, True, None
        own.state = request.state
        own.note = own.note if request.note is None else request.note
        _touch(own)
        hashes = Hashes(row.sha256, own.mask or "")
        cohorts.services.audit.add_to(session, cohorts.user, f"outline {request.state}", image, hashes)
    news = {"image": image, "reader": cohorts.reader, "state": request.state}
    cohorts.services.events.publish(topic(cohort), Event("outline", news))
    return image_body(cohorts, cohort, image)


def _mask_to_finish(cohorts: Cohorts, cohort: str, image: str) -> tuple[str, int] | None:
    """Check what is to be finished: the reader's own outline, else what the image starts with; None: no lesion."""
    with cohorts.services.database.reading() as session:
        own = session.get(CohortOutlineRow, (image, cohorts.reader))
    if own is not None and own.drawn and own.mask is None:
        return None
    opened(cohorts, cohort, image)
    mask = _own_or_start(cohorts, cohort, image)
    if mask is None:
        raise InputError("nothing is drawn yet", fix="Draw the lesion, or say that there is none")
    path = cohorts.blobs(cohort).path(mask)
    area = cohorts.services.pool.run(require_readable, str(path))
    return mask, area


def _own_row(
    session: Session, cohorts: Cohorts, image: str, version: int, state: str | None = None
) -> CohortOutlineRow:
    """Give the reader's row to change; made where there is none.

    Parameters
    ----------
    session
        In which it is changed.
    cohorts, image
        Whose, and of what.
    version
        That the reader has before the eyes, 0 for none.
    state
        That is to be set; after a look at the outlines of others only the same one.
    """
    own = session.get(CohortOutlineRow, (image, cohorts.reader), with_for_update=True)
    if (own.version if own else 0) != version:
        raise changed()
    if own is not None and own.seen and own.state != state:
        raise ApiError(
            409, "seen", "you have seen the outlines of others, so yours stays as it is", "Decide on the image instead"
        )
    if own is None:
        own = CohortOutlineRow(
            image_id=image, reader=cohorts.reader, version=0, state="todo", note="", area=0, changed=now()
        )
        own.drawn = own.seen = False
        session.add(own)
    return own


def _touch(own: CohortOutlineRow) -> None:
    own.version += 1
    own.changed = now()


def outline_again(cohorts: Cohorts, cohort: str, image: str, version: int, prompt: Prompt) -> ImageBody:
    """Let the segmenter outline the image anew, where the reader says or anywhere, as the reader's own outline.

    Raises
    ------
    InputError
        It finds no lesion there; what was drawn stays.
    """
    row = opened(cohorts, cohort, image)
    listed = listed_image(row)
    with cohorts.services.database.reading() as session:
        crop = file_reading(cohorts.row(session, cohort)).crop_to_b_mode
    found = cohorts.services.pool.run(outlined, listed, image, prompt, crop_to_b_mode=crop)
    if not found.png:
        raise InputError(
            "no lesion was found there", fix="Click on it, draw a box around it, or draw the outline by hand"
        )
    return put_mask(cohorts, cohort, image, version, DrawnMask(found.png, found.area))
