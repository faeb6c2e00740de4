"""A picture of any size within a square of one size, its aspect kept, and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sonoher2.images.pixels.image import Box


@dataclass(frozen=True)
class Letterbox:
    """Where a picture lies within the square.

    Attributes
    ----------
    shape
        Rows and columns of the picture.
    side
        Of the square, pixels.
    """

    shape: tuple[int, int]
    side: int

    @property
    def inner(self) -> tuple[int, int]:
        """Rows and columns of the picture within the square."""
        scale = self.side / max(self.shape)
        rows, columns = (max(1, round(length * scale)) for length in self.shape)
        return rows, columns

    @property
    def start(self) -> tuple[int, int]:
        """Row and column of the picture's first pixel within the square."""
        rows, columns = self.inner
        return (self.side - rows) // 2, (self.side - columns) // 2

    def place(self, at: tuple[int, int]) -> tuple[float, float]:
        """Row and column within the square of the middle of one of the picture's pixels."""
        scales = [inner / length for inner, length in zip(self.inner, self.shape, strict=True)]
        row, column = (
            start + (pixel + 0.5) * scale - 0.5 for start, pixel, scale in zip(self.start, at, scales, strict=True)
        )
        return row, column

    def part(self, box: Box) -> Box:
        """Rows and columns within the square of a part of the picture, at least one of each."""
        found = []
        for start, inner, length, part in zip(self.start, self.inner, self.shape, box, strict=True):
            first = min(round(part.start * inner / length), inner - 1)
            found.append(slice(start + first, start + max(first + 1, round(part.stop * inner / length))))
        rows, columns = found
        return rows, columns

    def put(self, picture: NDArray[np.floating]) -> NDArray[np.float32]:
        """Fit a picture (rows, columns) into the square (side, side); the rest is 0."""
        (rows, columns), (top, left) = self.inner, self.start
        square = np.zeros((self.side, self.side), np.float32)
        square[top : top + rows, left : left + columns] = resized(picture.astype(np.float32), (rows, columns))
        return square

    def take(self, square: NDArray[np.float32]) -> NDArray[np.float32]:
        """Cut the picture out of the square (side, side) and give it its own size (rows, columns)."""
        (rows, columns), (top, left) = self.inner, self.start
        return resized(np.ascontiguousarray(square[top : top + rows, left : left + columns]), self.shape)


def resized(picture: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Resize bilinearly to rows and columns; when it shrinks, over the whole of each new pixel's ground."""
    rows, columns = shape
    scaled = Image.fromarray(picture).resize((columns, rows), Image.Resampling.BILINEAR)
    return np.asarray(scaled, np.float32)
