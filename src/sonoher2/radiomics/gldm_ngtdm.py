"""Matrices over the eight neighbours: grey level dependence (GLDM) and neighbouring grey tone difference (NGTDM)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoher2.radiomics.jit import kernel
from sonoher2.radiomics.size_level import SIZE_LEVEL_FEATURES, size_level_features

# the features of `size_level_features` that say something of a dependence matrix (every pixel is one dependence)
_GLDM_FEATURES = (0, 1, 2, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15)


@kernel
def gldm_and_ngtdm_features(
    levels: NDArray[np.uint16],
    spans: NDArray[np.intp],
    neighbours: NDArray[np.uint8],
    level_count: int,
    pixels: int,
    gldm: NDArray[np.float64],
    ngtdm: NDArray[np.float64],
) -> None:
    """Write the fourteen GLDM and the five NGTDM features.

    Parameters
    ----------
    levels
        (rows + 2, columns + 2) padded level image.
    spans, neighbours
        As in `RegionGeometry`.
    level_count
        Highest level.
    pixels
        Number of pixels of the region.
    gldm
        (14,), in the order of `size_level_features` without normalised grey level non-uniformity and percentage.
    ngtdm
        (5,): coarseness, contrast, busyness, complexity, strength.
    """
    dependence, difference = _matrices(levels, spans, neighbours, level_count)
    every = np.zeros(SIZE_LEVEL_FEATURES)
    size_level_features(np.arange(1, 10), dependence, pixels, every)
    for k in range(len(_GLDM_FEATURES)):
        gldm[k] = every[_GLDM_FEATURES[k]]
    _ngtdm_features(dependence, difference, ngtdm)


@kernel
def _matrices(
    levels: NDArray[np.uint16], spans: NDArray[np.intp], neighbours: NDArray[np.uint8], level_count: int
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Count pixels by dependence and level, and sum |neighbours * level - sum of neighbours| by neighbours and level.

    Both are integers, so that the order of summation does not matter.
    """
    rows, columns = levels.shape
    dependence = np.zeros((9, level_count + 1), np.int32)
    difference = np.zeros((9, level_count + 1), np.int64)
    same = np.empty(columns, np.uint8)
    total = np.empty(columns, np.uint16)
    for row in range(1, rows - 1):
        first, after = spans[row]
        here = levels[row, first:after]
        _look_around(
            levels[row - 1, first - 1 : after + 1],
            levels[row, first - 1 : after + 1],
            levels[row + 1, first - 1 : after + 1],
            same,
            total,
        )
        around = neighbours[row, first:after]
        for i in range(here.size):
            level = np.int64(here[i])
            count = around[i]
            dependence[same[i], level] += 1
            difference[count, level] += abs(level * count - total[i])
    return dependence, difference


@kernel
def _look_around(
    above: NDArray[np.uint16],
    here: NDArray[np.uint16],
    below: NDArray[np.uint16],
    same: NDArray[np.uint8],
    total: NDArray[np.uint16],
) -> None:
    """Of each pixel's eight neighbours: how many have its level, and the sum of their levels."""
    for i in range(here.size - 2):
        level = here[i + 1]
        same[i] = (
            np.uint8(above[i] == level)
            + np.uint8(above[i + 1] == level)
            + np.uint8(above[i + 2] == level)
            + np.uint8(here[i] == level)
            + np.uint8(here[i + 2] == level)
            + np.uint8(below[i] == level)
            + np.uint8(below[i + 1] == level)
            + np.uint8(below[i + 2] == level)
        )
    for i in range(here.size - 2):
        total[i] = (
            above[i] + above[i + 1] + above[i + 2] + here[i] + here[i + 2] + below[i] + below[i + 1] + below[i + 2]
        )


@kernel
def _ngtdm_features(dependence: NDArray[np.int32], difference: NDArray[np.int64], out: NDArray[np.float64]) -> None:
    """Amadasun and King 1989, doi 10.1109/21.44046; a pixel without neighbours counts, with a difference of 0."""
    pixels = float(dependence[:, 1:].sum())
    level = np.flatnonzero(dependence[:, 1:].sum(axis=0)) + 1
    share = np.empty(level.size)
    tone = np.zeros(level.size)
    for k in range(level.size):
        share[k] = dependence[:, level[k]].sum() / pixels
        for count in range(1, 9):
            tone[k] += difference[count, level[k]] / count
    weighted = (share * tone).sum()
    contrast = busyness = complexity = strength = 0.0
    for i in range(level.size):
        for j in range(i):
            step = float(level[i] - level[j])
            contrast += 2.0 * share[i] * share[j] * step * step
            busyness += 2.0 * abs(level[i] * share[i] - level[j] * share[j])
            complexity += 2.0 * step * (share[i] * tone[i] + share[j] * tone[j]) / (share[i] + share[j])
            strength += 2.0 * (share[i] + share[j]) * step * step
    pairs = level.size * (level.size - 1)
    out[0] = 1.0 / weighted if weighted else 1e6
    out[1] = contrast * tone.sum() / pixels / pairs if pairs else 0.0
    out[2] = weighted / busyness if busyness else 0.0
    out[3] = complexity / pixels
    out[4] = strength / tone.sum() if weighted else 0.0
