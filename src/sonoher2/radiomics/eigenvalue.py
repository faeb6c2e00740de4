"""The largest eigenvalue, in magnitude, of a small symmetric matrix."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sonoher2.radiomics.jit import kernel, summing_kernel


@kernel
def largest_magnitude(matrix: NDArray[np.float64]) -> float:
    """Largest absolute eigenvalue of a symmetric matrix, (n, n), which is overwritten.

    Householder's reduction to a tridiagonal matrix (Golub and Van Loan, Matrix Computations, 4th ed., 8.3.1), then
    bisection. It costs a fraction of a full decomposition, which would be a third of the time of all features.
    """
    size = matrix.shape[0]
    diagonal = np.empty(size)
    beside = np.zeros(size - 1)
    vector = np.empty(size)
    image = np.empty(size)
    for k in range(size - 1):
        diagonal[k] = matrix[k, k]
        left = size - k - 1
        beside[k] = _householder_vector(matrix[k, k + 1 :], vector[:left])
        if beside[k] != 0.0:
            _reflect(matrix[k + 1 :, k + 1 :], vector[:left], image[:left])
    diagonal[size - 1] = matrix[size - 1, size - 1]
    return _tridiagonal_radius(diagonal, beside)


@kernel
def _householder_vector(line: NDArray[np.float64], vector: NDArray[np.float64]) -> float:
    """Write v with v.v = 2 so that (1 - v v') maps `line` on the first axis; return its length there, signed."""
    length = math.sqrt(_dot(line, line))
    if length == 0.0:
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


@summing_kernel
def _reflect(matrix: NDArray[np.float64], vector: NDArray[np.float64], image: NDArray[np.float64]) -> None:
    """Replace M by (1 - v v') M (1 - v v')."""
    size = vector.size
    image[:] = 0.0
    for row in range(size):
        factor = vector[row]
        line = matrix[row]
        for i in range(size):
            image[i] += factor * line[i]
    half = 0.5 * _dot(image, vector)
    for i in range(size):
        image[i] -= half * vector[i]
    for row in range(size):
        one, other = vector[row], image[row]
        line = matrix[row]
        for i in range(size):
            line[i] -= one * image[i] + other * vector[i]


@kernel
def _tridiagonal_radius(diagonal: NDArray[np.float64], beside: NDArray[np.float64]) -> float:
    """Bisection: the radius is below x when both x - T and x + T are positive definite."""
    low = 0.0
    high = 0.0
    for k in range(diagonal.size):
        reach = abs(diagonal[k])
        reach += abs(beside[k - 1]) if k > 0 else 0.0
        reach += abs(beside[k]) if k < beside.size else 0.0
        high = max(high, reach)
    while high - low > 1e-12:
        middle = 0.5 * (low + high)
        if _definite(diagonal, beside, middle, 1.0) and _definite(diagonal, beside, middle, -1.0):
            high = middle
        else:
            low = middle
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
