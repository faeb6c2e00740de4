"""What an image file holds, once its encoding is undone: grey values, colours, and the pixel size it states."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoher2.core.errors import InputError
from sonoher2.images.pixels.geometry import Geometry
from sonoher2.images.pixels.source import NOWHERE, Content, Provenance
from sonoher2.images.pixels.us_regions import TissueRegion

COLOUR_DIFFERENCE = 40
"""Grey levels between the strongest and the weakest of red, green and blue from which a pixel has a colour.

Scanners tint whole B-mode images blue or sepia by up to 30 levels; that is tissue, not an overlay.
"""
MAX_PIXELS = 40_000_000
"""No scanner comes near; a picture of so many takes some 0.5 GB while it is read."""
MAX_BYTES = 2**30
"""Of a file; cine loops included."""
DARKEST = 255 / 200
"""Grey value that the brightest pixel of a picture must reach: 8-bit values in a 16-bit file, and values of 0 to 1,
end below."""
DARKEST_DEEP = 64.0
"""The same for files of more than 8 bits: values of 8 bits in 10, or of 12 bits in 16, end below.

On 250 images of BUS-BRA and BrEaST the brightest pixel is 145 or more.
"""
COPY = "Copy or export the file again"
BLOCK = 2**20
"""Pixels that are turned from the file's values into grey at a time."""
LUMA = np.array([0.299, 0.587, 0.114])
"""Weights of red, green and blue (ITU-R BT.601-7, section 2.5.1)."""


@dataclass(frozen=True)
class SameFrame:
    """The frame of an image file for which a mask is wanted: which, counted from 1, of how many."""

    number: int = 1
    count: int = 1


ONLY_FRAME = SameFrame()
FrameChoice = int | SameFrame | None
"""A frame counted from 1; that of a mask's image; or the only one of a file."""


@dataclass(frozen=True)
class Picture:
    """One picture as its file states it.

    Attributes
    ----------
    grey
        (rows, columns), float64 in [0, 255].
    colour
        (rows, columns), True where red, green and blue differ visibly.
    format
        Of the file, as in `UltrasoundImage`.
    spacing
        mm per pixel of rows and columns stated for the whole picture, or None.
    regions
        Calibrated tissue regions of a DICOM file.
    geometry
        Where the pixels of a NIfTI or NRRD file lie.
    turned
        Whether a tag of the file asks for the stored picture to be turned or mirrored, which was done.
    bits
        That white has in the file; 8 where values are taken as they are.
    provenance
        Where it comes from.
    """

    grey: NDArray[np.float64]
    colour: NDArray[np.bool_]
    format: str
    spacing: tuple[float, float] | None = None
    regions: tuple[TissueRegion, ...] = ()
    geometry: Geometry | None = None
    turned: bool = False
    bits: int = 8
    provenance: Provenance = NOWHERE

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.grey.shape
        return rows, columns


