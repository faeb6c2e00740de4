"""The square of an ultrasound image that a network sees: the lesion and what surrounds it, never stretched."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from sonoher2.core.errors import InputError

MaskUse = Literal["none", "channel", "blank"]
"""What is done with the mask: nothing, the third channel, or all outside it set to zero."""

WindowPlace = Literal["centred", "inside"]
"""Where the window lies: see `square_window`."""

Crop = NDArray[np.uint8]
"""Shape (2, size, size): grey values 0 to 255, and the mask as 0 to 255."""


def lesion_crop(
    pixels: ArrayLike, mask: ArrayLike, *, size: int, margin: float = 0.3, window: WindowPlace = "centred"
) -> Crop:
    """Cut a square window around the lesion and bring it to the network's size.

    The side of the window is the longer side of the lesion's bounding box and `margin` of that side on either hand.
    Where it leaves the image it is black. Height and width are scaled alike.

    Parameters
    ----------
    pixels
        Shape (rows, columns), 0 to 255.
    mask
        Shape (rows, columns), true inside the lesion.
    size
        Side of the result, pixels.
    margin
        Share of the lesion's longer side that is kept on each of the four sides.
    window
        See `square_window`.

    Raises
    ------
    InputError
        The mask is empty, or image and mask differ in shape.
    """
    grey, inside = np.asarray(pixels, np.float32), np.asarray(mask, bool)
    if grey.shape != inside.shape or grey.ndim != 2:
        raise InputError(f"the image has shape {grey.shape}, its mask {inside.shape}", fix="Give the image's own mask")
    if not inside.any():
        raise InputError("the mask is empty", fix="Outline the lesion, or leave the image out")
    square = square_window(inside, margin, window)
    layers = [_resized(layer, square, size) for layer in (grey, inside.astype(np.float32) * 255)]
    return np.clip(np.rint(np.stack(layers)), 0, 255).astype(np.uint8)


def square_window(mask: NDArray[np.bool_], margin: float, place: WindowPlace = "centred") -> tuple[float, float, float]:
    """Top, left and side of the window around a lesion, pixels; it may reach beyond the image.

    Parameters
    ----------
    mask
        Shape (rows, columns), not empty.
    margin
        See `lesion_crop`.
    place
        ``centred`` on the lesion's bounding box; ``inside``: shifted so that it leaves the image nowhere, and no larger
        than the image is high and wide, unless the lesion itself is.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    height, width = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
    side = float(max(height, width)) * (1 + 2 * margin)
    if place == "inside":
        side = min(side, float(max(min(mask.shape), height, width)))
    top, left = rows[0] + height / 2 - side / 2, columns[0] + width / 2 - side / 2
    if place == "inside":
        top, left = (_inside(start, side, length) for start, length in zip((top, left), mask.shape, strict=True))
    return (top, left, side)


def _inside(start: float, side: float, length: int) -> float:
    """Start of a stretch of `side` within `length`; centred where it is longer."""
    return min(max(start, 0.0), length - side) if side <= length else start


def _resized(layer: NDArray[np.float32], window: tuple[float, float, float], size: int) -> NDArray[np.float32]:
    """Antialiased bilinear resampling of the window; black beyond the image."""
    top, left, side = window
    beyond = int(np.ceil(max(0.0, -top, -left, top + side - layer.shape[0], left + side - layer.shape[1])))
    padded = Image.fromarray(np.pad(layer, beyond))
    box = (left + beyond, top + beyond, left + beyond + side, top + beyond + side)
    return np.asarray(padded.resize((size, size), Image.Resampling.BILINEAR, box=box))


def mirrored(crop: Crop) -> Crop:
    """Crop with left and right exchanged, which an ultrasound image may be; never with top and bottom."""
    return np.ascontiguousarray(crop[..., ::-1])


def three_channels(crops: ArrayLike, mask: MaskUse = "none") -> NDArray[np.float32]:
    """Three channels, 0 to 1, as a network trained on colour photographs wants them.

    Parameters
    ----------
    crops
        Shape (images, 2, size, size) from `lesion_crop`.
    mask
        ``none``: grey three times; ``channel``: grey, grey, mask; ``blank``: grey three times, 0 outside the lesion.

    Returns
    -------
    Shape (images, 3, size, size).
    """
    layers = np.asarray(crops, np.float32) / 255
    grey = layers[:, 0] * layers[:, 1] if mask == "blank" else layers[:, 0]
    return np.stack([grey, grey, layers[:, 1] if mask == "channel" else grey], axis=1)


def as_crops(patients: Sequence[ArrayLike], size: int) -> list[list[Crop]]:
    """Crops of each patient, checked; a crop without a mask gets one that covers all of it.

    Parameters
    ----------
    patients
        One array per patient, (images, 2, size, size) or (images, size, size), 0 to 255.
    size
        Side of a crop, pixels.

    Raises
    ------
    InputError
        A patient without crops, or crops of another shape.
    """
    return [_checked(np.asarray(crops), size, number) for number, crops in enumerate(patients)]


def _checked(crops: NDArray[Any], size: int, number: int) -> list[Crop]:
    if crops.ndim == 3:
        crops = np.stack([crops, np.full_like(crops, 255)], axis=1)
    if crops.ndim != 4 or len(crops) == 0 or crops.shape[1:] != (2, size, size):
        raise InputError(
            f"the crops have shape {crops.shape}, not (images, 2, {size}, {size})",
            where=f"patient {number + 1}",
            fix="Make them with `lesion_crop` of the same size",
        )
    return list(np.clip(np.rint(crops), 0, 255).astype(np.uint8))


def read_crop(path: Path) -> NDArray[np.uint8]:
    """Read a crop, (2, size, size)."""
    return np.asarray(np.load(path, allow_pickle=False))
