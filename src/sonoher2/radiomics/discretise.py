"""Grey levels: real values to bins 1, 2, ..., with the edges and the tie rules of pyradiomics."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoher2.core.errors import InputError
from sonoher2.radiomics.jit import kernel

DEFAULT_BIN_COUNT = 32
MAX_LEVELS = 2048
"""More levels than this make co-occurrence matrices of over 64 MB and textures without meaning."""


def bin_edges(
    lowest: np.floating, highest: np.floating, bin_count: int | None, bin_width: float | None
) -> NDArray[np.float64]:
    """Edges of the bins; level k holds values in [edges[k - 1], edges[k]).

    Parameters
    ----------
    lowest, highest
        Extremes of the region, in the image's own floating type: the type decides how the edges are rounded, and
        hence on which side a pixel falls that lies on an edge.
    bin_count
        Number of equal bins from `lowest` to `highest`; 32 when both this and `bin_width` are None.
    bin_width
        Width of a bin; the first edge is the multiple of it at or below `lowest`.

    Raises
    ------
    InputError
        The bin width makes more than 2,048 levels.

    Notes
    -----
    Bin count: the edges of `numpy.histogram`, the last one raised by 1 so that `highest` falls into the last bin.
    Bin width: the edges of `numpy.arange`, reaching past `highest`; a value on an edge belongs to the upper bin.
    Both are pyradiomics' own (van Griethuysen et al., Cancer Res 2017, doi 10.1158/0008-5472.CAN-17-0339).
    """
    if bin_width is None:
        half = 0.5 if lowest == highest else 0.0
        edges = np.linspace(
            lowest - half, highest + half, (bin_count or DEFAULT_BIN_COUNT) + 1, dtype=np.result_type(lowest)
        )
        edges[-1] += 1
        return edges.astype(np.float64)
    if (highest - lowest) / bin_width > MAX_LEVELS - 1:
        raise InputError(
            f"a bin width of {bin_width:g} makes over {MAX_LEVELS} grey levels of values {lowest:g} to {highest:g}",
            where="radiomics.bin_width",
            fix="Give a larger bin width, or a bin count",
        )
    first = lowest - lowest % bin_width
    return np.arange(first, highest + 2 * bin_width, bin_width).astype(np.float64)


@kernel
def write_levels(
    values: NDArray[np.float64],
    edges: NDArray[np.float64],
    positions: NDArray[np.intp],
    levels: NDArray[np.uint16],
    counts: NDArray[np.int64],
) -> int:
    """Put each value's level at its position of the flat level image and count the levels.

    Parameters
    ----------
    values
        (n,), the region's pixels.
    edges
        (bins + 1,), as by `bin_edges`.
    positions
        (n,), where each pixel lies in `levels`.
    levels
        Flat padded level image, written.
    counts
        (bins + 1,), zero; receives how many pixels have each level.

    Returns
    -------
    The highest level met.
    """
    bins = edges.size - 1
    guess = np.empty(values.size, np.int32)
    _guess_bins(values, edges, guess)
    highest = 0
    for i in range(values.size):
        value = values[i]
        level = guess[i]
        # the guess may be one bin off by rounding; the edges decide
        while level > 0 and value < edges[level]:
            level -= 1
        while level < bins - 1 and value >= edges[level + 1]:
            level += 1
        level += 1
        levels[positions[i]] = level
        counts[level] += 1
    for level in range(counts.size):
        highest = level if counts[level] else highest
    return highest


@kernel
def _guess_bins(values: NDArray[np.float64], edges: NDArray[np.float64], guess: NDArray[np.int32]) -> None:
    """Bin by dividing; the last edge of a bin count is raised, so that the width is that of the first bins."""
    bins = edges.size - 1
    lowest = edges[0]
    per_value = (bins - 1) / (edges[bins - 1] - lowest) if bins > 1 else 0.0
    last = np.int32(bins - 1)
    for i in range(values.size):
        bin_ = np.int32((values[i] - lowest) * per_value)
        guess[i] = min(bin_, last)
