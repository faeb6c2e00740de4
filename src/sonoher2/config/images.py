"""The images of a study: where they are and how they are read."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sonoher2.config.base import FilePath, Strict
from sonoher2.config.tables import ColumnSource, ColumnSources, Join, TableReading


class FileReading(Strict):
    """How the files of an image and its masks are read."""

    several_masks: Literal["union", "largest"] = "union"
    crop_to_b_mode: bool = False
    mask_label: str | None = Field(
        None, description="The lesion's number or colour (#rrggbb) in masks that hold several."
    )


class ImageReading(FileReading):
    """How an image and its masks are read: what a frozen model must know of it."""

    enhance: Literal["none", "gan"] = "none"


class ImagesConfig(TableReading, FileReading):
    """The `images` table: one row per image."""

    table: FilePath
    join: list[Join] = []
    where: dict[str, list[str]] = Field({}, description="Keep only rows whose column has one of these values.")
    patient_id: ColumnSource = "patient_id"
    image: ColumnSource = "image"
    mask: ColumnSources | None = Field(
        None, description="Several masks of one image may also stand in one cell, joined by ';'."
    )
    second_mask: ColumnSource | None = Field(None, description="A second reader's mask, for the ICC filter.")
    lesion_id: ColumnSource | None = None
    view: ColumnSource | None = None
    site: ColumnSource | None = None
    scanner: ColumnSource | None = Field(None, description="Model of the ultrasound machine.")
    date: ColumnSource | None = None
    frame: ColumnSource | None = Field(
        None, description="Frame or page of a file that has several, counted from 1 as in DICOM."
    )
    mm_per_pixel: ColumnSource | None = None
    mm_per_pixel_scale: float = Field(1.0, gt=0, description="10 when the column is in cm per pixel.")
    near_duplicates: bool = Field(True, description="Look for the same picture under two patients.")
