"""Cohorts: begun, listed, removed; and what all that works on them shares."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter
from sqlalchemy import case, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sonoher2.config.images import FileReading
from sonoher2.server.base.errors import ApiError, not_found
from sonoher2.server.base.paths import allowed
from sonoher2.server.base.times import aware
from sonoher2.server.cohorts.outlines.final import GIVEN, SECOND_GIVEN
from sonoher2.server.cohorts.outlines.models import ImageList, ListedImage
from sonoher2.server.cohorts.outlines.tasks import listed
from sonoher2.server.cohorts.schemas import CohortBody, CohortList, CohortRequest, ReaderProgress
from sonoher2.server.context.services import Services
from sonoher2.server.storage.base import now
from sonoher2.server.storage.blobs import Blobs
from sonoher2.server.storage.tables_cohorts import CohortDecisionRow, CohortImageRow, CohortOutlineRow, CohortRow

TABLE_READERS = (GIVEN, SECOND_GIVEN)
LISTED = TypeAdapter(ListedImage)


@dataclass(frozen=True)
class Cohorts:
    """The cohorts of a server, as one reader works on them; all users of the server see all of them.

    Attributes
    ----------
    services
        Of the server.
    user
        Who asks.
    reader
        Under which name outlines are kept.
    """

    services: Services
    user: str
    reader: str

    def blobs(self, cohort: str) -> Blobs:
        """Give the outlines of a cohort."""
        return self.services.blobs.of("cohorts", cohort)

    def row(self, session: Session, cohort: str) -> CohortRow:
        """Find a cohort.

        Raises
        ------
        ApiError
            404, there is none.
        """
        found = session.get(CohortRow, cohort)
        if found is None:
            raise not_found("cohort")
        return found

    def image_row(self, session: Session, cohort: str, image: str) -> CohortImageRow:
        """Find an image of a cohort; errors as in `row`."""
        found = session.get(CohortImageRow, image)
        if found is None or found.cohort_id != cohort:
            raise not_found("image")
        return found

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Open a session that writes; of two first changes of one thing at once, the second one is refused.

        Raises
        ------
        ApiError
            412, as said.
        """
        try:
            with self.services.database.session() as session:
                yield session
        except IntegrityError:
            raise changed() from None

    def create(self, request: CohortRequest, source: Path) -> CohortBody:
        """Begin to outline the images of a study file, an images table or a folder.

        Parameters
        ----------
        request
            Title and start.
        source
            What is read.

        Raises
        ------
        InputError
            It cannot be read.
        ApiError
            403, it is or names a file that requests may not name.
        """
        self._require_allowed(source)
        found = self.services.pool.run(listed, str(source))
        for image in found.images:
            for path in (image.path, *image.masks, *([image.second_mask] if image.second_mask else [])):
                self._require_allowed(Path(path))
        cohort = secrets.token_urlsafe(12)
        with self.services.database.session() as session:
            session.add(self._new_row(cohort, request, found))
            session.flush()
            session.add_all(_new_image(cohort, number, image) for number, image in enumerate(found.images, start=1))
            self.services.audit.add_to(session, self.user, "begin outlines", cohort)
            session.flush()
            return self.body(session, self.row(session, cohort))

    def _require_allowed(self, path: Path) -> None:
        """Refuse files that requests may not name; on a loopback address there are none."""
        if not self.services.settings.loopback:
            allowed(self.services.settings, path)

    def _new_row(self, cohort: str, request: CohortRequest, found: ImageList) -> CohortRow:
        return CohortRow(
            id=cohort,
            owner=self.user,
            created=now(),
            title=request.title.strip() or found.title,
            kind=found.kind,
            source=str(found.path),
            folder=str(found.folder),
            reading=found.reading.model_dump(mode="json"),
            start=request.start,
        )

    def list(self) -> CohortList:
        """List all cohorts, the newest first."""
        with self.services.database.reading() as session:
            rows = session.scalars(select(CohortRow).order_by(CohortRow.created.desc(), CohortRow.id)).all()
            return CohortList(items=[self.body(session, row) for row in rows])

    def get(self, cohort: str) -> CohortBody:
        """Give one cohort."""
        with self.services.database.reading() as session:
            return self.body(session, self.row(session, cohort))

    def remove(self, cohort: str) -> None:
        """Remove a cohort with all its outlines; the images themselves stay where they are.

        Raises
        ------
        ApiError
            403, somebody else began it.
        """
        with self.services.database.session() as session:
            row = self.row(session, cohort)
            if row.owner != self.user:
                raise ApiError(403, "not_yours", "somebody else began this cohort", f"Ask {row.owner}")
            session.delete(row)
            self.services.audit.add_to(session, self.user, "delete outlines", cohort)
        self.blobs(cohort).clear()

    def body(self, session: Session, row: CohortRow) -> CohortBody:
        """Write a cohort as the API gives it."""
        of_cohort = CohortImageRow.cohort_id == row.id
        images, looked, problems = session.execute(
            select(
                func.count(),
                func.count(case((CohortImageRow.looked, 1))),
                func.count(case((CohortImageRow.problem != "", 1))),
            ).where(of_cohort)
        ).one()
        decided = select(func.count()).select_from(CohortDecisionRow).join(CohortImageRow).where(of_cohort)
        readers = self._progress(session, row.id)
        return CohortBody(
            id=row.id,
            title=row.title,
            owner=row.owner,
            created=aware(row.created),
            kind=row.kind,
            start=row.start,
            images=images,
            looked=looked,
            problems=problems,
            decided=session.scalar(decided) or 0,
            reader=self.reader,
            mine=next((one for one in readers if one.name == self.reader), _none_yet(self.reader)),
            readers=readers,
        )

    def _progress(self, session: Session, cohort: str) -> Sequence[ReaderProgress]:
        states = select(CohortOutlineRow.reader, CohortOutlineRow.state, func.count()).join(CohortImageRow)
        states = states.where(CohortImageRow.cohort_id == cohort)
        states = states.group_by(CohortOutlineRow.reader, CohortOutlineRow.state)
        counts = Counter({(reader, state): number for reader, state, number in session.execute(states)})
        return [
            ReaderProgress(
                name=reader,
                done=counts[reader, "done"],
                skip=counts[reader, "skip"],
                todo=counts[reader, "todo"],
                given=reader in TABLE_READERS,
            )
            for reader in sorted({reader for reader, _ in counts})
        ]


def changed() -> ApiError:
    """Say that what a request changes is not any more as it was."""
    return ApiError(412, "changed", "this was changed meanwhile, in another window", "Load it again")


def listed_image(row: CohortImageRow) -> ListedImage:
    """Give what the table says of an image, and the hash of its file from the first look on."""
    return replace(LISTED.validate_python(row.listed), sha256=row.sha256)


def file_reading(row: CohortRow) -> FileReading:
    """Say how the files of a cohort are read."""
    return FileReading.model_validate(row.reading)


def _new_image(cohort: str, number: int, image: ListedImage) -> CohortImageRow:
    return CohortImageRow(
        id=secrets.token_urlsafe(12),
        cohort_id=cohort,
        number=number,
        patient_id=image.patient_id,
        listed=LISTED.dump_python(image, mode="json"),
        looked=False,
    )


def _none_yet(reader: str) -> ReaderProgress:
    return ReaderProgress(name=reader, done=0, skip=0, todo=0, given=False)
