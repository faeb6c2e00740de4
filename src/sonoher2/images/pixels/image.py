"""One ultrasound image in memory: grey values, the size of a pixel, and where it sits within its file."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoher2.core.errors import InputError
from sonoher2.images.pixels.geometry import Geometry
from sonoher2.images.pixels.source import NOWHERE, Provenance
from sonoher2.images.pixels.us_regions import TissueRegion

Box = tuple[slice, slice]
"""Rows and columns of a part of an image."""


@dataclass(frozen=True)
class UltrasoundImage:
    """A B-mode image, valid once constructed.

    Attributes
    ----------
    pixels
        (rows, columns), float64, grey in [0, 255].
    mm_per_pixel
        Row and column spacing in mm, or None when it is not known; within the `regions` alone, where there are any.
    colour
        (rows, columns), True where the file shows a colour: overlays, Doppler.
    format
        Of the file: ``PNG``, ``JPEG``, ``BMP``, ``TIFF``, ``DICOM``, ``NIfTI``, ``NRRD``, ``array``.
    file_shape
        Rows and columns of the picture in the file, before any crop.
    origin
        Row and column, in the file, of this image's first pixel.
    geometry
        Where the pixels of the file's picture lie, of NIfTI and NRRD.
    provenance
        The file, its frame, and how DICOM refers to it.
    regions
        Calibrated tissue regions of a DICOM file, in rows and columns of the file's picture.
    told
        Whether the user gave the size of a pixel.

    Raises
    ------
    InputError
        The values contradict each other or what is written above.
    """

    pixels: NDArray[np.float64]
    mm_per_pixel: tuple[float, float] | None
    colour: NDArray[np.bool_]
    format: str
    file_shape: tuple[int, int]
    origin: tuple[int, int] = (0, 0)
    geometry: Geometry | None = None
    provenance: Provenance = NOWHERE
    regions: tuple[TissueRegion, ...] = ()
    told: bool = False

    def __post_init__(self) -> None:
        problem = _pixel_problem(self.pixels) or _size_problem(self)
        if problem:
            raise InputError(problem, fix="Give grey values of 0 to 255 in a (rows, columns) array")

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.pixels.shape
        return rows, columns

    @property
    def box(self) -> Box:
        """Where this image sits within the picture of the file."""
        (row, column), (rows, columns) = self.origin, self.shape
        return slice(row, row + rows), slice(column, column + columns)

    def crop(self, of_file: NDArray[Any]) -> NDArray[Any]:
        """Cut from an array of the file's size, such as its mask, the part that this image shows.

        Raises
        ------
        InputError
            The array has another size than the picture in the file.
        """
        if of_file.shape[:2] != self.file_shape:
            raise InputError(
                f"an array has {size_text(of_file.shape)} and the image file {size_text(self.file_shape)}",
                fix="Give an array of the size of the image file",
            )
        return of_file[self.box]

    def cropped(self, box: Box) -> UltrasoundImage:
        """Keep the part within `box`, which counts from this image's first pixel."""
        row, column = (part.start or 0 for part in box)
        return replace(
            self,
            pixels=self.pixels[box],
            colour=self.colour[box],
            origin=(self.origin[0] + row, self.origin[1] + column),
        )


def size_text(shape: tuple[int, ...]) -> str:
    """Size in words: ``480 rows x 640 columns``."""
    return f"{shape[0]} rows x {shape[1]} columns"


def _pixel_problem(pixels: NDArray[np.float64]) -> str | None:
    if pixels.ndim != 2 or not pixels.size:
        return f"an image needs rows and columns, and the array has the shape {pixels.shape}"
    if pixels.dtype != np.float64:
        return f"pixels are float64, not {pixels.dtype}"
    # a NaN fails both comparisons
    if not (pixels.min() >= 0 and pixels.max() <= 255):
        return "grey values lie outside 0 to 255"
    return None


def _size_problem(image: UltrasoundImage) -> str | None:
    if image.colour.shape != image.pixels.shape or image.colour.dtype != np.bool_:
        return "the colour mask is not a boolean array of the size of the pixels"
    if image.mm_per_pixel is not None and not all(math.isfinite(mm) and mm > 0 for mm in image.mm_per_pixel):
        return f"the size of a pixel is {image.mm_per_pixel} mm, and must be above 0"
    ends = zip(image.origin, image.pixels.shape, image.file_shape, strict=True)
    if any(start < 0 or start + length > whole for start, length, whole in ends):
        return "the image lies outside the picture of its file"
    return None
