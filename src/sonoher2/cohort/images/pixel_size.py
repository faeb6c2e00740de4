"""In which unit a study measures: mm where the pixel size of every image is known, else pixels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from sonoher2.cohort.images.check import ImageRecord
from sonoher2.config.base import LengthUnit
from sonoher2.config.radiomics import RadiomicsConfig
from sonoher2.core.errors import Finding

MOST_NAMED = 20

Sizes = Sequence[tuple[str, Sequence[float] | None]]
"""Path of each image with its row and column spacing in mm, or None."""


def pixel_sizes(images: Iterable[str], records: Sequence[ImageRecord]) -> Sizes:
    """Pixel sizes of the images that can be read.

    Parameters
    ----------
    images
        Path of each image.
    records
        One per image.
    """
    return [(path, record.mm_per_pixel) for path, record in zip(images, records, strict=True) if not record.problem]


def length_unit(radiomics: RadiomicsConfig, sizes: Sizes) -> tuple[LengthUnit, list[Finding]]:
    """Decide the unit of lengths and areas, one for all images.

    Parameters
    ----------
    radiomics
        Its `unit` decides where it is given.
    sizes
        Of the images.

    Returns
    -------
    The unit; and an error when a setting needs mm and some sizes are not known, or a warning when pixels are the unit
    because some are not known.
    """
    missing = unknown_sizes(sizes)
    if not missing:
        return radiomics.unit or "mm", []
    needing = _settings_in_mm(radiomics)
    if needing:
        fix = "Give `mm_per_pixel` for all images, or leave these settings out and count in pixels and shares"
        return "mm", [Finding("error", missing, ", ".join(needing), fix)]
    if radiomics.unit == "pixels":
        return "pixels", []
    what = f"{missing}, so lengths and areas of all lesions are in pixels"
    return "pixels", [Finding("warning", what, "images", "Give `mm_per_pixel` for all images to measure in mm")]


def unknown_sizes(sizes: Sizes) -> str:
    """Say of which images the pixel size is not known; empty when it is known of all.

    Parameters
    ----------
    sizes
        Of the images.
    """
    names = [Path(image).name for image, size in sizes if size is None]
    if not names:
        return ""
    what = f"the size of a pixel is unknown for {len(names)} of {len(sizes)} images"
    if len(names) == len(sizes):
        return what
    rest = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"{what} ({', '.join(names[:MOST_NAMED])}{rest})"


def _settings_in_mm(radiomics: RadiomicsConfig) -> list[str]:
    wanted = {
        "radiomics.unit": radiomics.unit == "mm",
        "radiomics.resample_mm": radiomics.resample_mm is not None,
        "radiomics.ring.mm": radiomics.ring is not None and radiomics.ring.mm is not None,
    }
    return [name for name, needs in wanted.items() if needs]
