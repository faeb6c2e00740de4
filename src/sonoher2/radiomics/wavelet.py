"""Undecimated wavelet transform of one level with the coiflet of order 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoher2.radiomics.jit import kernel

BANDS = ("LH", "HL", "HH", "LL")
"""Sub-bands in pyradiomics' order; the first letter is the filter along a row, the second the one along a column."""

# decomposition filters (Daubechies, Ten Lectures on Wavelets, 1992, table 8.1), to PyWavelets' digits; the high-pass
# filter mirrors the low-pass one
_LOW = (
    -0.015655728135791993, -0.07273261951252645, 0.3848648468648578,
    0.8525720202116004, 0.3378976624574818, -0.07273261951252645,
)  # fmt: skip
_HIGH = (-_LOW[5], _LOW[4], -_LOW[3], _LOW[2], -_LOW[1], _LOW[0])
_BEFORE, _AFTER = 2, 3


def wavelet_bands(pixels: NDArray[np.float64], box: tuple[slice, slice], bands: NDArray[np.float64]) -> None:
    """Sub-bands within a box, the image taken as periodic (an odd side first repeats its first line, as pyradiomics).

    Parameters
    ----------
    pixels
        The whole image, (rows, columns).
    box
        Rows and columns to compute.
    bands
        (4, rows, columns) of the box, written: LH, HL, HH and LL, equal to PyWavelets' `swtn` in every bit.
    """
    rows, columns = (_periodic(span, size) for span, size in zip(box, pixels.shape, strict=True))
    _transform(pixels.take(rows, 0).take(columns, 1), bands)


def _periodic(span: slice, size: int) -> NDArray[np.intp]:
    index = np.arange(span.start - _BEFORE, span.stop + _AFTER) % (size + size % 2)
    return np.where(index == size, 0, index)


@kernel
def _transform(around: NDArray[np.float64], bands: NDArray[np.float64]) -> None:
    rows, columns = bands.shape[1:]
    low = np.empty((rows + 5, columns))
    high = np.empty((rows + 5, columns))
    for y in range(rows + 5):
        _along_row(around[y], _LOW, low[y])
        _along_row(around[y], _HIGH, high[y])
    for y in range(rows):
        _along_column(low[y : y + 6], _HIGH, bands[0, y])
        _along_column(high[y : y + 6], _LOW, bands[1, y])
        _along_column(high[y : y + 6], _HIGH, bands[2, y])
        _along_column(low[y : y + 6], _LOW, bands[3, y])


@kernel
def _along_row(line: NDArray[np.float64], taps: tuple[float, ...], out: NDArray[np.float64]) -> None:
    for x in range(out.size):
        out[x] = (
            taps[0] * line[x + 5]
            + taps[1] * line[x + 4]
            + taps[2] * line[x + 3]
            + taps[3] * line[x + 2]
            + taps[4] * line[x + 1]
            + taps[5] * line[x]
        )


@kernel
def _along_column(lines: NDArray[np.float64], taps: tuple[float, ...], out: NDArray[np.float64]) -> None:
    a, b, c, d, e, f = lines[5], lines[4], lines[3], lines[2], lines[1], lines[0]
    for x in range(out.size):
        out[x] = taps[0] * a[x] + taps[1] * b[x] + taps[2] * c[x] + taps[3] * d[x] + taps[4] * e[x] + taps[5] * f[x]
