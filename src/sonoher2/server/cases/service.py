"""Cases: opened, changed, outlined; whatever is answered is on disk."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sonoher2.core.errors import InputError
from sonoher2.server.base.errors import ApiError, not_found
from sonoher2.server.base.times import aware
from sonoher2.server.cases.names import known_suffix, shown_name
from sonoher2.server.cases.schemas import CaseBody, CaseList, CasePatch, CaseSummary, ImageBody, MaskBody
from sonoher2.server.context.services import Services
from sonoher2.server.storage.audit import Hashes
from sonoher2.server.storage.base import now
from sonoher2.server.storage.blobs import Blobs
from sonoher2.server.storage.tables_cases import CaseRow, FrameRow, MaskRow, PredictionRow
from sonoher2.server.work.models import BundlePlace, ImageFacts, Outline, Prompt
from sonoher2.server.work.scales import spacing_at
from sonoher2.server.work.tasks import frame_png, open_image, outline

ROOM = "cases"
NO_LESION = "no_lesion"


@dataclass(frozen=True)
class Cases:
    """The cases of one user.

    Attributes
    ----------
    services
        Of the server.
    user
        Whose cases are seen; those of others are as if they were not there.
    """

    services: Services
    user: str

    def blobs(self, case: str) -> Blobs:
        """Files of a case, which go when it goes."""
        return self.services.blobs.of(ROOM, case)

    def row(self, session: Session, case: str, *, lock: bool = False) -> CaseRow:
        """Find a case; locked, where it is to be changed, until the session ends.

        Raises
        ------
        ApiError
            404.
        """
        query = select(CaseRow).where(CaseRow.id == case, CaseRow.owner == self.user)
        found = session.scalars(query.with_for_update() if lock else query).one_or_none()
        if found is None:
            raise not_found("case")
        return found

    @contextmanager
    def changing(self, case: str, *, seen: bool = False) -> Iterator[tuple[Session, CaseRow]]:
        """Open a session that changes a case, and lock its row.

        Parameters
        ----------
        case
            Which.
        seen
            Whether its row was there a moment ago: if it was removed since, what a slow task has put into its room goes
            too. Of a case that was not seen the files may be those of another database.

        Raises
        ------
        ApiError
            404.
        """
        with self.services.database.session() as session:
            try:
                row = self.row(session, case, lock=True)
            except ApiError:
                if seen and session.get(CaseRow, case) is None:
                    self.blobs(case).clear()
                raise
            yield session, row

    def create(self, stream: BinaryIO, sent_name: str, bundle: str | None) -> CaseBody:
        """Open an image.

        Raises
        ------
        InputError
            It cannot be read.
        ApiError
            404, there is no such bundle.
        """
        self.require_bundle(bundle)
        case, name = secrets.token_urlsafe(12), shown_name(sent_name)
        blobs = self.blobs(case)
        try:
            blobs.mark(_mark(self.services))
            blob = blobs.put_stream(stream, known_suffix(name))
            facts = self.services.pool.run(open_image, str(blobs.path(blob)), name)
            picture = blobs.put(facts.png)
            with self.services.database.session() as session:
                session.add(_new_row(case, self.user, (name, blob), facts, bundle))
                session.flush()
                session.add(FrameRow(case_id=case, number=1, blob=picture))
                self.services.audit.add_to(session, self.user, "open", case, Hashes(input=blob[:64]))
                session.flush()
                body = self.body(session, self.row(session, case))
            blobs.unmark()
            return body
        except BaseException as error:
            blobs.clear()
            if isinstance(error, InputError):
                self.services.audit.add(self.user, "open", case, outcome="refused")
            raise

    def list(self, offset: int, limit: int) -> CaseList:
        """List this user's cases, the last changed first."""
        own = CaseRow.owner == self.user
        with self.services.database.reading() as session:
            total = session.scalar(select(func.count()).where(own)) or 0
            order = (CaseRow.changed.desc(), CaseRow.id)
            rows = session.scalars(select(CaseRow).where(own).order_by(*order).offset(offset).limit(limit)).all()
            return CaseList(items=[_summary(session, row) for row in rows], total=total)

    def get(self, case: str) -> CaseBody:
        """Give one case."""
        with self.services.database.reading() as session:
            return self.body(session, self.row(session, case))

    def body(self, session: Session, row: CaseRow) -> CaseBody:
        """Write a case as the API gives it."""
        mask = session.get(MaskRow, (row.id, row.frame))
        return CaseBody(
            id=row.id,
            version=row.version,
            created=aware(row.created),
            changed=aware(row.changed),
            name=row.name,
            image=_image(row, mask),
            frame=row.frame,
            mask=_mask(row, mask),
            clinical=row.clinical,
            bundle=row.bundle,
            reviewed=row.reviewed,
            predictions=_predictions(session, row),
            finding=row.finding,
        )

    def change(self, case: str, version: int, patch: CasePatch) -> CaseBody:
        """Change what a patch names.

        Raises
        ------
        ApiError
            412 where the case has another version; 404 for a bundle that is not there.
        InputError
            The frame or the size of a pixel cannot be.
        """
        given = patch.model_fields_set
        if "bundle" in given:
            self.require_bundle(patch.bundle)
        with self.changing(case) as (session, row):
            require_version(row, version)
            if "bundle" in given:
                row.bundle = patch.bundle
            row.name = row.name if patch.name is None else patch.name
            row.clinical = row.clinical if patch.clinical is None else patch.clinical
            row.reviewed = row.reviewed if patch.reviewed is None else patch.reviewed
            if patch.frame is not None:
                _set_frame(row, patch.frame)
            if "mm_per_pixel" in given:
                _set_size(row, size_at(row, session.get(MaskRow, (row.id, row.frame))), patch.mm_per_pixel)
            touch(row)
            session.flush()
            return self.body(session, row)

    def remove(self, case: str) -> None:
        """Remove a case with all its files."""
        with self.changing(case) as (session, row):
            self.blobs(case).mark(_mark(self.services))
            session.delete(row)
            self.services.audit.add_to(session, self.user, "delete", case, Hashes(input=row.image_blob[:64]))
        self.blobs(case).clear()

    def frame(self, case: str, number: int) -> bytes:
        """Give one frame as PNG; it is read from the file only once."""
        with self.services.database.reading() as session:
            row = self.row(session, case)
            kept = session.get(FrameRow, (case, number))
        if not 1 <= number <= row.frames:
            raise not_found("frame")
        blobs = self.blobs(case)
        if kept is not None:
            return blobs.read(kept.blob)
        picture = self.services.pool.run(frame_png, str(blobs.path(row.image_blob)), row.image_name, number)
        blob = blobs.put(picture)
        with self.changing(case, seen=True) as (session, _):
            session.merge(FrameRow(case_id=case, number=number, blob=blob))
        return picture

    def outline(self, case: str, prompt: Prompt) -> CaseBody:
        """Have the segmenter outline the current frame, and keep what it finds.

        Raises
        ------
        InputError
            The frame cannot be read, or the prompt lies outside.
        ApiError
            409, the outline was changed by hand meanwhile.
        """
        with self.services.database.reading() as session:
            row = self.row(session, case)
            before = _mask_sha256(session, row)
        path = str(self.blobs(case).path(row.image_blob))
        place = None if row.bundle is None else self.bundle_place(row.bundle)
        found = self.services.pool.run(outline, path, row.image_name, row.frame, prompt, place)
        return self._keep_outline(row, before, found)

    def _keep_outline(self, seen: CaseRow, before: str, found: Outline) -> CaseBody:
        blobs = self.blobs(seen.id)
        sha256 = blobs.put(found.png) if found.png else ""
        with self.changing(seen.id, seen=True) as (session, row):
            if row.frame != seen.frame or _mask_sha256(session, row) != before:
                raise ApiError(409, "changed", "the outline was changed while the segmenter worked", "Try again")
            if sha256:
                mask = MaskRow(
                    origin="segmented", confidence=found.confidence, area=found.area, segmenter=found.segmenter
                )
                self.set_mask(session, row, mask, sha256, found.centre)
            row.finding = None if sha256 else NO_LESION
            touch(row)
            hashes = Hashes(row.image_blob[:64], sha256)
            self.services.audit.add_to(session, self.user, "outline", row.id, hashes, row.finding or "done")
            session.flush()
            return self.body(session, row)

    def set_mask(
        self, session: Session, row: CaseRow, mask: MaskRow, sha256: str, centre: tuple[int, int] | None
    ) -> None:
        """Make a mask whose PNG is kept the one of the current frame.

        The PNG of the one before stays in the room of the case, some kilobytes, until the case goes: a prediction that
        is being made may be of it.

        Parameters
        ----------
        session
            That the case was locked in.
        row
            The case.
        mask
            Its origin, confidence and area.
        sha256
            Under which its PNG is kept.
        centre
            Row and column of its middle; None of an empty one.
        """
        mask.case_id, mask.frame, mask.sha256 = row.id, row.frame, sha256
        mask.centre_row, mask.centre_column = centre or (None, None)
        session.merge(mask)
        row.reviewed, row.finding = False, None
        session.flush()

    def bundle_place(self, bundle: str) -> BundlePlace:
        """Where a model lies.

        Raises
        ------
        InputError
            It is not offered any more.
        """
        try:
            return self.services.bundles.place(bundle)
        except KeyError:
            raise InputError(
                "the model of this case is not offered any more", fix="Choose another model for the case"
            ) from None

    def require_bundle(self, bundle: str | None) -> None:
        """Refuse a model that is not there; None is no model, for outlines alone."""
        if bundle is not None and bundle not in self.services.bundles.all():
            raise not_found("bundle")


