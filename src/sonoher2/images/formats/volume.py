"""Reading NIfTI and NRRD files that hold one two-dimensional image."""

from __future__ import annotations

import numpy as np

from sonoher2.images.formats.slices import Slice
from sonoher2.images.pixels.decoded import (
    FrameChoice,
    Picture,
    chosen_frame,
    errors_name,
    grey_and_colour,
    require_unsigned,
)
from sonoher2.images.pixels.source import Content, Provenance


def read_volume(content: Content, kind: str, frame: FrameChoice) -> Picture:
    """Read a two-dimensional image, or a volume of one slice, as grey values of 0 to 255.

    8-bit values are taken as they are and unsigned 16-bit values are scaled linearly, 65535 to 255. Signed and
    real-valued pixels have no defined white: they are taken as they are if they lie in 0 to 255.

    Raises
    ------
    InputError
        The file is damaged or cut short, is a true volume, or its values lie outside 0 to 255.
    """
    with errors_name(content.where, kind):
        chosen_frame(frame, 1)
        read = read_slice(content, kind)
        bits = 16 if read.values.dtype == np.uint16 else 8
        grey, colour = grey_and_colour(require_unsigned(read.values), 2**bits - 1)
        origin = Provenance(content.where)
        return Picture(grey, colour, kind, read.spacing, geometry=read.geometry, bits=bits, provenance=origin)


def read_slice(content: Content, kind: str) -> Slice:
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

        return read_nifti(content)
    from sonoher2.images.formats.nrrd import read_nrrd

    return read_nrrd(content)
