"""Radiomics of one image and one mask."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sonoher2.config.load import settings_from
from sonoher2.config.radiomics import RadiomicsConfig
from sonoher2.core.errors import InputError
from sonoher2.images.pixels.decoded import Picture
from sonoher2.images.pixels.image import UltrasoundImage
from sonoher2.images.pixels.source import ImageSource
from sonoher2.images.read import PixelSize
from sonoher2.lesions.mask import Mask, MaskFrame, read_mask
from sonoher2.lesions.open import Lesion, lesion_in, read_lesion
from sonoher2.radiomics.extract import extract


def extract_radiomics(
    image: ImageSource | UltrasoundImage,
    mask: ImageSource,
    *,
    mm_per_pixel: PixelSize | None = None,
    frame: int | None = None,
    mask_label: str | int | None = None,
    **settings: Any,
) -> pd.Series:
    """Measure one lesion: two-dimensional features under pyradiomics' names.

    Parameters
    ----------
    image
        Whatever `read_image` takes or gives: a path, bytes, a DICOM dataset, an array (rows, columns) of grey values
        from 0 to 255, or an image that was read.
    mask
        Of the size of the image file: a path, bytes, or an array, not 0 in the lesion. For an image that was read and
        cropped, an array may have the size of the crop.
    mm_per_pixel
        Side of a pixel, or height and width, mm. Where it is known, by this or by the file, lengths are in mm and
        areas in mm²; else in pixels.
    frame
        Of an image file with several, counted from 1.
    mask_label
        The lesion's number or colour (``#rrggbb``) in a mask that holds several.
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
        if frame is not None:
            raise InputError("the image was read before, and is one frame", fix="Give `frame` to `read_image`")
        lesion = _lesion_of(image, mask, mm_per_pixel, mask_label)
    else:
        lesion = read_lesion(image, [mask], mm_per_pixel=mm_per_pixel, frame=frame, label=mask_label)
    return pd.Series(extract(lesion.image.pixels, lesion.mask, config, lesion.image.mm_per_pixel), dtype="float64")


def _lesion_of(
    image: UltrasoundImage, mask: ImageSource, mm_per_pixel: PixelSize | None, mask_label: str | int | None
) -> Lesion:
    """Bring a mask onto an image that was read: the same frame, geometry and crop as from the file itself."""
    picture = Picture(
        image.pixels,
        image.colour,
        image.format,
        # the scale of a region holds for lesions within it
        None if image.regions else image.mm_per_pixel,
        tuple(region.seen_from(image.origin) for region in image.regions),
        geometry=image.geometry,
        provenance=image.provenance,
    )
    of_crop = isinstance(mask, np.ndarray) and mask.shape == image.shape
    shape = image.shape if of_crop else image.file_shape
    drawn = read_mask([mask], shape, of=MaskFrame.of(picture), label=mask_label)
    if mm_per_pixel is None and image.told and image.regions:
        mm_per_pixel = image.mm_per_pixel
    return lesion_in(picture, drawn if of_crop else _cut(image, drawn), mm_per_pixel=mm_per_pixel)


def _cut(image: UltrasoundImage, drawn: Mask) -> Mask:
    """Cut a mask of the file's size as the image was cropped, which must not cut the lesion."""
    mask: Mask = image.crop(drawn)
    whole = np.count_nonzero(drawn)
    lost = whole - np.count_nonzero(mask)
    if lost:
        raise InputError(
            f"the crop of the image cuts {lost} of the lesion's {whole} pixels",
            where="mask",
            fix="Crop the image wider, or give the whole image",
        )
    return mask
