"""Grey levels: real values to bins 1, 2, ..., with the edges and the tie rules of pyradiomics."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sonoher2.config.radiomics import RadiomicsConfig
from sonoher2.core.errors import InputError
from sonoher2.radiomics.jit import kernel

DEFAULT_BIN_COUNT = 32
MAX_LEVELS = 2048
"""More levels than this make co-occurrence matrices of over 64 MB and textures without meaning."""


class Binning(NamedTuple):
    """How values become levels; the kernels are given it whole.

    Attributes
    ----------
    bins
        Number of equal bins from the lowest to the highest value.
    width
        Width of a bin, the first edge being the multiple of it at or below the lowest value; 0 when bins are counted.
    """

    bins: int
    width: float


def binning_of(config: RadiomicsConfig) -> Binning:
    """Say how a configuration bins."""
    return Binning(config.bin_count or DEFAULT_BIN_COUNT, float(config.bin_width or 0.0))


@kernel
def bin_edges(lowest: float, highest: float, binning: Binning, single: bool) -> NDArray[np.float64]:
    """Edges of the bins; level k holds values in [edges[k - 1], edges[k]).

    Parameters
    ----------
    lowest, highest
        Extremes of the region.
    binning
        As by `binning_of`; fewer than `too_many_levels`.
    single
        The image is one of float32. This decides how the edges are rounded, and hence on which side a pixel falls that
        lies on an edge.

    Notes
    -----
    Bin count: the edges of `numpy.histogram`, the last one raised by 1 so that `highest` falls into the last bin.
    Bin width: the edges of `numpy.arange`, reaching past `highest`; a value on an edge belongs to the upper bin.
    Both are pyradiomics' own (van Griethuysen et al., Cancer Res 2017, doi 10.1158/0008-5472.CAN-17-0339), with numpy's
    rounding after every operation.
    """
    if binning.width == 0.0:
        return _edges_by_count(lowest, highest, binning.bins, single)
    width = _rounded(binning.width, single)
    first = _rounded(lowest - _rounded(lowest % width, single), single)
    end = _rounded(highest + _rounded(2.0 * binning.width, single), single)
    edges = np.empty(math.ceil(_rounded(_rounded(end - first, single) / width, single)))
    step = _rounded(first + width, single) - first
    for k in range(edges.size):
        edges[k] = first + k * step
    edges[1] = _rounded(first + width, single)
    return edges


@kernel
def _edges_by_count(lowest: float, highest: float, count: int, single: bool) -> NDArray[np.float64]:
    half = 0.5 if lowest == highest else 0.0
    start, stop = _rounded(lowest - half, single), _rounded(highest + half, single)
    reach = _rounded(stop - start, single)
    step = _rounded(reach / count, single)
    edges = np.empty(count + 1)
    for k in range(count):
        # of a range so small that a bin's width is 0, numpy takes shares
        along = k * step if step != 0.0 else _rounded(k / count, single) * reach
        edges[k] = _rounded(_rounded(along, single) + start, single)
    edges[count] = _rounded(stop + 1.0, single)
    return edges


@kernel
def _rounded(value: float, single: bool) -> float:
    return float(np.float32(value)) if single else value


def _too_many(lowest: float, highest: float, binning: Binning) -> bool:
    """Whether a bin width makes more than `MAX_LEVELS` levels of values between these."""
    return binning.width > 0.0 and (highest - lowest) / binning.width > MAX_LEVELS - 1


too_many_levels = kernel(_too_many)


def check_levels(lowest: float, highest: float, binning: Binning) -> None:
    """Refuse a bin width that makes too many levels of values between these.

    Raises
    ------
    InputError
        It makes more than 2,048.
    """
    if _too_many(lowest, highest, binning):
        raise InputError(
            f"a bin width of {binning.width:g} makes over {MAX_LEVELS} grey levels of values {lowest:g} to {highest:g}",
            where="radiomics.bin_width",
            fix="Give a larger bin width, or a bin count",
        )


@kernel
def occupied_levels(values: NDArray[np.float64], lowest: float, highest: float, binning: Binning, single: bool) -> int:
    """Count the levels that occur among values, (n,), with these extremes."""
    edges = bin_edges(lowest, highest, binning, single)
    counts = np.zeros(edges.size, np.int64)
    write_levels(values, edges, np.arange(values.size), np.empty(values.size, np.uint16), counts)
    return int((counts > 0).sum())


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