def grey_and_colour(values: NDArray[Any], white: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Scale grey or colour values so that `white` becomes 255, and turn colour into grey.

    Parameters
    ----------
    values
        (rows, columns), or (rows, columns, 3) for red, green and blue.
    white
        The value of white.

    Returns
    -------
    Grey (rows, columns) in [0, 255]: ITU-R BT.601 luma where the three differ, their common value where they are
    equal; and (rows, columns), True where they differ by more than `COLOUR_DIFFERENCE`.
    """
    grey = np.empty(values.shape[:2])
    colour = np.zeros(values.shape[:2], dtype=bool)
    for rows in row_blocks(values.shape[:2]):
        grey[rows], colour[rows] = _block(values[rows], white)
    return grey, colour


def row_blocks(shape: tuple[int, ...]) -> Iterator[slice]:
    """Rows of a picture in parts of some `BLOCK` pixels: planes of real numbers of a whole picture take much memory."""
    step = max(1, BLOCK // shape[1])
    for first in range(0, shape[0], step):
        yield slice(first, min(first + step, shape[0]))


def _block(values: NDArray[Any], white: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    scaled = values.astype(np.float64)
    if white != 255:
        scaled *= 255.0 / white
    if scaled.ndim == 2:
        return scaled, np.zeros(scaled.shape, dtype=bool)
    # rows of maxima over three planes are an order faster than ptp along the last axis
    red, green, blue = (scaled[..., channel] for channel in range(3))
    spread = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    luma = np.where(spread == 0, red, red * LUMA[0] + green * LUMA[1] + blue * LUMA[2])
    return np.minimum(luma, 255.0), spread > COLOUR_DIFFERENCE


def require_size(rows: int, columns: int) -> None:
    """Refuse, before any pixel is decoded, a picture without pixels or one that no scanner makes.

    Raises
    ------
    InputError
        There are no pixels, or more than `MAX_PIXELS`.
    """
    if rows < 1 or columns < 1:
        raise InputError("the image has no pixels", fix="Export it again")
    if rows * columns > MAX_PIXELS:
        raise InputError(
            f"{rows} rows x {columns} columns is too large for an ultrasound image",
            fix=f"Give an image of at most {MAX_PIXELS // 1_000_000} million pixels",
        )


def require_unsigned(values: NDArray[Any]) -> NDArray[Any]:
    """Refuse signed and real-valued pixels that do not lie in 0 to 255, where they are taken as they are.

    Raises
    ------
    InputError
        As said.
    """
    if values.dtype not in (np.uint8, np.uint16) and not (values.min() >= 0 and values.max() <= 255):
        raise InputError(
            f"{values.dtype} values of {values.min():g} to {values.max():g} have no defined white",
            fix="Store grey values of 0 to 255",
        )
    return values


def require_light(grey: NDArray[np.float64], bits: int) -> None:
    """Refuse a picture whose values fill so little of the range of its file that white must be another value.

    A picture that is black all over passes: it is dark, but there is only one way to read it.

    Parameters
    ----------
    grey
        (rows, columns) in [0, 255].
    bits
        That white has in the file.

    Raises
    ------
    InputError
        The brightest pixel is above black and below `DARKEST`, or below `DARKEST_DEEP` in a file of more than 8 bits.
    """
    brightest = float(grey.max())
    share, darkest = (200, DARKEST) if bits <= 8 else (4, DARKEST_DEEP)
    if 0 < brightest < darkest:
        raise InputError(
            f"the values fill less than 1/{share} of the file's range (brightest pixel {brightest:.3g} of 255): values "
            "of fewer bits in a file of more, or values of 0 to 1",
            fix="Export the image with 8 bits, so that white is 255",
        )


def cut_short() -> InputError:
    """Give the error of a picture whose file ends before its pixels do, whatever the format."""
    return InputError("the picture is not whole: its data were cut short", fix=COPY)


def require_bytes(content: Content) -> None:
    """Refuse content larger than `MAX_BYTES` before it is opened.

    Raises
    ------
    InputError
        The file is larger, or is a pipe or a device, which may never end.
    """
    if content.is_special():
        raise InputError("this is no file on a disk", fix="Give the path of an image")
    if content.size() > MAX_BYTES:
        raise InputError(
            f"the file has more than {MAX_BYTES // 2**30} GB", fix="Export the image that shows the lesion on its own"
        )


def chosen_frame(frame: FrameChoice, frames: int) -> int:
    """Say which frame of a file is meant, counted from 1 as in DICOM: the one that is asked for, or the only one.

    Parameters
    ----------
    frame
        What is asked for, or None; of a mask, the frame of its image.
    frames
        How many the file has.

    Raises
    ------
    InputError
        There are several and none is asked for, the file has no such frame, or a mask has neither one frame nor as
        many as its image.
    """
    if isinstance(frame, SameFrame):
        if frames not in (1, frame.count):
            raise InputError(
                f"the mask has {frames} frames and its image {frame.count}",
                fix="Give the mask of this image as a file of one frame",
            )
        return 1 if frames == 1 else frame.number
    if frame is None and frames != 1:
        raise InputError(
            f"the file has {frames} frames, and nothing says which one is meant",
            fix="Give the frame on which the lesion was outlined, counted from 1: in the column `frame` of the images "
            "table, or beside the file's name",
            hint="frame",
        )
    chosen = 1 if frame is None else frame
    if not 1 <= chosen <= frames:
        raise InputError(
            f"frame {chosen} was asked for, and the file has {frames}", fix="Frames count from 1, as in DICOM"
        )
    return chosen


@contextmanager
def errors_name(where: str, kind: str) -> Iterator[None]:
    """Turn whatever a decoder raises on bad bytes into one sentence that names the file.

    Raises
    ------
    InputError
        Anything went wrong inside.
    """
    fix = "The file is damaged or not of this kind; open it in a viewer and export it again"
    try:
        yield
    except InputError as error:
        raise error.at(where) from None
    except FileNotFoundError:
        raise InputError("there is no such file", where=where, fix="Check the path") from None
    except IsADirectoryError:
        raise InputError("this is a folder, and no file", where=where, fix="Give the file in it") from None
    # decoders raise anything from struct.error to IndexError on damaged bytes
    except Exception as error:
        # what a decoder says of a DICOM file may quote a value of it
        said = "" if kind == "DICOM" else " ".join(str(error).split())[-200:]
        # that of Pillow names the stream by its place in memory
        said = "" if " object at 0x" in said else said
        raise InputError(f"cannot be read as {kind} ({said or type(error).__name__})", where=where, fix=fix) from error