def sweep_cases(services: Services) -> None:
    """Remove the rooms of cases that a killed server was making or removing with this database.

    To be called before the first request. A room without a row and without the mark may be that of a case in another
    database, or in a backup, and stays.
    """
    rooms = services.blobs.of(ROOM)
    marked = [room for room in rooms.rooms() if rooms.of(room).mark_of() == _mark(services)]
    with services.database.reading() as session:
        known = set(session.scalars(select(CaseRow.id).where(CaseRow.id.in_(marked))))
    for room in marked:
        if room in known:
            rooms.of(room).unmark()
        else:
            rooms.of(room).clear()


def _mark(services: Services) -> str:
    """Name the database in the note in a room, without its password."""
    return hashlib.sha256(services.settings.database_url.encode()).hexdigest()


def require_version(row: CaseRow, version: int) -> None:
    """Refuse a change that was made to an older version of the case."""
    if row.version != version:
        raise ApiError(
            412, "changed", "the case was changed meanwhile, in another window or by a script", "Load it again"
        )


def touch(row: CaseRow) -> None:
    """Count a change."""
    row.version += 1
    row.changed = now()


def _new_row(case: str, user: str, file: tuple[str, str], facts: ImageFacts, bundle: str | None) -> CaseRow:
    size = facts.mm_per_pixel or (None, None)
    return CaseRow(
        id=case,
        owner=user,
        version=1,
        created=now(),
        changed=now(),
        name="",
        image_name=file[0],
        image_blob=file[1],
        kind=facts.kind,
        frames=facts.frames,
        rows=facts.rows,
        columns=facts.columns,
        mm_row=size[0],
        mm_column=size[1],
        mm_source="file" if facts.mm_per_pixel or facts.regions else None,
        regions=[list(region) for region in facts.regions],
        b_mode=[*facts.b_mode],
        frame=1,
        clinical={},
        bundle=bundle,
        reviewed=False,
    )


