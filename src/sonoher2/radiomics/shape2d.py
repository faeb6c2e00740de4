"""Shape of a region in the plane: marching squares, as pyradiomics."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sonoher2.radiomics.jit import kernel


@kernel
def shape2d_features(padded: NDArray[np.bool_], height: float, width: float, out: NDArray[np.float64]) -> None:
    """Write the nine features in the order of the definitions.

    Parameters
    ----------
    padded
        The region with a border of one empty pixel, (rows + 2, columns + 2).
    height, width
        Of a pixel.
    out
        (9,), written.

    Notes
    -----
    The contour cuts halfway between a pixel of the region and its neighbour outside (marching squares, after Lorensen
    and Cline 1987). Where two pixels touch only at a corner, it keeps them apart.
    """
    # everything is measured in pixel heights first: with square pixels the aspect is exactly 1
    aspect = width / height
    perimeter, area = _contour(padded, aspect)
    pixels, major, minor = _principal_variances(padded, aspect)
    perimeter *= height
    area *= height * width
    out[0] = math.sqrt(minor / major) if major > 0.0 else np.nan
    out[1] = 4.0 * math.sqrt(major) * height
    out[2] = _diameter(padded, aspect) * height
    out[3] = area
    out[4] = 4.0 * math.sqrt(minor) * height
    out[5] = perimeter
    out[6] = perimeter / area
    out[7] = pixels * height * width
    out[8] = 2.0 * math.sqrt(math.pi * area) / perimeter


@kernel
def _contour(padded: NDArray[np.bool_], aspect: float) -> tuple[float, float]:
    """Length of the contour in pixel heights, and area within it in pixels."""
    full = across = down = corners = cut = saddles = 0
    for y in range(padded.shape[0] - 1):
        for x in range(padded.shape[1] - 1):
            a, b, c, d = padded[y, x], padded[y, x + 1], padded[y + 1, x], padded[y + 1, x + 1]
            inside = np.int64(a) + b + c + d
            full += inside == 4
            corners += inside == 1
            cut += inside == 3
            across += inside == 2 and a == b
            down += inside == 2 and a == c
            saddles += inside == 2 and a == d
    diagonal = math.sqrt(0.25 + 0.25 * aspect * aspect)
    length = down + across * aspect + diagonal * (corners + cut + 2 * saddles)
    return length, full + 0.875 * cut + 0.5 * (down + across) + 0.25 * saddles + 0.125 * corners


@kernel
def _principal_variances(padded: NDArray[np.bool_], aspect: float) -> tuple[int, float, float]:
    """Find the number of pixels and the larger and smaller variance of their positions along the principal axes.

    Positions are in pixel heights.
    """
    pixels = 0
    sum_y = sum_x = sum_yy = sum_xx = sum_xy = 0
    for y in range(padded.shape[0]):
        for x in range(padded.shape[1]):
            if padded[y, x]:
                pixels += 1
                sum_y += y
                sum_x += x
                sum_yy += y * y
                sum_xx += x * x
                sum_xy += x * y
    # integers: exact up to this division
    square = float(pixels) * pixels
    var_y = (pixels * sum_yy - sum_y * sum_y) / square
    var_x = (pixels * sum_xx - sum_x * sum_x) / square * aspect * aspect
    cov = (pixels * sum_xy - sum_x * sum_y) / square * aspect
    middle = 0.5 * (var_x + var_y)
    reach = math.sqrt(0.25 * (var_x - var_y) ** 2 + cov * cov)
    return pixels, middle + reach, max(middle - reach, 0.0)


@kernel
def _diameter(padded: NDArray[np.bool_], aspect: float) -> float:
    """Largest distance between two points of the contour, in pixel heights.

    Only the outermost points of each half row can be it.
    """
    left, right = _outermost_points(padded)
    longest = 0.0
    for i in range(left.size):
        if right[i] < 0.0:
            continue
        for j in range(i, left.size):
            if right[j] < 0.0:
                continue
            down = 0.5 * (j - i)
            across = max(right[j] - left[i], right[i] - left[j]) * aspect
            longest = max(longest, down * down + across * across)
    return math.sqrt(longest)


@kernel
def _outermost_points(padded: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """First and last column where the contour crosses each pixel row (even) and the line below it (odd); -1: never."""
    rows, columns = padded.shape
    left = np.full(2 * rows, np.inf)
    right = np.full(2 * rows, -1.0)
    for y in range(rows - 1):
        for x in range(columns - 1):
            if padded[y, x] != padded[y, x + 1]:
                left[2 * y] = min(left[2 * y], x + 0.5)
                right[2 * y] = max(right[2 * y], x + 0.5)
            if padded[y, x] != padded[y + 1, x]:
                left[2 * y + 1] = min(left[2 * y + 1], x)
                right[2 * y + 1] = max(right[2 * y + 1], x)
    return left, right
