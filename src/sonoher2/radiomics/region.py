"""The geometry of one region, worked out once and shared by all image types."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sonoher2.radiomics.jit import kernel

Box = tuple[slice, slice]


class RegionGeometry(NamedTuple):
    """What the kernels need to know of a mask; a tuple with names, which they can be given whole.

    All arrays of level images are padded by one pixel on each side, so that no kernel needs a border case.

    Attributes
    ----------
    pixels
        Positions of the region's pixels in the flat image.
    padded_pixels
        The same positions in the flat padded image.
    spans
        (rows + 2, 2): first column of the region and the column after its last, in each row of the padded image.
    neighbours
        (rows + 2, columns + 2) uint8: how many of a pixel's eight neighbours lie in the region.
    directions
        (4,) bool: horizontal, vertical, diagonal, antidiagonal; True when a line in that direction holds more than
        one pixel of the region. pyradiomics leaves the other directions out of the run-length mean.
    """

    pixels: NDArray[np.intp]
    padded_pixels: NDArray[np.intp]
    spans: NDArray[np.intp]
    neighbours: NDArray[np.uint8]
    directions: NDArray[np.bool_]

    @property
    def size(self) -> int:
        """Number of pixels."""
        return int(self.pixels.size)


def bounding_box(mask: NDArray[np.bool_]) -> Box:
    """Rows and columns of a mask, (rows, columns), of at least one pixel."""
    rows = np.flatnonzero(mask.any(axis=1))
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    columns = np.flatnonzero(mask[top:bottom].any(axis=0))
    return slice(top, bottom), slice(int(columns[0]), int(columns[-1]) + 1)


def padded_mask(mask: NDArray[np.bool_], box: Box) -> NDArray[np.bool_]:
    """Cut a mask to a box and add a border of one empty pixel."""
    inside = mask[box]
    padded = np.zeros((inside.shape[0] + 2, inside.shape[1] + 2), bool)
    padded[1:-1, 1:-1] = inside
    return padded


def region_geometry(padded: NDArray[np.bool_]) -> RegionGeometry:
    """Prepare a mask of at least one pixel with a border of one empty pixel, (rows + 2, columns + 2)."""
    pixels, padded_pixels = np.empty((2, np.count_nonzero(padded)), np.intp)
    directions = np.zeros(4, bool)
    _positions(padded, pixels, padded_pixels, directions)
    return RegionGeometry(pixels, padded_pixels, _row_spans(padded), _neighbour_counts(padded), directions)


@kernel
def _positions(
    padded: NDArray[np.bool_],
    pixels: NDArray[np.intp],
    padded_pixels: NDArray[np.intp],
    directions: NDArray[np.bool_],
) -> None:
    rows, columns = padded.shape
    met = np.zeros((4, rows + columns), np.bool_)
    place = 0
    for y in range(1, rows - 1):
        for x in range(1, columns - 1):
            if not padded[y, x]:
                continue
            pixels[place] = (y - 1) * (columns - 2) + x - 1
            padded_pixels[place] = y * columns + x
            place += 1
            for direction, line in enumerate((y, x, x - y + rows, x + y)):
                directions[direction] |= met[direction, line]
                met[direction, line] = True


def _row_spans(padded: NDArray[np.bool_]) -> NDArray[np.intp]:
    filled = padded.any(axis=1)
    first = np.where(filled, padded.argmax(axis=1), 1)
    after = np.where(filled, padded.shape[1] - padded[:, ::-1].argmax(axis=1), 1)
    return np.stack([first, after], axis=1).astype(np.intp)


def _neighbour_counts(padded: NDArray[np.bool_]) -> NDArray[np.uint8]:
    ones = padded.astype(np.uint8)
    three = ones.copy()
    three[:, 1:] += ones[:, :-1]
    three[:, :-1] += ones[:, 1:]
    nine = three.copy()
    nine[1:] += three[:-1]
    nine[:-1] += three[1:]
    return nine - ones
