"""All features of an image type within one region, and of all image types of a lesion in one compiled call."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoher2.radiomics.discretise import Binning, bin_edges, too_many_levels, write_levels
from sonoher2.radiomics.firstorder import firstorder_features
from sonoher2.radiomics.glcm import glcm_features
from sonoher2.radiomics.gldm_ngtdm import gldm_and_ngtdm_features
from sonoher2.radiomics.glrlm import glrlm_features
from sonoher2.radiomics.glszm import glszm_features
from sonoher2.radiomics.jit import kernel, summing_kernel
from sonoher2.radiomics.region import RegionGeometry

_EXPONENT = 0x7FF0000000000000
"""Bits that are all set in a double that is not finite."""


@kernel
def measure_images(
    images: NDArray[np.float64],
    single: NDArray[np.bool_],
    region: RegionGeometry,
    binning: Binning,
    pixel_area: float,
    out: NDArray[np.float64],
) -> int:
    """Write the first-order and texture features of each image within one region.

    Parameters
    ----------
    images, single
        As in `FilteredImages`; (k, rows, columns) and (k,).
    region
        The region of these rows and columns.
    binning
        As by `binning_of`.
    pixel_area
        Area of a pixel.
    out
        (k, 93): first order, GLCM, GLDM, GLRLM, GLSZM, NGTDM, each in the order of the definitions; NaN for an image
        that has pixels in the region that are not finite.

    Returns
    -------
    -1, or the first image that would have too many grey levels; nothing more is measured then.
    """
    levels = np.zeros(region.neighbours.shape, np.uint16)
    values = np.empty(region.pixels.size)
    for k in range(images.shape[0]):
        if not _take(images[k].ravel(), region.pixels, values):
            out[k] = np.nan
            continue
        lowest, highest = _extremes(values)
        if too_many_levels(lowest, highest, binning):
            return k
        edges = bin_edges(lowest, highest, binning, single[k])
        _intensity_features(values, lowest, highest, edges, region, pixel_area, levels, out[k])
    return -1


@kernel
def _take(image: NDArray[np.float64], pixels: NDArray[np.intp], values: NDArray[np.float64]) -> bool:
    """Gather the region's values; return whether all are finite."""
    for i in range(values.size):
        values[i] = image[pixels[i]]
    wild = 0
    bits = values.view(np.int64)
    for i in range(bits.size):
        wild += int((bits[i] & _EXPONENT) == _EXPONENT)
    return wild == 0


@summing_kernel
def _extremes(values: NDArray[np.float64]) -> tuple[float, float]:
    lowest = highest = values[0]
    for i in range(values.size):
        lowest = min(lowest, values[i])
        highest = max(highest, values[i])
    return lowest, highest


@kernel
def _intensity_features(
    values: NDArray[np.float64],
    lowest: float,
    highest: float,
    edges: NDArray[np.float64],
    region: RegionGeometry,
    pixel_area: float,
    levels: NDArray[np.uint16],
    out: NDArray[np.float64],
) -> None:
    """Write the features of one image; `levels`, (rows + 2, columns + 2), is 0 outside the region and overwritten."""
    counts = np.zeros(edges.size, np.int64)
    level_count = write_levels(values, edges, region.padded_pixels, levels.ravel(), counts)
    occupied = (counts > 0).sum()
    pixels = values.size
    firstorder_features(values, lowest, highest, counts, pixel_area, out[:18])
    glcm_features(levels, region.spans, level_count, occupied, out[18:42])
    gldm_and_ngtdm_features(levels, region.spans, region.neighbours, level_count, pixels, out[42:56], out[88:93])
    glrlm_features(levels, region.spans, region.directions, level_count, pixels, out[56:72])
    glszm_features(levels, region.spans, level_count, pixels, out[72:88])
