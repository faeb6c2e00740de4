"""Masks and grey pictures as PNG, and masks as runs of pixels."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sonoher2.core.errors import InputError

FAST = 1
"""Level of compression: the page waits for the picture, the disk has room."""
Mask = NDArray[np.bool_]
MODES = ("1", "L")
DRAW = "Draw it on the picture of this case"


def png(values: NDArray[np.uint8]) -> bytes:
    """Write pixels as PNG: (rows, columns) grey, (rows, columns, 3) colours, or 4 with opacity."""
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "PNG", compress_level=FAST)
    return buffer.getvalue()


def grey_png(grey: NDArray[np.float64]) -> bytes:
    """Write grey values of 0 to 255, (rows, columns)."""
    return png(np.rint(grey).astype(np.uint8))


def mask_png(mask: Mask) -> bytes:
    """Write a mask, (rows, columns), as 0 and 255."""
    return png(np.where(mask, np.uint8(255), np.uint8(0)))


def mask_of(data: bytes) -> Mask:
    """Read a mask that `mask_png` wrote."""
    with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
        return np.asarray(image) > 0


def sent_mask(data: bytes, shape: tuple[int, int]) -> Mask:
    """Read a mask that somebody sent.

    Parameters
    ----------
    data
        PNG of one channel, 0 and 255.
    shape
        Rows and columns that it must have.

    Raises
    ------
    InputError
        It is no such file.
    """
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
            # before anything is unpacked: a small file may be a picture of any size
            if (image.height, image.width) != shape:
                raise _other_size(image.height, image.width, shape)
            if image.mode not in MODES or image.info.get("transparency") is not None:
                raise InputError("the mask has colours or opacity", fix="Send a PNG of one channel, 0 and 255")
            values = np.asarray(image.convert("L"))
    except InputError:
        raise
    # decoders raise anything on damaged bytes
    except Exception:
        raise InputError("the mask cannot be read", fix="Send a PNG of one channel, 0 and 255") from None
    if not np.isin(values, (0, 255)).all():
        raise InputError("the mask has values between 0 and 255", fix="Send 0 outside the lesion and 255 inside")
    return np.asarray(values == 255)


def runs_of(mask: Mask) -> list[int]:
    """Lengths of runs along rows, the first of background; it may be 0."""
    flat = mask.ravel()
    ends = np.flatnonzero(np.diff(flat)) + 1
    lengths = np.diff(np.concatenate([[0], ends, [flat.size]])).tolist()
    return [0, *lengths] if flat[0] else lengths


def mask_of_runs(runs: Sequence[int], rows: int, columns: int, shape: tuple[int, int]) -> Mask:
    """Make a mask of the lengths of its runs; the inverse of `runs_of`.

    Raises
    ------
    InputError
        The size is another one than `shape`, or the runs do not fill it.
    """
    if (rows, columns) != shape:
        raise _other_size(rows, columns, shape)
    lengths = np.asarray(runs, dtype=np.int64)
    if not lengths.size or lengths.min() < 0 or lengths.max() > rows * columns or lengths.sum() != rows * columns:
        raise InputError("the runs of the mask do not fill its rows and columns", fix="Send lengths that add up")
    return np.repeat(np.arange(lengths.size) % 2 == 1, lengths).reshape(shape)


def _other_size(rows: int, columns: int, shape: tuple[int, int]) -> InputError:
    return InputError(f"the mask has {rows} rows x {columns} columns and its image {shape[0]} x {shape[1]}", fix=DRAW)
