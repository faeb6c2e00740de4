"""Laplacian of Gaussian by recursive filters, as ITK and hence SimpleITK and pyradiomics compute it."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sonoher2.radiomics.jit import kernel, summing_kernel

REACH = 13.0
"""The filters' tails fall as exp(-1.37 d / sigma): 13 sigma away less than 2e-8 is left."""

_BLOCK = 16


def laplacians_of_gaussian(
    pixels: NDArray[np.float64], box: tuple[slice, slice], sigmas: list[float], out: NDArray[np.float64]
) -> None:
    """Scale-normalised Laplacians of Gaussians within a box.

    Parameters
    ----------
    pixels
        The whole image, (rows, columns), continued outside by its border pixels.
    box
        Rows and columns to compute; a filter looks at most `REACH` sigma around it.
    sigmas
        Widths of the Gaussians, pixels.
    out
        (sigmas, rows, columns) of the box, written with values of float32.

    Notes
    -----
    Fourth-order recursive approximation of the Gaussian and its second derivative (Deriche, INRIA RR-1893, 1993;
    Farnebäck and Westin 2006, doi 10.1007/s10851-006-8464-z). As in ITK, each direction is differentiated first and
    then smoothed across, with float32 in between: this is what makes the values equal to SimpleITK's in every bit but
    for the cut tail.
    """
    margins = [math.ceil(REACH * sigma) for sigma in sigmas]
    (rows, top), (columns, left) = (
        _widen(span, max(margins), size) for span, size in zip(box, pixels.shape, strict=True)
    )
    around = np.ascontiguousarray(pixels[rows, columns])
    turned = _transposed(around)
    here = slice(top, top + out.shape[1]), slice(left, left + out.shape[2])
    for sigma, margin, each in zip(sigmas, margins, out, strict=True):
        (rows, top), (columns, left) = (
            _widen(span, margin, size) for span, size in zip(here, around.shape, strict=True)
        )
        poles, smooth, smooth_back, curve, curve_back = _taps(sigma)
        near, near_turned = np.ascontiguousarray(around[rows, columns]), np.ascontiguousarray(turned[columns, rows])
        along_rows = _filtered(near_turned, left, each.shape[1], poles, curve, curve_back)
        along_rows = _filtered(_transposed(along_rows), top, each.shape[0], poles, smooth, smooth_back)
        along_columns = _filtered(near, top, each.shape[0], poles, curve, curve_back)
        along_columns = _filtered(_transposed(along_columns), left, each.shape[1], poles, smooth, smooth_back)
        _add_transposed(along_rows, along_columns, each)


def _widen(span: slice, margin: int, size: int) -> tuple[slice, int]:
    start = max(span.start - margin, 0)
    return slice(start, min(span.stop + margin, size)), span.start - start


@lru_cache(maxsize=64)
def _taps(sigma: float) -> NDArray[np.float64]:
    """(5, 4): poles; causal and anticausal taps of the smoothing; causal and anticausal taps of the derivative."""
    s = [math.sin(w / sigma) for w in (0.6681, 2.0787)]
    c = [math.cos(w / sigma) for w in (0.6681, 2.0787)]
    e = [math.exp(b / sigma) for b in (-1.3932, -1.3732)]
    poles = np.array([
        -2 * (e[1] * c[1] + e[0] * c[0]),
        4 * c[1] * c[0] * e[0] * e[1] + e[0] ** 2 + e[1] ** 2,
        -2 * c[0] * e[0] * e[1] ** 2 - 2 * c[1] * e[1] * e[0] ** 2,
        e[0] ** 2 * e[1] ** 2,
    ])  # fmt: skip

    def zeros(a1: float, b1: float, a2: float, b2: float) -> NDArray[np.float64]:
        return np.array([
            a1 + a2,
            e[1] * (b2 * s[1] - (a2 + 2 * a1) * c[1]) + e[0] * (b1 * s[0] - (a1 + 2 * a2) * c[0]),
            2 * e[0] * e[1] * ((a1 + a2) * c[1] * c[0] - b1 * c[1] * s[0] - b2 * c[0] * s[1])
            + a2 * e[0] ** 2 + a1 * e[1] ** 2,
            e[1] * e[0] ** 2 * (b2 * s[1] - a2 * c[1]) + e[0] * e[1] ** 2 * (b1 * s[0] - a1 * c[0]),
        ])  # fmt: skip

    gaussian = zeros(1.3530, 1.8151, -0.3531, 0.0902)
    second = zeros(-1.3563, 5.2318, 0.3446, -2.2355)
    smooth = gaussian / (2 * gaussian.sum() / (1 + poles.sum()) - gaussian[0])
    derivative = _normalised_second_derivative(gaussian, second, poles) * sigma**2
    return np.stack([poles, smooth, _anticausal(smooth, poles), derivative, _anticausal(derivative, poles)])


