"""Grey level run-length matrix (GLRLM), four directions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoher2.radiomics.jit import kernel
from sonoher2.radiomics.size_level import SIZE_LEVEL_FEATURES, size_level_features


@kernel
def glrlm_features(
    levels: NDArray[np.uint16],
    spans: NDArray[np.intp],
    directions: NDArray[np.bool_],
    level_count: int,
    pixels: int,
    out: NDArray[np.float64],
) -> None:
    """Write the sixteen run-length features, each the mean over the directions that the region has.

    Parameters
    ----------
    levels
        (rows + 2, columns + 2) padded level image.
    spans, directions
        As in `RegionGeometry`.
    level_count
        Highest level.
    pixels
        Number of pixels of the region.
    out
        (16,), in the order of `size_level_features`; NaN when the region has no direction (a single pixel).
    """
    reached = _runs_reaching(levels, spans, level_count)
    out[:] = 0.0
    used = 0
    for direction in range(4):
        if not directions[direction]:
            continue
        table = _runs_of_length(reached[direction])
        size_level_features(np.arange(1, table.shape[0] + 1), table, pixels, out)
        used += 1
    for k in range(SIZE_LEVEL_FEATURES):
        out[k] = out[k] / used if used else np.nan


@kernel
def _runs_of_length(reached: NDArray[np.int32]) -> NDArray[np.int32]:
    """Turn how many runs reach each length into how many have it; lengths that no run reaches are left out."""
    longest = 1
    while longest < reached.shape[0] - 1 and reached[longest + 1, 1:].any():
        longest += 1
    table = np.empty((longest, reached.shape[1]), np.int32)
    for length in range(1, longest + 1):
        for level in range(reached.shape[1]):
            longer = reached[length + 1, level] if length < longest else 0
            table[length - 1, level] = reached[length, level] - longer
    return table


@kernel
def _runs_reaching(levels: NDArray[np.uint16], spans: NDArray[np.intp], level_count: int) -> NDArray[np.int32]:
    """Count, for each direction, length and level, the runs of at least that length.

    Every pixel is the n-th of its run. Counting pixels by that n counts the runs that reach n, without finding where
    a run ends. Directions: horizontal, vertical, diagonal (from the upper left), antidiagonal (from the upper right).
    """
    rows, columns = levels.shape
    stride = level_count + 1
    reached = np.zeros((4, max(rows, columns), stride), np.int32)
    flat = reached.reshape(4, -1)
    # where in a flat table a pixel counts: n * stride + level; two rows, the current and the one before
    cell = np.zeros((2, 3, columns), np.int32)
    for row in range(1, rows - 1):
        first, after = spans[row]
        now, before = cell[row & 1], cell[1 - (row & 1)]
        here = levels[row, first:after]
        above = levels[row - 1]
        _continue_runs(here, above[first:after], before[0, first:after], stride, now[0, first:after])
        _continue_runs(
            here, above[first - 1 : after - 1], before[1, first - 1 : after - 1], stride, now[1, first:after]
        )
        _continue_runs(
            here, above[first + 1 : after + 1], before[2, first + 1 : after + 1], stride, now[2, first:after]
        )
        _count(here, now[:, first:after], stride, flat)
    return reached


@kernel
def _continue_runs(
    here: NDArray[np.uint16],
    neighbour: NDArray[np.uint16],
    neighbour_cell: NDArray[np.int32],
    stride: int,
    cell: NDArray[np.int32],
) -> None:
    """Set each pixel's cell; a pixel outside the region counts in cell 0, which no feature reads."""
    for i in range(here.size):
        longer = stride + (neighbour_cell[i] if here[i] == neighbour[i] else here[i])
        cell[i] = longer if here[i] != 0 else 0


@kernel
def _count(here: NDArray[np.uint16], cell: NDArray[np.int32], stride: int, flat: NDArray[np.int32]) -> None:
    along = 0
    last = 0
    for i in range(here.size):
        level = here[i]
        along = stride + (along if level == last else level)
        last = level
        flat[0, along] += 1
        flat[1, cell[0, i]] += 1
        flat[2, cell[1, i]] += 1
        flat[3, cell[2, i]] += 1
