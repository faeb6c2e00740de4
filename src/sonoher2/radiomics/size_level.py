"""Features of any table of counts over size (of a run, zone or dependence) and grey level; entropy of counts."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sonoher2.radiomics.jit import kernel

SIZE_LEVEL_FEATURES = 16
_TABLE = 4096
_X_LOG2_X = np.array([0.0] + [x * math.log2(x) for x in range(1, _TABLE)])


@kernel
def x_log2_x(count: int) -> float:
    """Return x log2 x of a count, 0 for 0. The entropy of counts c of sum n is log2 n - sum(c log2 c) / n."""
    if count < _TABLE:
        known: float = _X_LOG2_X[count]
        return known
    return count * math.log2(count)


@kernel
def entropy_bits(sum_x_log2_x: float, total: float) -> float:
    """Shannon entropy in bits of counts with this sum of x log2 x and this total."""
    return max(math.log2(total) - sum_x_log2_x / total, 0.0)


@kernel
def size_level_features(
    sizes: NDArray[np.int64], table: NDArray[np.int32], pixels: int, out: NDArray[np.float64]
) -> float:
    """Add the sixteen features of a size by level table to `out`.

    Run-length, size-zone and dependence matrices share these formulas (Galloway 1975; Chu 1990; Dasarathy and Holder
    1991; Thibault 2013; Sun and Wee 1983).

    Parameters
    ----------
    sizes
        (k,), the size that each row of `table` stands for.
    table
        (k, levels + 1) counts; column 0 is not used.
    pixels
        Number of pixels of the region, for the percentage.
    out
        (16,), added to, in this order: small and large size emphasis, grey level non-uniformity, the same normalised,
        size non-uniformity, the same normalised, percentage, grey level variance, size variance, entropy, low and
        high grey level emphasis, small low, small high, large low and large high emphasis.

    Returns
    -------
    The total count; nothing is added when it is 0.
    """
    levels = table.shape[1] - 1
    by_level = np.zeros(levels + 1)
    by_size = np.zeros(sizes.size)
    joint = np.zeros(4)
    logs = 0.0
    for row in range(sizes.size):
        squared = float(sizes[row]) * sizes[row]
        in_row = low = high = 0.0
        for level in range(1, levels + 1):
            count = table[row, level]
            if count == 0:
                continue
            in_row += count
            by_level[level] += count
            low += count / (level * level)
            high += float(count) * (level * level)
            logs += x_log2_x(count)
        by_size[row] = in_row
        joint[0] += low / squared
        joint[1] += high / squared
        joint[2] += low * squared
        joint[3] += high * squared
    total: float = by_size.sum()
    if total == 0.0:
        return total
    _size_part(sizes, by_size, total, out)
    _level_part(by_level, total, out)
    out[6] += total / pixels
    out[9] += entropy_bits(logs, total)
    for k in range(4):
        out[12 + k] += joint[k] / total
    return total


@kernel
def _size_part(sizes: NDArray[np.int64], by_size: NDArray[np.float64], total: float, out: NDArray[np.float64]) -> None:
    small = large = squares = mean = variance = 0.0
    for row in range(sizes.size):
        count = by_size[row]
        size = float(sizes[row])
        small += count / (size * size)
        large += count * size * size
        squares += count * count
        mean += count * size
    mean /= total
    for row in range(sizes.size):
        variance += by_size[row] * (sizes[row] - mean) ** 2
    out[0] += small / total
    out[1] += large / total
    out[4] += squares / total
    out[5] += squares / (total * total)
    out[8] += variance / total


@kernel
def _level_part(by_level: NDArray[np.float64], total: float, out: NDArray[np.float64]) -> None:
    low = high = squares = mean = variance = 0.0
    for level in range(1, by_level.size):
        count = by_level[level]
        low += count / (level * level)
        high += count * (level * level)
        squares += count * count
        mean += count * level
    mean /= total
    for level in range(1, by_level.size):
        variance += by_level[level] * (level - mean) ** 2
    out[2] += squares / total
    out[3] += squares / (total * total)
    out[7] += variance / total
    out[10] += low / total
    out[11] += high / total