def _normalised_second_derivative(
    gaussian: NDArray[np.float64], second: NDArray[np.float64], poles: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Mix in the Gaussian so that a constant gives 0, and scale so that x^2 / 2 gives 1."""
    n = np.arange(4.0)
    pole_sum, pole_first, pole_second = 1 + poles.sum(), poles @ (n + 1), poles @ (n + 1) ** 2
    beta = -(2 * second.sum() - pole_sum * second[0]) / (2 * gaussian.sum() - pole_sum * gaussian[0])
    mixed = second + beta * gaussian
    total, first, square = mixed.sum(), mixed @ n, mixed @ n**2
    alpha = (
        square * pole_sum**2
        - pole_second * total * pole_sum
        - 2 * first * pole_first * pole_sum
        + 2 * pole_first**2 * total
    ) / pole_sum**3
    scaled: NDArray[np.float64] = mixed / alpha
    return scaled


def _anticausal(taps: NDArray[np.float64], poles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Taps of the backward pass of a symmetric filter; the middle pixel belongs to the forward pass."""
    result: NDArray[np.float64] = np.append(taps[1:], 0.0) - poles * taps[0]
    return result


@kernel
def _transposed(image: NDArray[np.float64]) -> NDArray[np.float64]:
    """Transpose into a new array, in blocks that stay in the cache."""
    rows, columns = image.shape
    out = np.empty((columns, rows))
    for top in range(0, rows, _BLOCK):
        for left in range(0, columns, _BLOCK):
            for x in range(left, min(left + _BLOCK, columns)):
                for y in range(top, min(top + _BLOCK, rows)):
                    out[x, y] = image[y, x]
    return out


@kernel
def _add_transposed(one: NDArray[np.float64], other: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Add values of float32 and round their sum."""
    rows, columns = one.shape
    for top in range(0, rows, _BLOCK):
        for left in range(0, columns, _BLOCK):
            for y in range(top, min(top + _BLOCK, rows)):
                for x in range(left, min(left + _BLOCK, columns)):
                    out[y, x] = np.float32(one[y, x] + other[x, y])


@kernel
def _filtered(
    image: NDArray[np.float64],
    start: int,
    count: int,
    poles: NDArray[np.float64],
    causal: NDArray[np.float64],
    anticausal: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Filter along the first axis, all columns together; return lines `start` to `start + count`.

    Never called by another kernel: there it would be compiled again, its sums in another order.

    The recursion 1 / poles runs over the image; four taps of its result make a line. Lines are rounded to float32,
    as ITK stores them.
    """
    size, width = image.shape
    out = np.empty((count, width))
    past = np.empty((5, width))
    steady = 1.0 / (1.0 + poles.sum())
    _fill(image[0], steady, past)
    for line in range(start + count):
        _recur(image[line], poles, line, past)
        if line >= start:
            _weigh(past, causal, line, out[line - start])
    _fill(image[size - 1], steady, past)
    for back in range(size - start):
        line = size - 1 - back
        if line < start + count:
            _add_rounded(past, anticausal, back - 1, out[line - start])
        _recur(image[line], poles, back, past)
    return out


@kernel
def _fill(line: NDArray[np.float64], steady: float, past: NDArray[np.float64]) -> None:
    """State of the recursion after endless repetition of one line."""
    for k in range(5):
        for i in range(line.size):
            past[k, i] = line[i] * steady


@kernel
def _last_four(
    past: NDArray[np.float64], step: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Results of a step and of the three before it."""
    return past[(step + 5) % 5], past[(step + 4) % 5], past[(step + 3) % 5], past[(step + 2) % 5]


@summing_kernel
def _recur(line: NDArray[np.float64], poles: NDArray[np.float64], step: int, past: NDArray[np.float64]) -> None:
    """One step of the recursion; the last five results go round in `past`."""
    a, b, c, d = poles[0], poles[1], poles[2], poles[3]
    first, second, third, fourth = _last_four(past, step - 1)
    out = past[step % 5]
    for i in range(out.size):
        out[i] = line[i] - a * first[i] - b * second[i] - c * third[i] - d * fourth[i]


@summing_kernel
def _weigh(past: NDArray[np.float64], taps: NDArray[np.float64], step: int, out: NDArray[np.float64]) -> None:
    a, b, c, d = taps[0], taps[1], taps[2], taps[3]
    first, second, third, fourth = _last_four(past, step)
    for i in range(out.size):
        out[i] = a * first[i] + b * second[i] + c * third[i] + d * fourth[i]


@summing_kernel
def _add_rounded(past: NDArray[np.float64], taps: NDArray[np.float64], step: int, out: NDArray[np.float64]) -> None:
    a, b, c, d = taps[0], taps[1], taps[2], taps[3]
    first, second, third, fourth = _last_four(past, step)
    for i in range(out.size):
        out[i] = np.float32(out[i] + a * first[i] + b * second[i] + c * third[i] + d * fourth[i])
