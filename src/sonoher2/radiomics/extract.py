"""Radiomics of one lesion in one image: pyradiomics' 2D features under pyradiomics' names.

What is computed, and with which conventions, is described in docs/radiomics.md; each feature's formula is in
`sonoher2.radiomics.definitions`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoher2.config.radiomics import RadiomicsConfig
from sonoher2.core.errors import InputError
from sonoher2.lesions.rings import peritumoural_ring, peritumoural_ring_width, pixel_aspect
from sonoher2.radiomics.definitions import INTENSITY_DEFINITIONS, SHAPE_DEFINITIONS, Definition
from sonoher2.radiomics.discretise import bin_edges
from sonoher2.radiomics.filters import Box, Filtered, filtered_images, image_type_names
from sonoher2.radiomics.region import RegionGeometry, region_geometry
from sonoher2.radiomics.resample import resample
from sonoher2.radiomics.shape2d import shape2d_features
from sonoher2.radiomics.texture import intensity_features

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
    names = [f"{kind}_{name}" for kind in image_type_names(config) for name in INTENSITY_NAMES]
    ring = [f"{RING_PREFIX}{name}" for name in names] if config.ring is not None else []
    return _SHAPE_NAMES + names + ring


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
    values = [_shape(prepared), *_intensity(prepared, masks, config)]
    return dict(zip(feature_names(config), np.concatenate(values).tolist(), strict=True))


def grey_levels(pixels: NDArray[np.float64], mask: NDArray[np.bool_], config: RadiomicsConfig) -> int:
    """Count the grey levels that occur in the lesion on the original image, before any resampling.

    With fewer than about eight, textures say little.
    """
    _check(pixels, mask)
    inside = pixels[mask]
    edges = bin_edges(inside.min(), inside.max(), config.bin_count, config.bin_width)
    return int(np.unique(np.digitize(inside, edges)).size)


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


def _bounding_box(mask: NDArray[np.bool_]) -> Box:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _shape(prepared: _Prepared) -> NDArray[np.float64]:
    out = np.empty(len(SHAPE_DEFINITIONS))
    shape2d_features(np.pad(prepared.mask[_bounding_box(prepared.mask)], 1), *prepared.spacing, out)
    return out[_SHAPE_ORDER]


def _intensity(
    prepared: _Prepared, masks: list[NDArray[np.bool_]], config: RadiomicsConfig
) -> list[NDArray[np.float64]]:
    """First-order and texture features of each region; the image types are computed once, for all regions together."""
    box = _bounding_box(np.logical_or.reduce(masks))
    regions = [region_geometry(mask[box]) for mask in masks]
    values: list[list[NDArray[np.float64]]] = [[] for _ in masks]
    # an all-black image has no exponential and no square: its features are NaN
    with np.errstate(divide="ignore", invalid="ignore"):
        for image in filtered_images(prepared.pixels, box, config, prepared.spacing):
            for region, found in zip(regions, values, strict=True):
                found.append(measure_image(image, region, config, prepared.spacing))
    return [np.concatenate(found) for found in values]


def measure_image(
    image: Filtered | None,
    region: RegionGeometry,
    config: RadiomicsConfig,
    spacing: tuple[float, float] = (1.0, 1.0),
) -> NDArray[np.float64]:
    """Measure one image type within one region.

    Parameters
    ----------
    image
        (rows, columns) that `region` was made for; None when there is no such image.
    region
        As by `region_geometry`.
    config
        The binning.
    spacing
        Height and width of a pixel.

    Returns
    -------
    The features in the order of `INTENSITY_NAMES`; NaN when there is no image or the region has pixels that are not
    finite.
    """
    out = np.full(len(INTENSITY_DEFINITIONS), np.nan)
    if image is None:
        return out
    inside = image.ravel()[region.pixels]
    lowest, highest = inside.min(), inside.max()
    if not (np.isfinite(lowest) and np.isfinite(highest)):
        return out
    intensity_features(
        inside.astype(np.float64, copy=False),
        float(lowest),
        float(highest),
        bin_edges(lowest, highest, config.bin_count, config.bin_width),
        region,
        spacing[0] * spacing[1],
        np.zeros(region.neighbours.shape, np.uint16),
        out,
    )
    return out[_INTENSITY_ORDER]