def _summary(session: Session, row: CaseRow) -> CaseSummary:
    mask = session.get(MaskRow, (row.id, row.frame))
    return CaseSummary(
        id=row.id,
        version=row.version,
        created=aware(row.created),
        changed=aware(row.changed),
        name=row.name,
        image=_image(row, mask),
        bundle=row.bundle,
        reviewed=row.reviewed,
        outlined=mask is not None,
        predictions=_predictions(session, row),
    )


def _image(row: CaseRow, mask: MaskRow | None) -> ImageBody:
    return ImageBody(
        name=row.image_name,
        kind=row.kind,
        frames=row.frames,
        rows=row.rows,
        columns=row.columns,
        mm_per_pixel=size_at(row, mask),
        mm_source="given" if given_size(row, mask) else "file" if row.regions else row.mm_source,
        b_mode=tuple(row.b_mode),
    )


def size_of(row: CaseRow) -> tuple[float, float] | None:
    """Row and column spacing of the whole picture, mm; None where it is not known."""
    return None if row.mm_row is None or row.mm_column is None else (row.mm_row, row.mm_column)


def given_size(row: CaseRow, mask: MaskRow | None) -> tuple[float, float] | None:
    """Row and column spacing that the user gave, mm; None where the file states one at the lesion."""
    own = size_of(row)
    return own if row.mm_source == "given" and size_at(row, mask) == own else None


