"""Radiomics of one image and one mask."""

from __future__ import annotations

from typing import Any

import pandas as pd
from numpy.typing import NDArray

from sonoher2.config.load import settings_from
from sonoher2.config.radiomics import RadiomicsConfig
from sonoher2.images.pixels.image import UltrasoundImage
from sonoher2.images.pixels.source import ImageSource
from sonoher2.images.read import PixelSize
from sonoher2.lesions.open import read_lesion
from sonoher2.radiomics.extract import extract


def extract_radiomics(
    image: ImageSource | UltrasoundImage,
    mask: ImageSource,
    *,
    mm_per_pixel: PixelSize | None = None,
    frame: int | None = None,
    **settings: Any,
) -> pd.Series:
    """Measure one lesion: two-dimensional features under pyradiomics' names.

    Parameters
    ----------
    image
        Whatever `read_image` takes or gives: a path, bytes, a DICOM dataset, an array (rows, columns) of grey values
        from 0 to 255, or an image that was read.
    mask
        Of the same size: a path, bytes, or an array, not 0 in the lesion.
    mm_per_pixel
        Side of a pixel, or height and width, mm. Where it is known, by this or by the file, lengths are in mm and
        areas in mm²; else in pixels.
    frame
        Of an image file with several, counted from 1.
    **settings
        Those of `radiomics` in a study file (docs/study-file.md): `filters`, `bin_count`, `bin_width`,
        `resample_mm`, `ring`, `unit`, ...

    Returns
    -------
    One value per feature, float64, index the features' names. NaN where the lesion cannot have the feature.

    Raises
    ------
    InputError
        The image or the mask cannot be used, or a setting is wrong.

    Examples
    --------
    >>> import numpy as np, sonoher2
    >>> image = np.random.default_rng(0).integers(0, 256, (60, 80), dtype=np.uint8)
    >>> mask = np.zeros((60, 80), dtype=bool)
    >>> mask[20:40, 30:60] = True
    >>> features = sonoher2.extract_radiomics(image, mask, mm_per_pixel=0.1, filters=["original"])
    >>> round(float(features["original_shape2D_PixelSurface"]), 6)  # 20 x 30 pixels of 0.01 mm²
    6.0
    >>> len(sonoher2.extract_radiomics(image, mask))
    1497
    """
    config = settings_from(RadiomicsConfig, settings)
    if isinstance(image, UltrasoundImage):
        source: NDArray[Any] = image.pixels
        lesion = read_lesion(source, [mask], mm_per_pixel=mm_per_pixel or image.mm_per_pixel)
    else:
        lesion = read_lesion(image, [mask], mm_per_pixel=mm_per_pixel, frame=frame)
    return pd.Series(extract(lesion.image.pixels, lesion.mask, config, lesion.image.mm_per_pixel), dtype="float64")
