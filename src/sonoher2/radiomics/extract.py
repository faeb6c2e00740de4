"""Radiomics of one lesion in one image: pyradiomics' 2D features under pyradiomics' names.

What is computed, and with which conventions, is described in docs/radiomics.md; each feature's formula is in
`sonoher2.radiomics.definitions`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sonoher2.config.radiomics import RadiomicsConfig
from sonoher2.core.errors import InputError
from sonoher2.lesions.rings import peritumoural_ring, peritumoural_ring_width, pixel_aspect
from sonoher2.radiomics.definitions import INTENSITY_DEFINITIONS, SHAPE_DEFINITIONS, Definition
from sonoher2.radiomics.discretise import binning_of, check_levels, occupied_levels
from sonoher2.radiomics.filters import FilteredImages, filtered_images, image_type_names
from sonoher2.radiomics.region import RegionGeometry, bounding_box, padded_mask, region_geometry
from sonoher2.radiomics.resample import resample
from sonoher2.radiomics.shape2d import shape2d_features
from sonoher2.radiomics.texture import measure_images

RING_PREFIX = "ring_"
MOST_PIXELS = 100_000_000
"""Of a resampled image: 800 MB as numbers."""


class PixelSizeUnknownError(InputError):
    """Lengths are to be in mm, and nothing says how large a pixel of the image is."""


def _pyradiomics_order(definitions: list[Definition]) -> NDArray[np.intp]:
    """Position of each feature in its kernel's output, families as they stand, names as pyradiomics sorts them."""
    families = [definition.family for definition in definitions]
    # it sorts the names of methods: MeanAbsoluteDeviation comes before Mean
    keys = [(families.index(definition.family), f"{definition.name}FeatureValue") for definition in definitions]
    return np.array(sorted(range(len(keys)), key=keys.__getitem__))


_SHAPE_ORDER = _pyradiomics_order(SHAPE_DEFINITIONS)
_INTENSITY_ORDER = _pyradiomics_order(INTENSITY_DEFINITIONS)
_SHAPE_NAMES = [f"original_shape2D_{SHAPE_DEFINITIONS[k].name}" for k in _SHAPE_ORDER]
INTENSITY_NAMES = [f"{INTENSITY_DEFINITIONS[k].family}_{INTENSITY_DEFINITIONS[k].name}" for k in _INTENSITY_ORDER]


def feature_names(config: RadiomicsConfig) -> list[str]:
    """Names of the features that `extract` returns under this configuration, in the same order."""
    return list(_names_of(config))


def _names_of(config: RadiomicsConfig) -> tuple[str, ...]:
    return _names(tuple(image_type_names(config)), config.ring is not None)


@lru_cache(maxsize=64)
def _names(image_types: tuple[str, ...], with_ring: bool) -> tuple[str, ...]:
    names = [f"{kind}_{name}" for kind in image_types for name in INTENSITY_NAMES]
    ring = [f"{RING_PREFIX}{name}" for name in names] if with_ring else []
    return (*_SHAPE_NAMES, *names, *ring)


def extract(
    pixels: NDArray[np.float64],
    mask: NDArray[np.bool_],
    config: RadiomicsConfig,
    mm_per_pixel: tuple[float, float] | None = None,
) -> dict[str, float]:
    """Measure one lesion.

    Parameters
    ----------
    pixels
        Grey values, (rows, columns), finite.
    mask
        The lesion, (rows, columns), at least one pixel.
    config
        Image types, binning, resampling, ring.
    mm_per_pixel
        Height and width of a pixel; needed for lengths in mm, for resampling and for a ring in mm.

    Returns
    -------
    The features by name, in the order of `feature_names`. Lengths are in `config.unit`; where that is not told, in mm
    if `mm_per_pixel` is given and else in pixels. A feature that the region cannot have (co-occurrence within a single
    pixel, say) is NaN.

    Raises
    ------
    PixelSizeUnknownError
        Lengths are to be in mm, and `mm_per_pixel` is not given.
    InputError
        The shapes differ, the mask is empty or not of booleans, a pixel is not finite, a ring in mm has no spacing, or
        the bin width makes too many grey levels.
    """
    prepared = _prepare(pixels, mask, config, mm_per_pixel)
    masks = [prepared.mask]
    if config.ring is not None:
        size = prepared.spacing if config.ring.mm is None else prepared.mm_per_pixel
        width = peritumoural_ring_width(prepared.mask, config.ring, size)
        masks.append(peritumoural_ring(prepared.mask, width, pixel_aspect(size)))
    box = bounding_box(np.logical_or.reduce(masks) if len(masks) > 1 else prepared.mask)
    padded = [padded_mask(mask, box) for mask in masks]
    shape = np.empty(len(SHAPE_DEFINITIONS))
    shape2d_features(padded[0], *prepared.spacing, shape)
    # the image types are computed once, for all regions together
    with np.errstate(divide="ignore", invalid="ignore"):
        filtered = filtered_images(prepared.pixels, box, config, prepared.spacing)
    intensity = [measure_region(filtered, region_geometry(each), config, prepared.spacing).ravel() for each in padded]
    values = np.concatenate([shape[_SHAPE_ORDER], *intensity])
    return dict(zip(_names_of(config), values.tolist(), strict=True))


