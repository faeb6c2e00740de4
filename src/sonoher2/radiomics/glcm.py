"""Grey level co-occurrence matrix (GLCM): four directions, distance 1, symmetric."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sonoher2.radiomics.eigenvalue import largest_magnitude
from sonoher2.radiomics.jit import kernel
from sonoher2.radiomics.size_level import entropy_bits, x_log2_x


@kernel
def glcm_features(
    levels: NDArray[np.uint16], spans: NDArray[np.intp], level_count: int, occupied: int, out: NDArray[np.float64]
) -> None:
    """Write the 24 features, each the mean over the directions that have pairs (Haralick 1973 and later authors).

    Parameters
    ----------
    levels
        (rows + 2, columns + 2) padded level image.
    spans
        As in `RegionGeometry`.
    level_count
        Highest level.
    occupied
        Number of levels that occur.
    out
        (24,), in the order of the definitions; NaN when no two pixels are neighbours.
    """
    pairs = _pairs(levels, spans, level_count)
    out[:] = 0.0
    used = 0
    for direction in range(4):
        used += _add_direction(pairs[direction], occupied, out)
    for k in range(out.size):
        out[k] = out[k] / used if used else np.nan


@kernel
def _pairs(levels: NDArray[np.uint16], spans: NDArray[np.intp], level_count: int) -> NDArray[np.int32]:
    """Count neighbours (left, up, up-left, up-right) by both levels; row and column 0 are pixels outside."""
    pairs = np.zeros((4, level_count + 1, level_count + 1), np.int32)
    for row in range(1, levels.shape[0] - 1):
        first, after = spans[row]
        here = levels[row, first - 1 : after]
        above = levels[row - 1, first - 1 : after + 1]
        for i in range(after - first):
            level = here[i + 1]
            pairs[0, level, here[i]] += 1
            pairs[1, level, above[i + 1]] += 1
            pairs[2, level, above[i]] += 1
            pairs[3, level, above[i + 2]] += 1
    return pairs


@kernel
def _add_direction(pairs: NDArray[np.int32], occupied: int, out: NDArray[np.float64]) -> int:
    """Add one direction's features; return 1, or 0 when it has no pairs."""
    top = pairs.shape[0] - 1
    by_level = np.zeros(top + 1)
    counts, total = _symmetric(pairs, by_level)
    if total == 0:
        return 0
    by_level /= total
    by_sum = np.zeros(2 * top + 1)
    by_difference = np.zeros(top)
    joint_entropy = _add_joint_features(counts, total, by_sum, by_difference, out)
    by_sum /= total
    by_difference /= total
    mean = 0.0
    for i in range(1, top + 1):
        mean += i * by_level[i]
    tendency = _add_sum_features(by_sum, mean, out)
    contrast = _add_difference_features(by_difference, top, out)
    # the variances of i + j and of i - j are 2 (var + cov) and 2 (var - cov)
    out[5] += (tendency - contrast) / (tendency + contrast) if tendency + contrast > 0.0 else 1.0
    out[16] += mean
    out[19] += maximal_correlation(counts, by_level, total, occupied)
    out[23] += (tendency + contrast) / 4.0
    _add_information_features(_entropy(by_level), joint_entropy, out)
    return 1


@kernel
def _add_joint_features(
    counts: NDArray[np.int32],
    total: int,
    by_sum: NDArray[np.float64],
    by_difference: NDArray[np.float64],
    out: NDArray[np.float64],
) -> float:
    """Add the features of single cells, count by sum and by difference of the levels; return the joint entropy."""
    squares = product = logs = 0.0
    most = 0
    for i in range(1, counts.shape[0]):
        for j in range(1, i + 1):
            count = counts[i, j]
            twice = 1 if i == j else 2
            both = float(twice * count)
            squares += both * count
            product += both * (i * j)
            logs += twice * x_log2_x(count)
            by_sum[i + j] += both
            by_difference[i - j] += both
            most = max(most, count)
    joint_entropy = entropy_bits(logs, total)
    out[0] += product / total
    out[17] += squares / (float(total) * total)
    out[18] += joint_entropy
    out[20] += most / total
    return joint_entropy


