"""What a worker's first look at an image leaves in the database."""

from __future__ import annotations

from collections.abc import Callable

from sonoher2.core.errors import InputError
from sonoher2.server.cohorts.outlines.final import GIVEN, SECOND_GIVEN
from sonoher2.server.cohorts.outlines.models import DrawnMask, LookedAt
from sonoher2.server.cohorts.outlines.tasks import looked_at
from sonoher2.server.cohorts.service import file_reading, listed_image
from sonoher2.server.context.services import Services
from sonoher2.server.storage.base import now
from sonoher2.server.storage.blobs import Blobs
from sonoher2.server.storage.tables_cohorts import CohortImageRow, CohortOutlineRow, CohortRow
from sonoher2.server.work.pool import TaskFailedError


def ensure_looked(services: Services, image: str, ended: Callable[[], bool] = lambda: False) -> None:
    """Look at an image now, unless somebody has; what is found is kept.

    Parameters
    ----------
    services
        Of the server.
    image
        Id of a row; one that was removed meanwhile is left alone.
    ended
        Whether the server ends: then a worker that died says nothing of the image.
    """
    with services.database.reading() as session:
        row = session.get(CohortImageRow, image)
        if row is None or row.looked:
            return
        cohort = session.get_one(CohortRow, row.cohort_id)
    try:
        found = services.pool.run(looked_at, listed_image(row), file_reading(cohort))
    except InputError as error:
        if ended():
            return
        found = LookedAt(problem=str(error))
    except TaskFailedError:
        found = LookedAt(problem="The image could not be looked at; an internal error. Please report it.")
    blobs = services.blobs.of("cohorts", cohort.id)
    kept = [_kept(blobs, mask) for mask in (found.proposal, found.given, found.second)]
    with services.database.session() as session:
        current = session.get(CohortImageRow, image, with_for_update=True)
        if current is None or current.looked:
            return
        _write(current, found)
        current.proposal = kept[0]
        session.flush()
        for reader, name, mask in ((GIVEN, kept[1], found.given), (SECOND_GIVEN, kept[2], found.second)):
            if name is not None and mask is not None:
                session.add(_given_row(image, reader, name, mask.area))


def _kept(blobs: Blobs, mask: DrawnMask | None) -> str | None:
    return None if mask is None else blobs.put(mask.png)


def _write(row: CohortImageRow, found: LookedAt) -> None:
    row.looked = True
    row.problem, row.mask_problem = found.problem, found.mask_problem
    row.sha256, row.rows, row.columns = found.sha256, found.rows, found.columns
    # with regions, the size at a lesion is found for each outline
    row.mm_row, row.mm_column = (found.elsewhere if found.regions else found.mm_per_pixel) or (None, None)
    row.regions = [list(region) for region in found.regions]
    row.quality = [*found.quality]
    row.confidence = found.confidence if found.proposal else None
    row.proposal_area = found.proposal.area if found.proposal else 0
    row.given_dice = found.given_dice


def _given_row(image: str, reader: str, mask: str, area: int) -> CohortOutlineRow:
    """Make the row of an outline that the table names: finished, and nobody's to change."""
    return CohortOutlineRow(
        image_id=image,
        reader=reader,
        version=1,
        state="done",
        note="",
        mask=mask,
        area=area,
        drawn=True,
        seen=True,
        changed=now(),
    )
