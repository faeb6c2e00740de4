"""An array in memory as an image or a mask."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoher2.core.errors import InputError
from sonoher2.images.formats.raster import MaskValues
from sonoher2.images.pixels.decoded import (
    FrameChoice,
    Picture,
    chosen_frame,
    errors_name,
    grey_and_colour,
    require_size,
    require_unsigned,
)
from sonoher2.images.pixels.source import Provenance


def read_array(values: NDArray[Any], where: str, frame: FrameChoice) -> Picture:
    """Take an array as an image: white is 255, in an array of unsigned 16-bit numbers 65535.

    Parameters
    ----------
    values
        (rows, columns), or (rows, columns, 3) for red, green and blue.
    where
        What messages call it.
    frame
        None or 1: an array holds one image.

    Raises
    ------
    InputError
        The array has another shape, is too large, or its values have no defined white.
    """
    with errors_name(where, "an image"):
        values = _in_native_order(values)
        _require_image(values)
        chosen_frame(frame, 1)
        bits = 16 if values.dtype == np.uint16 else 8
        grey, colour = grey_and_colour(require_unsigned(values), 2**bits - 1)
        return Picture(grey, colour, "array", bits=bits, provenance=Provenance(where))


def array_mask(values: NDArray[Any], where: str) -> MaskValues:
    """Take an array as the values of a mask: yes and no, numbers, or colours of 0 to 255; errors as in `read_array`."""
    with errors_name(where, "a mask"):
        values = _in_native_order(values)
        _require_image(values)
        if values.dtype == np.bool_:
            return MaskValues(np.where(values, np.uint8(255), np.uint8(0)))
        if values.ndim == 3 and values.dtype != np.uint8:
            raise InputError("a mask in colours needs values of 0 to 255 (uint8)", fix="Give (rows, columns) instead")
        grey = values.ndim == 3 and bool((values == values[..., :1]).all())
        return MaskValues(values[..., 0] if grey else values)


def _require_image(values: NDArray[Any]) -> None:
    if values.ndim not in (2, 3) or values.shape[2:] not in ((), (3,)):
        raise InputError(
            f"an array of shape {values.shape} is no image", fix="Give (rows, columns), or (rows, columns, 3)"
        )
    require_size(*values.shape[:2])


def _in_native_order(values: NDArray[Any]) -> NDArray[Any]:
    """Give numbers in the byte order of this machine: files of other machines are opened in theirs."""
    return values.astype(values.dtype.newbyteorder("="), copy=False)
