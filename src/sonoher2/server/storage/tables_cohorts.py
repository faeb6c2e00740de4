"""Tables of outlines: cohorts, their images, what each reader drew, and what was decided."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from sonoher2.server.storage.base import Base


class CohortRow(Base):
    """Images that several readers outline.

    Attributes
    ----------
    id
        Random.
    owner
        Who began it.
    created
        UTC.
    title
        For people.
    kind, source, folder
        What was read, from where, and the folder to which its paths are relative.
    reading
        How files are read, as `FileReading`.
    start
        What a reader starts with: ``segmenter``, ``given`` or ``blank``.
    """

    __tablename__ = "cohorts"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64))
    created: Mapped[datetime]
    title: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(10))
    source: Mapped[str] = mapped_column(Text)
    folder: Mapped[str] = mapped_column(Text)
    reading: Mapped[dict[str, str | bool | None]] = mapped_column(JSON)
    start: Mapped[str] = mapped_column(String(10))


class CohortImageRow(Base):
    """One image of a cohort.

    Attributes
    ----------
    id, cohort_id, number
        Random; of which cohort, and which of its images, from 1.
    patient_id, listed
        Whose, and all that the table says of it, as `ListedImage`.
    looked
        Whether a worker has looked at it; the rest is known from then on.
    problem, mask_problem
        Why the image, or a mask that the table names, cannot be read; empty when it can.
    sha256, rows, columns, mm_row, mm_column, quality, confidence, proposal
        As in `LookedAt`; `proposal` is the blob of the segmenter's outline.
    regions
        Parts of the screen with a scale of their own; then `mm_row` and `mm_column` are those outside of them.
    given_dice
        Between that outline and the one that the table gives.
    proposal_area
        Of the segmenter's outline, pixels.
    picture
        Blob of the picture as it is shown; made when somebody first opens it.
    """

    __tablename__ = "cohort_images"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    cohort_id: Mapped[str] = mapped_column(ForeignKey("cohorts.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    patient_id: Mapped[str] = mapped_column(Text)
    listed: Mapped[dict[str, object]] = mapped_column(JSON)
    looked: Mapped[bool] = mapped_column(default=False, index=True)
    problem: Mapped[str] = mapped_column(Text, default="")
    mask_problem: Mapped[str] = mapped_column(Text, default="")
    sha256: Mapped[str] = mapped_column(String(64), default="")
    rows: Mapped[int] = mapped_column(default=0)
    columns: Mapped[int] = mapped_column(default=0)
    mm_row: Mapped[float | None]
    mm_column: Mapped[float | None]
    regions: Mapped[list[list[float]] | None] = mapped_column(JSON)
    quality: Mapped[list[str]] = mapped_column(JSON, default=list)
    confidence: Mapped[float | None]
    proposal: Mapped[str | None] = mapped_column(String(64))
    proposal_area: Mapped[int] = mapped_column(default=0)
    given_dice: Mapped[float | None]
    picture: Mapped[str | None] = mapped_column(String(64))


class CohortOutlineRow(Base):
    """What one reader has of one image; nobody else writes it.

    Attributes
    ----------
    image_id, reader
        Of what and whose.
    version
        From 1; grows with every change.
    state
        ``todo``, ``done`` or ``skip``.
    note
        Of the reader.
    mask, area
        Blob of the outline and its area in pixels; None and 0: no lesion, or nothing drawn yet.
    drawn
        Whether the reader has drawn, or said that there is no lesion.
    seen
        Whether the reader has looked at another's outline; from then on nothing of it changes.
    measured
        Area in mm² where it is known, and features, by name; None: not measured yet.
    changed
        UTC.
    """

    __tablename__ = "cohort_outlines"

    image_id: Mapped[str] = mapped_column(ForeignKey("cohort_images.id", ondelete="CASCADE"), primary_key=True)
    reader: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int]
    state: Mapped[str] = mapped_column(String(4))
    note: Mapped[str] = mapped_column(Text, default="")
    mask: Mapped[str | None] = mapped_column(String(64))
    area: Mapped[int] = mapped_column(default=0)
    drawn: Mapped[bool] = mapped_column(default=False)
    seen: Mapped[bool] = mapped_column(default=False)
    measured: Mapped[dict[str, float] | None] = mapped_column(JSON(none_as_null=True))
    changed: Mapped[datetime]


class CohortDecisionRow(Base):
    """What was decided on an image.

    Attributes
    ----------
    image_id
        Of what.
    version
        From 1; grows with every change.
    mask, area
        Blob of the outline that counts and its area in pixels; None and 0: no lesion.
    reader
        Whose outline was taken; None for a new one.
    user, note, changed
        Who decided, why, and when (UTC).
    """

    __tablename__ = "cohort_decisions"

    image_id: Mapped[str] = mapped_column(ForeignKey("cohort_images.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int]
    mask: Mapped[str | None] = mapped_column(String(64))
    area: Mapped[int] = mapped_column(default=0)
    reader: Mapped[str | None] = mapped_column(String(64))
    user: Mapped[str] = mapped_column(String(64))
    note: Mapped[str] = mapped_column(Text, default="")
    changed: Mapped[datetime]
