"""Local binary pattern with eight neighbours at distance 1, uniform variant, as scikit-image computes it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sonoher2.radiomics.jit import kernel

# scikit-image rounds the coordinates of the neighbours to five places
_DIAGONAL = round(math.sqrt(0.5), 5)


def _uniform_codes() -> NDArray[np.uint8]:
    """Code of each pattern of eight bits: how many are set when they change at most twice on the way, else 9.

    The way goes from the first to the last bit and does not close the circle.
    """
    bits = (np.arange(256)[:, None] >> np.arange(8)) & 1
    changes = np.abs(np.diff(bits, axis=1)).sum(axis=1)
    return np.where(changes <= 2, bits.sum(axis=1), 9).astype(np.uint8)


_CODES = _uniform_codes()


def local_binary_pattern(pixels: NDArray[np.float64], box: tuple[slice, slice], codes: NDArray[np.float64]) -> None:
    """Codes 0 to 9 within a box (Ojala, Pietikäinen and Mäenpää 2002, doi 10.1109/TPAMI.2002.1017623).

    Parameters
    ----------
    pixels
        The whole image, (rows, columns); 0 outside.
    box
        Rows and columns to compute.
    codes
        The box's shape, written.
    """
    rows = np.arange(box[0].start - 1, box[0].stop + 1)
    columns = np.arange(box[1].start - 1, box[1].stop + 1)
    height, width = pixels.shape
    around = pixels.take(rows, 0, mode="clip").take(columns, 1, mode="clip")
    around[(rows < 0) | (rows >= height)] = 0.0
    around[:, (columns < 0) | (columns >= width)] = 0.0
    _patterns(around, _weights(rows[1:-1]), _weights(columns[1:-1]), codes)


def _weights(place: NDArray[np.intp]) -> NDArray[np.float64]:
    """(2, n): weight of the pixel after, when looking a diagonal step back and forth from each place.

    Computed from the absolute place, since its size decides the rounding and hence ties on flat tissue.
    """
    back, forth = place - _DIAGONAL, place + _DIAGONAL
    return np.stack([back - np.floor(back), forth - np.floor(forth)])


@kernel
def _patterns(
    around: NDArray[np.float64],
    row_weights: NDArray[np.float64],
    column_weights: NDArray[np.float64],
    codes: NDArray[np.float64],
) -> None:
    pattern = np.empty(codes.shape[1], np.uint8)
    back, forth = column_weights[0], column_weights[1]
    for y in range(codes.shape[0]):
        above, here, below = around[y], around[y + 1], around[y + 2]
        up, down = row_weights[0, y], row_weights[1, y]
        pattern[:] = 0
        _set_bit(here[2:], here, 0, pattern)
        _set_diagonal_bit(above[1:], here[1:], forth, up, here, 1, pattern)
        _set_bit(above[1:], here, 2, pattern)
        _set_diagonal_bit(above, here, back, up, here, 3, pattern)
        _set_bit(here, here, 4, pattern)
        _set_diagonal_bit(here, below, back, down, here, 5, pattern)
        _set_bit(below[1:], here, 6, pattern)
        _set_diagonal_bit(here[1:], below[1:], forth, down, here, 7, pattern)
        for x in range(pattern.size):
            codes[y, x] = _CODES[pattern[x]]


@kernel
def _set_bit(neighbour: NDArray[np.float64], here: NDArray[np.float64], bit: int, pattern: NDArray[np.uint8]) -> None:
    for x in range(pattern.size):
        pattern[x] |= np.uint8(neighbour[x] - here[x + 1] >= 0.0) << bit


@kernel
def _set_diagonal_bit(
    upper: NDArray[np.float64],
    lower: NDArray[np.float64],
    across: NDArray[np.float64],
    down: float,
    here: NDArray[np.float64],
    bit: int,
    pattern: NDArray[np.uint8],
) -> None:
    """Bilinear between four pixels, in scikit-image's order of operations."""
    for x in range(pattern.size):
        right = across[x]
        top = (1.0 - right) * upper[x] + right * upper[x + 1]
        bottom = (1.0 - right) * lower[x] + right * lower[x + 1]
        value = (1.0 - down) * top + down * bottom
        pattern[x] |= np.uint8(value - here[x + 1] >= 0.0) << bit
