"""Cases: an image with what is known of it, its outlines, and what was predicted."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from sonoher2.server.storage.base import Base


class CaseRow(Base):
    """One case.

    Attributes
    ----------
    id, owner
        Random; and whose it is.
    version
        Grows with every change.
    name
        What the user calls it.
    image_name, image_blob
        Name of the uploaded file, and where its bytes are kept.
    kind, frames, rows, columns, b_mode
        As in `ImageFacts`.
    mm_row, mm_column, mm_source
        Size of a pixel, from the ``file`` or ``given``; None where it is not known.
    regions
        As in `ImageFacts`; None of a case that an older version opened.
    frame
        That is worked on, from 1.
    clinical
        Text by column of the model.
    bundle
        Id of the model; None for outlines alone.
    reviewed
        Whether the user has looked at the outline.
    finding
        What the last action did not find; None for nothing.
    """

    __tablename__ = "cases"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64), index=True)
    version: Mapped[int]
    created: Mapped[datetime]
    changed: Mapped[datetime]
    name: Mapped[str] = mapped_column(Text)
    image_name: Mapped[str] = mapped_column(Text)
    image_blob: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(10))
    frames: Mapped[int]
    rows: Mapped[int]
    columns: Mapped[int]
    mm_row: Mapped[float | None]
    mm_column: Mapped[float | None]
    mm_source: Mapped[str | None] = mapped_column(String(10))
    regions: Mapped[list[list[float]] | None] = mapped_column(JSON)
    b_mode: Mapped[list[int]] = mapped_column(JSON)
    frame: Mapped[int]
    clinical: Mapped[dict[str, str]] = mapped_column(JSON)
    bundle: Mapped[str | None] = mapped_column(String(64))
    reviewed: Mapped[bool]
    finding: Mapped[str | None] = mapped_column(String(40))


class MaskRow(Base):
    """The outline of one frame of a case.

    Attributes
    ----------
    origin, confidence
        ``segmented`` with the confidence of the segmenter, or ``drawn``.
    area
        Pixels of the lesion.
    segmenter
        What made it, as in `Outline`; None where it was drawn, or an older version kept it.
    sha256
        Of its PNG, which is kept under this name.
    centre_row, centre_column
        Of the lesion; None of an empty outline, and of one that an older version kept.
    """

    __tablename__ = "case_masks"

    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True)
    frame: Mapped[int] = mapped_column(primary_key=True)
    origin: Mapped[str] = mapped_column(String(10))
    confidence: Mapped[float | None]
    area: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    segmenter: Mapped[str | None] = mapped_column(String(80))
    centre_row: Mapped[int | None]
    centre_column: Mapped[int | None]


class FrameRow(Base):
    """A frame that was displayed once, kept as PNG."""

    __tablename__ = "case_frames"

    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    blob: Mapped[str] = mapped_column(String(80))


class PredictionRow(Base):
    """What was predicted of a case, and of what.

    Attributes
    ----------
    number
        From 1 within the case.
    bundle, mask_sha256
        The model; the mask that was scored, empty for clinical data alone.
    given
        All that went in, so that the page can be made of the same.
    prediction, nomogram, view
        As the API gives them.
    page_blob
        The page, once it was asked for.
    """

    __tablename__ = "case_predictions"

    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    created: Mapped[datetime]
    bundle: Mapped[str] = mapped_column(String(64))
    mask_sha256: Mapped[str] = mapped_column(String(64))
    given: Mapped[dict[str, object]] = mapped_column(JSON)
    prediction: Mapped[str] = mapped_column(Text)
    nomogram: Mapped[dict[str, object] | None] = mapped_column(JSON)
    view: Mapped[dict[str, object] | None] = mapped_column(JSON)
    page_blob: Mapped[str | None] = mapped_column(String(80))
