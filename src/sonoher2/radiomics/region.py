"""The geometry of one region, worked out once and shared by all image types."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


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


def region_geometry(mask: NDArray[np.bool_]) -> RegionGeometry:
    """Prepare a mask, (rows, columns), of at least one pixel."""
    padded = np.zeros((mask.shape[0] + 2, mask.shape[1] + 2), bool)
    padded[1:-1, 1:-1] = mask
    pixels = np.flatnonzero(mask)
    rows, columns = np.divmod(pixels, mask.shape[1])
    return RegionGeometry(
        pixels=pixels,
        padded_pixels=(rows + 1) * padded.shape[1] + columns + 1,
        spans=_row_spans(padded),
        neighbours=_neighbour_counts(padded),
        directions=_directions(rows, columns),
    )


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


def _directions(rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.bool_]:
    lines = (rows, columns, columns - rows + rows.max(), columns + rows)
    return np.array([np.bincount(line).max() > 1 for line in lines])
