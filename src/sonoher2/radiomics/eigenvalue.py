"""The largest eigenvalue, in magnitude, of a small symmetric matrix."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sonoher2.radiomics.jit import fusing_kernel, kernel, summing_kernel


@kernel
def largest_magnitude(matrix: NDArray[np.float64]) -> float:
    """Largest absolute eigenvalue of a symmetric matrix, (n, n), which is overwritten.

    Householder's reduction to a tridiagonal matrix (Golub and Van Loan, Matrix Computations, 4th ed., 8.3.1), then
    bisection. It costs a fraction of a full decomposition. A reflection (1 - v v') M (1 - v v') = M - v w' - w v' is
    taken out of a row just when the next one looks at it, so that the matrix is passed once per reflection.
    """
    size = matrix.shape[0]
    diagonal = np.empty(size)
    beside = np.empty(size - 1)
    # v and w of the reflection that is still in the rows, and of the next
    v, w, next_v, next_w = np.zeros(size), np.zeros(size), np.zeros(size), np.zeros(size)
    for k in range(size):
        _reflect(matrix[k, k:], v[k], w[k], v[k:], w[k:])
        diagonal[k] = matrix[k, k]
        if k == size - 1:
            break
        left = k + 1
        beside[k] = _householder_vector(matrix[k, left:], next_v[left:])
        next_w[:] = 0.0
        for row in range(left, size):
            _reflect_and_add(matrix[row, left:], v[row], w[row], v[left:], w[left:], next_v[row], next_w[left:])
        _take_out(next_w[left:], 0.5 * _dot(next_w[left:], next_v[left:]), next_v[left:])
        v, w, next_v, next_w = next_v, next_w, v, w
    return _tridiagonal_radius(diagonal, beside)


@kernel
def _householder_vector(line: NDArray[np.float64], vector: NDArray[np.float64]) -> float:
    """Write v with v.v = 2 so that (1 - v v') maps `line` on the first axis, 0 where it is there; return its length.

    The length is signed.
    """
    length = math.sqrt(_dot(line, line))
    if length == 0.0:
        vector[:] = 0.0
        return 0.0
    turned = -math.copysign(length, line[0])
    scale = 1.0 / math.sqrt(length * (length + abs(line[0])))
    for i in range(line.size):
        vector[i] = line[i] * scale
    vector[0] = (line[0] - turned) * scale
    return turned


@summing_kernel
def _dot(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    total = 0.0
    for i in range(one.size):
        total += one[i] * other[i]
    return total


@fusing_kernel
def _reflect(
    line: NDArray[np.float64], one: float, other: float, v: NDArray[np.float64], w: NDArray[np.float64]
) -> None:
    for i in range(line.size):
        line[i] -= one * w[i] + other * v[i]


@fusing_kernel
def _reflect_and_add(
    line: NDArray[np.float64],
    one: float,
    other: float,
    v: NDArray[np.float64],
    w: NDArray[np.float64],
    factor: float,
    image: NDArray[np.float64],
) -> None:
    for i in range(line.size):
        now = line[i] - (one * w[i] + other * v[i])
        line[i] = now
        image[i] += factor * now


@fusing_kernel
def _take_out(line: NDArray[np.float64], factor: float, other: NDArray[np.float64]) -> None:
    for i in range(line.size):
        line[i] -= factor * other[i]


@kernel
def _tridiagonal_radius(diagonal: NDArray[np.float64], beside: NDArray[np.float64]) -> float:
    """Bisection: the radius is below x when both x - T and x + T are positive definite.

    Once one of the two is for some x, it is for all larger ones and need not be asked again.
    """
    low = 0.0
    high = 0.0
    for k in range(diagonal.size):
        reach = abs(diagonal[k])
        reach += abs(beside[k - 1]) if k > 0 else 0.0
        reach += abs(beside[k]) if k < beside.size else 0.0
        high = max(high, reach)
    above = below = True
    while high - low > 1e-12:
        middle = 0.5 * (low + high)
        still_above = above and not _definite(diagonal, beside, middle, 1.0)
        still_below = below and not _definite(diagonal, beside, middle, -1.0)
        if still_above or still_below:
            low = middle
            above, below = still_above, still_below
        else:
            high = middle
    return 0.5 * (low + high)


@kernel
def _definite(diagonal: NDArray[np.float64], beside: NDArray[np.float64], shift: float, sign: float) -> bool:
    """Whether shift - sign * T is positive definite: all pivots of its elimination are positive."""
    pivot: float = shift - sign * diagonal[0]
    for k in range(1, diagonal.size):
        if pivot <= 0.0:
            return False
        pivot = shift - sign * diagonal[k] - beside[k - 1] * beside[k - 1] / pivot
    return pivot > 0.0