@kernel
def _symmetric(pairs: NDArray[np.int32], by_level: NDArray[np.float64]) -> tuple[NDArray[np.int32], int]:
    """Count each pair from both of its pixels; also by the level of the first, and in all."""
    top = pairs.shape[0] - 1
    counts = np.zeros_like(pairs)
    total = 0
    for i in range(1, top + 1):
        in_row = 0
        for j in range(1, top + 1):
            count = pairs[i, j] + pairs[j, i]
            counts[i, j] = count
            in_row += count
        by_level[i] = in_row
        total += in_row
    return counts, total


@kernel
def _entropy(shares: NDArray[np.float64]) -> float:
    bits = 0.0
    for share in shares:
        if share > 0.0:
            bits -= share * math.log2(share)
    return bits


@kernel
def _add_difference_features(by_difference: NDArray[np.float64], top: int, out: NDArray[np.float64]) -> float:
    """Add the features of |i - j|; return contrast."""
    average = squares = inverse = inverse2 = normalised = normalised2 = inverse_variance = 0.0
    for k in range(by_difference.size):
        share = by_difference[k]
        average += share * k
        squares += share * (k * k)
        inverse += share / (1.0 + k)
        inverse2 += share / (1.0 + k * k)
        normalised += share / (1.0 + k / top)
        normalised2 += share / (1.0 + (k * k) / (top * top))
        if k > 0:
            inverse_variance += share / (k * k)
    out[4] += squares
    out[6] += average
    out[7] += _entropy(by_difference)
    out[8] += squares - average * average
    out[9] += inverse
    out[10] += inverse2
    out[11] += normalised2
    out[12] += normalised
    out[15] += inverse_variance
    return squares


@kernel
def _add_sum_features(by_sum: NDArray[np.float64], mean: float, out: NDArray[np.float64]) -> float:
    """Add the features of i + j; return cluster tendency."""
    prominence = shade = tendency = 0.0
    for k in range(2, by_sum.size):
        step = k - 2.0 * mean
        square = step * step * by_sum[k]
        tendency += square
        shade += square * step
        prominence += square * step * step
    out[1] += prominence
    out[2] += shade
    out[3] += tendency
    out[21] += 2.0 * mean
    out[22] += _entropy(by_sum)
    return tendency


@kernel
def _add_information_features(entropy: float, joint_entropy: float, out: NDArray[np.float64]) -> None:
    """For a symmetric matrix both HXY1 and HXY2 are twice the entropy of one pixel of the pair."""
    shared = 2.0 * entropy - joint_entropy
    if entropy > 0.0:
        out[13] -= shared / entropy
    if shared > 0.0:
        out[14] += math.sqrt(1.0 - math.exp(-2.0 * shared))


@kernel
def maximal_correlation(counts: NDArray[np.int32], by_level: NDArray[np.float64], total: int, occupied: int) -> float:
    """Maximal correlation coefficient: the second largest singular value of P / sqrt(p_i p_j).

    The largest is 1, with sqrt(p) as its vector; taking that out leaves the second one as the largest.
    """
    if occupied < 2:
        return 1.0
    level = np.flatnonzero(by_level)
    size = level.size
    root = np.sqrt(by_level[level])
    rest = np.empty((size, size))
    for i in range(size):
        row = rest[i]
        for j in range(size):
            row[j] = counts[level[i], level[j]]
        _take_first_out(row, total * root[i], root[i], root)
    return min(largest_magnitude(rest), 1.0)


@kernel
def _take_first_out(row: NDArray[np.float64], scale: float, share: float, root: NDArray[np.float64]) -> None:
    for j in range(row.size):
        row[j] = row[j] / (scale * root[j]) - share * root[j]
