"""The outline of a case as pixels: given, and taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sonoher2.server.base.errors import not_found
from sonoher2.server.cases.schemas import CaseBody, RunsBody
from sonoher2.server.cases.service import Cases, require_version, touch
from sonoher2.server.storage.audit import Hashes
from sonoher2.server.storage.tables_cases import MaskRow

if TYPE_CHECKING:
    from sonoher2.server.work.masks import Mask

Shape = tuple[int, int]


def mask_bytes(cases: Cases, case: str) -> bytes:
    """Give the outline of the current frame as PNG.

    Raises
    ------
    ApiError
        404, there is none.
    """
    with cases.services.database.reading() as session:
        row = cases.row(session, case)
        mask = session.get(MaskRow, (case, row.frame))
    if mask is None:
        raise not_found("outline")
    return cases.blobs(case).read(mask.sha256)


def mask_runs(cases: Cases, case: str) -> RunsBody:
    """Give the outline of the current frame as runs; errors as in `mask_bytes`."""
    # numpy is slow to import
    from sonoher2.server.work.masks import mask_of, runs_of

    mask = mask_of(mask_bytes(cases, case))
    return RunsBody(rows=mask.shape[0], columns=mask.shape[1], runs=runs_of(mask))


def put_png(cases: Cases, case: str, version: int, data: bytes) -> CaseBody:
    """Keep an outline that was drawn, sent as PNG.

    Raises
    ------
    InputError
        It is no mask of this picture.
    ApiError
        412 where the case has another version.
    """
    from sonoher2.server.work.masks import sent_mask

    return _put(cases, case, version, lambda shape: sent_mask(data, shape))


def put_runs(cases: Cases, case: str, version: int, body: RunsBody) -> CaseBody:
    """Keep an outline that was drawn, sent as runs; errors as in `put_png`."""
    from sonoher2.server.work.masks import mask_of_runs

    return _put(cases, case, version, lambda shape: mask_of_runs(body.runs, body.rows, body.columns, shape))


def _put(cases: Cases, case: str, version: int, read: Callable[[Shape], Mask]) -> CaseBody:
    from sonoher2.lesions.mask import centre_of
    from sonoher2.server.work.masks import mask_png

    with cases.services.database.reading() as session:
        row = cases.row(session, case)
        require_version(row, version)
    mask = read((row.rows, row.columns))
    sha256 = cases.blobs(case).put(mask_png(mask))
    with cases.changing(case, seen=True) as (session, row):
        require_version(row, version)
        drawn = MaskRow(origin="drawn", confidence=None, area=int(mask.sum()))
        cases.set_mask(session, row, drawn, sha256, centre_of(mask))
        touch(row)
        cases.services.audit.add_to(session, cases.user, "draw", case, Hashes(row.image_blob[:64], sha256))
        session.flush()
        return cases.body(session, row)