def size_at(row: CaseRow, mask: MaskRow | None) -> tuple[float, float] | None:
    """Row and column spacing at a lesion, mm, as a prediction takes it; without one, that of all regions."""
    if not row.regions:
        return size_of(row)
    at = None
    if mask is not None and mask.centre_row is not None and mask.centre_column is not None:
        at = mask.centre_row, mask.centre_column
    return spacing_at(row.regions, at) or size_of(row)


def _mask(row: CaseRow, mask: MaskRow | None) -> MaskBody | None:
    if mask is None:
        return None
    size = size_at(row, mask)
    return MaskBody(
        origin=mask.origin,
        confidence=mask.confidence,
        segmenter=mask.segmenter,
        area_px=mask.area,
        area_mm2=mask.area * size[0] * size[1] if size else None,
        sha256=mask.sha256,
    )


def _mask_sha256(session: Session, row: CaseRow) -> str:
    mask = session.get(MaskRow, (row.id, row.frame))
    return mask.sha256 if mask else ""


def _predictions(session: Session, row: CaseRow) -> int:
    return session.scalar(select(func.count()).where(PredictionRow.case_id == row.id)) or 0


def _set_frame(row: CaseRow, frame: int) -> None:
    if frame > row.frames:
        raise InputError(f"frame {frame} was asked for, and the file has {row.frames}", fix="Frames count from 1")
    if frame != row.frame:
        # each frame has an outline of its own
        row.frame, row.reviewed, row.finding = frame, False, None


def _set_size(row: CaseRow, shown: tuple[float, float] | None, given: tuple[float, float] | float | None) -> None:
    if row.mm_source == "file" and shown is not None:
        if given is not None and shown != (given if isinstance(given, tuple) else (given, given)):
            raise InputError(
                "the file states the size of its pixels", where=row.image_name, fix="Leave it as the file says"
            )
        return
    if given is None:
        row.mm_row = row.mm_column = None
        row.mm_source = "file" if row.regions else None
        return
    from sonoher2.images.pixels.spacing import spacing_problem

    size = given if isinstance(given, tuple) else (given, given)
    problem = spacing_problem(size, (row.rows, row.columns))
    if problem is not None:
        raise InputError(
            f"{size[0]:g} x {size[1]:g} mm per pixel is impossible: {problem}", fix="Measure a known length again"
        )
    row.mm_row, row.mm_column = size
    row.mm_source = "given"
