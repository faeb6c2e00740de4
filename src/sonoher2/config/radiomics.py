"""What is measured inside a lesion and around it."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from sonoher2.config.base import LengthUnit, Strict

ImageFilter = Literal[
    "original", "wavelet", "log", "square", "squareroot", "logarithm", "exponential", "gradient", "lbp-2d"
]
ALL_FILTERS: tuple[ImageFilter, ...] = get_args(ImageFilter)


class Ring(Strict):
    """The tissue around the lesion as a region of its own."""

    mm: float | None = Field(None, gt=0, description="Width in mm; needs mm per pixel for every image.")
    share: float | None = Field(None, gt=0, description="Width as a share of the lesion's equivalent diameter.")

    @model_validator(mode="after")
    def _one_width(self) -> Ring:
        if (self.mm is None) == (self.share is None):
            raise ValueError("give the ring's width either in mm or as a share")
        return self


class RadiomicsConfig(Strict):
    """What is measured inside the lesion."""

    filters: list[ImageFilter] = Field(list(ALL_FILTERS), min_length=1)
    log_sigma: list[Annotated[float, Field(gt=0, le=100)]] = Field(
        [1.0, 2.0, 3.0, 4.0, 5.0], min_length=1, description="mm after resampling, else pixels."
    )
    bin_count: int | None = Field(None, ge=2, le=256, description="Grey levels per region; 32 unless told.")
    bin_width: float | None = Field(None, gt=0, description="Fixed bin width instead of a bin count.")
    resample_mm: float | None = Field(None, gt=0, description="Resample to square pixels of this size first.")
    ring: Ring | None = None
    unit: LengthUnit | None = Field(
        None, description="Of lengths and areas; mm where the pixel size of every image is known, unless told."
    )

    @model_validator(mode="after")
    def _one_binning(self) -> RadiomicsConfig:
        if self.bin_count is not None and self.bin_width is not None:
            raise ValueError("give either bin_count or bin_width")
        return self

    @model_validator(mode="after")
    def _unit_fits(self) -> RadiomicsConfig:
        if self.unit == "pixels" and self.resample_mm is not None:
            raise ValueError("resampled images are measured in mm; leave out `unit: pixels` or `resample_mm`")
        return self
