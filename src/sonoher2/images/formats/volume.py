"""Reading NIfTI and NRRD files that hold one two-dimensional image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoher2.core.errors import InputError
from sonoher2.images.formats.decoded import FrameChoice, Picture, chosen_frame, errors_name, grey_and_colour
from sonoher2.images.formats.slices import Slice


def read_volume(path: Path, kind: str, frame: FrameChoice) -> Picture:
    """Read a two-dimensional image, or a volume of one slice, as grey values of 0 to 255.

    8-bit values are taken as they are and unsigned 16-bit values are scaled linearly, 65535 to 255. Signed and
    real-valued pixels have no defined white: they are taken as they are if they lie in 0 to 255.

    Raises
    ------
    InputError
        The file is damaged or cut short, is a true volume, or its values lie outside 0 to 255.
    """
    with errors_name(path, kind):
        chosen_frame(frame, 1)
        read = read_slice(path, kind)
        bits = 16 if read.values.dtype == np.uint16 else 8
        grey, colour = grey_and_colour(_unsigned(read.values), 2**bits - 1)
        return Picture(grey, colour, kind, read.spacing, geometry=read.geometry, bits=bits)


def read_slice(path: Path, kind: str) -> Slice:
    """Read the stored values of one slice, and where they lie.

    The file's first axis is the image's columns, as in ITK. Headers are checked before a pixel is read, and no more
    of the file is read than the header says.

    Raises
    ------
    InputError
        The file is cut short, is a true volume, or has neither one nor three values per pixel.
    """
    if kind == "NIfTI":
        from sonoher2.images.formats.nifti import read_nifti

        return read_nifti(path)
    from sonoher2.images.formats.nrrd import read_nrrd

    return read_nrrd(path)


def _unsigned(values: NDArray[Any]) -> NDArray[Any]:
    if values.dtype not in (np.uint8, np.uint16) and not (values.min() >= 0 and values.max() <= 255):
        raise InputError(
            f"{values.dtype} values of {values.min():g} to {values.max():g} have no defined white",
            fix="Store grey values of 0 to 255",
        )
    return values