def grey_levels(pixels: NDArray[np.float64], mask: NDArray[np.bool_], config: RadiomicsConfig) -> int:
    """Count the grey levels that occur in the lesion on the original image, before any resampling.

    With fewer than about eight, textures say little.
    """
    _check(pixels, mask)
    inside = pixels[mask].astype(np.float64, copy=False)
    lowest, highest = float(inside.min()), float(inside.max())
    binning = binning_of(config)
    check_levels(lowest, highest, binning)
    return occupied_levels(inside, lowest, highest, binning, pixels.dtype == np.float32)


@dataclass(frozen=True)
class _Prepared:
    """An image and its lesion, resampled where asked; `spacing` is a pixel's height and width in the lengths' unit."""

    pixels: NDArray[np.float64]
    mask: NDArray[np.bool_]
    spacing: tuple[float, float]
    mm_per_pixel: tuple[float, float] | None


def _prepare(
    pixels: NDArray[np.float64],
    mask: NDArray[np.bool_],
    config: RadiomicsConfig,
    mm_per_pixel: tuple[float, float] | None,
) -> _Prepared:
    _check(pixels, mask)
    pixels = np.ascontiguousarray(pixels, np.float64)
    if config.resample_mm is None:
        if mm_per_pixel is None and config.unit == "mm":
            raise PixelSizeUnknownError(
                "lengths are to be measured in mm, and the image's mm per pixel is not known",
                fix="Give mm_per_pixel for every image, or measure in pixels (`radiomics.unit: pixels`)",
            )
        spacing = (1.0, 1.0) if mm_per_pixel is None or config.unit == "pixels" else mm_per_pixel
        return _Prepared(pixels, mask, spacing, mm_per_pixel)
    if mm_per_pixel is None:
        raise PixelSizeUnknownError(
            "features are to be measured on resampled pixels, and the image's mm per pixel is not known",
            fix="Give mm_per_pixel for every image, or remove radiomics.resample_mm",
        )
    side = config.resample_mm
    if mask.size * float(mm_per_pixel[0]) * mm_per_pixel[1] > MOST_PIXELS * side**2:
        raise InputError(
            f"pixels of {side:g} mm would make an image of more than {MOST_PIXELS:,} pixels",
            fix="Give a larger radiomics.resample_mm, or check the image's mm per pixel",
        )
    pixels, mask = resample(pixels, mask, mm_per_pixel, side)
    if not mask.any():
        raise InputError(
            f"no pixel of the lesion is left after resampling to {side:g} mm",
            fix="Give a smaller radiomics.resample_mm",
        )
    return _Prepared(pixels, mask, (side, side), (side, side))


def _check(pixels: NDArray[np.float64], mask: NDArray[np.bool_]) -> None:
    if pixels.ndim != 2 or pixels.shape != mask.shape:
        raise InputError(
            f"the image is {pixels.shape} and its mask {mask.shape}",
            fix="Give a grey image and a mask of the same rows and columns",
        )
    if mask.dtype != np.bool_:
        raise InputError(f"the mask is of type {mask.dtype}", fix="Give a mask of True and False")
    if not mask.any():
        raise InputError("the mask is empty", fix="Give a mask with at least one pixel, or leave this image out")
    if not np.isfinite(pixels.sum()):
        raise InputError("the image has pixels that are not finite numbers", fix="Replace them or leave the image out")


def measure_region(
    filtered: FilteredImages,
    region: RegionGeometry,
    config: RadiomicsConfig,
    spacing: tuple[float, float] = (1.0, 1.0),
) -> NDArray[np.float64]:
    """Measure all image types within one region.

    Parameters
    ----------
    filtered
        Of the rows and columns that `region` was made for.
    region
        As by `region_geometry`.
    config
        The binning.
    spacing
        Height and width of a pixel.

    Returns
    -------
    (types, features) in the order of `INTENSITY_NAMES`; NaN where the region has pixels that are not finite.

    Raises
    ------
    InputError
        The bin width makes more than 2,048 levels.
    """
    out = np.empty((len(filtered.images), len(INTENSITY_DEFINITIONS)))
    area = float(spacing[0]) * float(spacing[1])
    binning = binning_of(config)
    stopped = measure_images(*filtered, region, binning, area, out)
    if stopped >= 0:
        values = filtered.images[stopped].ravel()[region.pixels]
        check_levels(float(values.min()), float(values.max()), binning)
    return out[:, _INTENSITY_ORDER]
