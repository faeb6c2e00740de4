"""From the files of one image to the features of its lesion, and from images to patients."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sonoher2.config import ImageReading, RadiomicsConfig
from sonoher2.features.radiomics import extract
from sonoher2.regions.region import read_lesion


def lesion_features(
    image: str,
    masks: Sequence[str],
    *,
    reading: ImageReading,
    radiomics: RadiomicsConfig,
    mm_per_pixel: float | None = None,
) -> dict[str, float]:
    """Read an image with its masks and measure the lesion: the one way for studies, tables and predictions.

    Parameters
    ----------
    image, masks
        Paths.
    reading
        Crop, several masks.
    radiomics
        What to measure.
    mm_per_pixel
        Side of a pixel, mm, from the user's table; None lets the file say.

    Returns
    -------
    Features by name, in the order of `feature_names(radiomics)`.
    """
    known = None if mm_per_pixel is None or np.isnan(mm_per_pixel) else mm_per_pixel
    lesion = read_lesion(
        image, masks, mm_per_pixel=known, crop_to_b_mode=reading.crop_to_b_mode, several=reading.several_masks
    )
    return extract(lesion.image.pixels, lesion.mask, radiomics, lesion.image.mm_per_pixel)


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
