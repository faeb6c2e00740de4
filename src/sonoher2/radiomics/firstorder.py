"""First-order statistics of a region's values."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sonoher2.radiomics.jit import kernel, summing_kernel
from sonoher2.radiomics.size_level import entropy_bits, x_log2_x

_BUCKETS = 1024
_FEW = 32
_PERCENTILES = (10.0, 25.0, 50.0, 75.0, 90.0)


@kernel
def firstorder_features(
    values: NDArray[np.float64],
    lowest: float,
    highest: float,
    level_counts: NDArray[np.int64],
    pixel_area: float,
    out: NDArray[np.float64],
) -> None:
    """Write the eighteen features in the order of the definitions.

    Parameters
    ----------
    values
        (n,), n at least 1, finite, any order.
    lowest, highest
        Their extremes.
    level_counts
        (levels + 1,), pixels of each grey level, for entropy and uniformity.
    pixel_area
        Area of a pixel, for total energy.
    out
        (18,), written.
    """
    count = values.size
    percentiles = _percentiles(values, lowest, highest)
    total, energy = _sums(values)
    mean = total / count
    spread, second, third, fourth = _central_moments(values, mean)
    flat = lowest == highest
    logs, squares = _level_sums(level_counts)
    out[0] = percentiles[0]
    out[1] = percentiles[4]
    out[2] = energy
    out[3] = entropy_bits(logs, count)
    out[4] = percentiles[3] - percentiles[1]
    out[5] = 0.0 if flat else fourth / (second * second)
    out[6] = highest
    out[7] = 0.0 if flat else spread
    out[8] = mean
    out[9] = percentiles[2]
    out[10] = lowest
    out[11] = highest - lowest
    spread, inside = _robust_spread(values, percentiles[0], percentiles[4])
    out[12] = 0.0 if flat else spread / inside
    out[13] = math.sqrt(energy / count)
    out[14] = 0.0 if flat else third / second**1.5
    out[15] = energy * pixel_area
    out[16] = squares / (float(count) * count)
    out[17] = 0.0 if flat else second


@summing_kernel
def _sums(values: NDArray[np.float64]) -> tuple[float, float]:
    total = 0.0
    energy = 0.0
    for i in range(values.size):
        total += values[i]
        energy += values[i] * values[i]
    return total, energy


@summing_kernel
def _central_moments(values: NDArray[np.float64], mean: float) -> tuple[float, float, float, float]:
    """Mean of |d|, d^2, d^3 and d^4, where d is the difference from the mean."""
    spread = second = third = fourth = 0.0
    for i in range(values.size):
        step = values[i] - mean
        square = step * step
        spread += abs(step)
        second += square
        third += square * step
        fourth += square * square
    count = values.size
    return spread / count, second / count, third / count, fourth / count


@summing_kernel
def _robust_spread(values: NDArray[np.float64], low: float, high: float) -> tuple[float, float]:
    """Sum of absolute deviations of the values in [low, high] from their mean, and their number."""
    total = 0.0
    count = 0.0
    for i in range(values.size):
        inside = 1.0 if (values[i] >= low) & (values[i] <= high) else 0.0
        total += values[i] * inside
        count += inside
    mean = total / max(count, 1.0)
    spread = 0.0
    for i in range(values.size):
        inside = 1.0 if (values[i] >= low) & (values[i] <= high) else 0.0
        spread += abs(values[i] - mean) * inside
    return spread, count


@kernel
def _level_sums(level_counts: NDArray[np.int64]) -> tuple[float, float]:
    logs = 0.0
    squares = 0.0
    for count in level_counts:
        logs += x_log2_x(count)
        squares += float(count) * count
    return logs, squares


@kernel
def _percentiles(values: NDArray[np.float64], lowest: float, highest: float) -> NDArray[np.float64]:
    """Five percentiles with linear interpolation, as numpy computes them."""
    wanted = len(_PERCENTILES)
    ranks = np.empty(2 * wanted, np.int64)
    parts = np.empty(wanted)
    for k in range(wanted):
        place = _PERCENTILES[k] / 100.0 * (values.size - 1)
        ranks[2 * k] = int(place)
        ranks[2 * k + 1] = min(int(place) + 1, values.size - 1)
        parts[k] = place - int(place)
    ordered = _values_of_rank(values, lowest, highest, ranks)
    percentiles = np.empty(wanted)
    for k in range(wanted):
        low, high, part = ordered[2 * k], ordered[2 * k + 1], parts[k]
        # numpy's interpolation starts from the nearer neighbour
        percentiles[k] = low + (high - low) * part if part < 0.5 else high - (high - low) * (1.0 - part)
    return percentiles


@kernel
def _values_of_rank(
    values: NDArray[np.float64], lowest: float, highest: float, ranks: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the values that would stand at `ranks` (rising) after sorting, sorting only the buckets that hold them."""
    bucket, filled = _fill_buckets(values, lowest, highest)
    # where in the kept values each wanted bucket begins and, while it is being filled, goes on; the rest goes last
    start = np.empty(ranks.size, np.int64)
    place = np.full(_BUCKETS, -1, np.int64)
    before = kept = k = 0
    for b in range(_BUCKETS):
        after = before + filled[b]
        if k < ranks.size and ranks[k] < after:
            place[b] = kept
            while k < ranks.size and ranks[k] < after:
                start[k] = kept - before
                k += 1
            kept += filled[b]
        before = after
    ordered = _kept(values, bucket, place, kept)
    first = 0
    for b in range(_BUCKETS):
        if place[b] >= 0:
            _sort(ordered[first : place[b]])
            first = place[b]
    result: NDArray[np.float64] = ordered[ranks + start]
    return result


@kernel
def _fill_buckets(
    values: NDArray[np.float64], lowest: float, highest: float
) -> tuple[NDArray[np.uint16], NDArray[np.int64]]:
    """Put each value into one of equal buckets from lowest to highest; count them."""
    bucket = np.empty(values.size, np.uint16)
    filled = np.zeros(_BUCKETS, np.int64)
    scale = (_BUCKETS - 1) / (highest - lowest) if highest > lowest else 0.0
    for i in range(values.size):
        bucket[i] = np.int32((values[i] - lowest) * scale)
    for i in range(bucket.size):
        filled[bucket[i]] += 1
    return bucket, filled


@kernel
def _kept(
    values: NDArray[np.float64], bucket: NDArray[np.uint16], place: NDArray[np.int64], size: int
) -> NDArray[np.float64]:
    """Return all values of the buckets that have a place, bucket by bucket; `place` then says where each ends."""
    chosen = np.empty(values.size, np.int32)
    count = 0
    for i in range(values.size):
        chosen[count] = i  # stays only if the bucket is wanted
        count += place[bucket[i]] >= 0
    kept = np.empty(size)
    for k in range(count):
        b = bucket[chosen[k]]
        kept[place[b]] = values[chosen[k]]
        place[b] += 1
    return kept


@kernel
def _sort(values: NDArray[np.float64]) -> None:
    """Sort in place; few values by insertion, and equal ones, as 8-bit images have many, not at all."""
    if values.size > _FEW:
        if (values != values[0]).any():
            values.sort()
        return
    for i in range(1, values.size):
        value = values[i]
        k = i
        while k > 0 and values[k - 1] > value:
            values[k] = values[k - 1]
            k -= 1
        values[k] = value
