"""All features of one image type within one region, in one compiled call."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoher2.radiomics.discretise import write_levels
from sonoher2.radiomics.firstorder import firstorder_features
from sonoher2.radiomics.glcm import glcm_features
from sonoher2.radiomics.gldm_ngtdm import gldm_and_ngtdm_features
from sonoher2.radiomics.glrlm import glrlm_features
from sonoher2.radiomics.glszm import glszm_features
from sonoher2.radiomics.jit import kernel
from sonoher2.radiomics.region import RegionGeometry


@kernel
def intensity_features(
    values: NDArray[np.float64],
    lowest: float,
    highest: float,
    edges: NDArray[np.float64],
    region: RegionGeometry,
    pixel_area: float,
    levels: NDArray[np.uint16],
    out: NDArray[np.float64],
) -> None:
    """Write the first-order and texture features of one image type.

    Parameters
    ----------
    values
        (n,), the region's pixels.
    lowest, highest
        Their extremes.
    edges
        As by `bin_edges`.
    region
        The region.
    pixel_area
        Area of a pixel.
    levels
        (rows + 2, columns + 2), zero outside the region; overwritten inside it.
    out
        (93,): first order, GLCM, GLDM, GLRLM, GLSZM, NGTDM, each in the order of the definitions.
    """
    counts = np.zeros(edges.size, np.int64)
    level_count = write_levels(values, edges, region.padded_pixels, levels.ravel(), counts)
    occupied = (counts > 0).sum()
    pixels = values.size
    firstorder_features(values, lowest, highest, counts, pixel_area, out[:18])
    glcm_features(levels, region.spans, level_count, occupied, out[18:42])
    gldm_and_ngtdm_features(levels, region.spans, region.neighbours, level_count, pixels, out[42:56], out[88:93])
    glrlm_features(levels, region.spans, region.directions, level_count, pixels, out[56:72])
    glszm_features(levels, region.spans, level_count, pixels, out[72:88])
