"""From a lesion to its features, and from images to patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from sonoher2.config.radiomics import RadiomicsConfig
from sonoher2.core.errors import Finding
from sonoher2.images.quality import SMALLEST
from sonoher2.lesions.open import Lesion
from sonoher2.radiomics.extract import extract, grey_levels

FEWEST_GREY_LEVELS = 8
"""With fewer levels in a lesion, texture says little; a bin width of 25 leaves one or two in many derived images."""


@dataclass(frozen=True)
class Measurement:
    """One lesion, measured.

    Attributes
    ----------
    features
        By name, in the order of `feature_names(radiomics)`.
    grey_levels
        Levels that occur in the lesion after discretisation of the original image.
    mm_per_pixel
        Height and width of a pixel in mm, None when not known; whether lengths are in mm is said by the settings.
    pixels
        Area of the lesion, before any resampling.
    """

    features: dict[str, float]
    grey_levels: int
    mm_per_pixel: tuple[float, float] | None = None
    pixels: int = 0


def measure_lesion(lesion: Lesion, radiomics: RadiomicsConfig) -> Measurement:
    """Measure an opened lesion: the one way for studies, tables and predictions.

    Parameters
    ----------
    lesion
        From `open_lesion`.
    radiomics
        What to measure.
    """
    features = extract(lesion.image.pixels, lesion.mask, radiomics, lesion.image.mm_per_pixel)
    levels = grey_levels(lesion.image.pixels, lesion.mask, radiomics)
    return Measurement(features, levels, lesion.image.mm_per_pixel, int(np.count_nonzero(lesion.mask)))


def flat_lesions(images: Sequence[str], levels: Sequence[int]) -> list[Finding]:
    """Warn of lesions with too few grey levels for texture.

    Parameters
    ----------
    images
        Path of each image.
    levels
        Grey levels in each lesion.
    """
    flat = [Path(image).name for image, level in zip(images, levels, strict=True) if level < FEWEST_GREY_LEVELS]
    return [flat_finding(flat, len(levels))] if flat else []


def flat_finding(flat: Sequence[str], lesions: int) -> Finding:
    """Warn of the lesions `flat`, by name of their images, among so many."""
    shown = ", ".join(flat[:3]) + (", ..." if len(flat) > 3 else "")
    what = f"{len(flat)} of {lesions} lesions have fewer than {FEWEST_GREY_LEVELS} grey levels ({shown})"
    return Finding("warning", what, "radiomics", "Their texture says little; use `bin_count`, the default of 32")


def tiny_lesions(images: Sequence[str], pixels: Sequence[int]) -> list[Finding]:
    """Warn of lesions with too few pixels to be measured well.

    Parameters
    ----------
    images
        Path of each image.
    pixels
        Area of each lesion.
    """
    tiny = [
        Path(image).name for image, area in zip(images, pixels, strict=True) if 2 * np.sqrt(area / np.pi) < SMALLEST
    ]
    if not tiny:
        return []
    shown = ", ".join(tiny[:3]) + (", ..." if len(tiny) > 3 else "")
    what = f"{len(tiny)} of {len(pixels)} lesions are smaller than {SMALLEST:.0f} pixels across ({shown})"
    return [Finding("warning", what, "masks", "Check the masks; features of so few pixels are unsteady")]


def pool_patients(features: pd.DataFrame, patient_id: pd.Series) -> pd.DataFrame:
    """Mean of each feature over a patient's images, so that each patient counts once.

    Parameters
    ----------
    features
        (images, features).
    patient_id
        (images,), same index.

    Returns
    -------
    (patients, features), sorted by patient.
    """
    return features.groupby(patient_id.to_numpy(), sort=True).mean().rename_axis("patient_id")
