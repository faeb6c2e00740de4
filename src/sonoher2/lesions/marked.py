"""Which pixels of a mask file are the lesion: two values, one of several labels, or soft edges."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonoher2.core.errors import InputError
from sonoher2.images.formats.raster import MaskValues

Mask = NDArray[np.bool_]

LARGEST_LABEL = 20
"""Whole numbers up to this are labels, never grey levels: no program draws white as 20."""
FAINTEST = 32
"""A JPEG file whose brightest pixel is darker shows nothing but the noise of its compression."""
FEW_VALUES = 8
"""A mask of at most so many values was hardly smeared; then each of its flat regions may be a label."""
SMEAR = 0.15
"""Share of full intensity by which compression moves the values of flat regions at the most."""
SMALLEST_SHARE = 0.005
"""Of the marked pixels; flat regions that a smear leaves stay below."""
SMALLEST_PART = 4
"""Pixels of a part of one value that stands alone."""
MOST_GREY = 0.5
"""Share of the marked pixels that may lie between a quarter and three quarters of full intensity."""
MOST_GREY_OF_ALL = 0.25
"""Share of all pixels that may be neither near black nor near full intensity.

On 441 images of BUS-BRA and BrEaST it is 0.36 or more; on 222 of their masks, blurred or enlarged, 0.11 or less.
"""
STRAY = 0.001
"""Share of the marked pixels; soft edges are more, and a mask with fewer faint pixels was drawn in one value."""
SAME_HUE, SAME_HUE_SMEARED, MOST_OTHER = 0.15, 0.3, 0.02
"""Colours are one hue if red, green and blue, each divided by the largest, differ by no more; some pixels may."""
MOST_NAMED = 8


def marked_pixels(mask: MaskValues, label: str | None = None) -> Mask:
    """Find the lesion in the values of a mask.

    A mask of two values is lesion wherever it is not black, 0 or transparent. In a mask with soft edges the lesion
    is what reaches half of the mask's own full intensity. Of several labels or colours one must be chosen.

    Parameters
    ----------
    mask
        As stored.
    label
        A number, or a colour such as ``#ff0000``. A mask of black and white alone has no labels, and is taken as it is.

    Returns
    -------
    (rows, columns), True in the lesion; may be empty.

    Raises
    ------
    InputError
        There are several labels and none is chosen, no pixel has the label, or the values are no mask.
    """
    if mask.values.dtype.kind == "f" and not np.isfinite(mask.values).all():
        raise InputError("the mask has pixels that are not numbers", fix="Save it with 0 and 1")
    code, intensity = _codes(mask)
    marked = np.asarray(intensity > 0)
    if not marked.any() or (mask.lossy and intensity.max() < FAINTEST):
        return np.zeros(code.shape, dtype=bool)
    present = np.unique(code[marked])
    black_and_white = mask.lossy or (len(present) == 1 and _name(mask, present[0]) in ("255", "#ffffff"))
    if label is not None and not black_and_white:
        return _labelled(mask, code, present, label) & marked
    if len(present) == 1:
        return marked
    labels = _labels(mask, code, intensity, present)
    if len(labels) > 1:
        raise InputError(
            f"the mask has several labels ({_names(mask, labels)})",
            fix="Choose the lesion's: `mask_label` under `images` in the study file",
            hint="mask label",
        )
    return _upper_half(mask, intensity)


def _codes(mask: MaskValues) -> tuple[NDArray[Any], NDArray[Any]]:
    """Give a number for each pixel's value; and the value's intensity, 0 for background."""
    values = mask.values
    if values.ndim == 2:
        # a negative number is a label, and no darkness
        return values, np.abs(values) if values.dtype.kind in "if" else values
    intensity = values.max(axis=2)
    if mask.labels is not None:
        return mask.labels, intensity
    red, green, blue = (values[..., channel].astype(np.uint32) for channel in range(3))
    return red << 16 | green << 8 | blue, intensity


def _name(mask: MaskValues, code: Any) -> str:
    hue = mask.values.ndim == 3 and mask.labels is None
    return f"#{int(code):06x}" if hue else f"{code:g}"


def _names(mask: MaskValues, codes: NDArray[Any]) -> str:
    return ", ".join(_name(mask, code) for code in codes[:MOST_NAMED]) + (", ..." if len(codes) > MOST_NAMED else "")


def _labelled(mask: MaskValues, code: NDArray[Any], present: NDArray[Any], label: str) -> Mask:
    wanted = label.strip().lower()
    chosen = [one for one in present if _name(mask, one) == wanted]
    if not chosen:
        raise InputError(
            f"no pixel of the mask has the label {label}; it has {_names(mask, present)}",
            fix="Choose one of these: `mask_label` under `images` in the study file",
            hint="mask label",
        )
    return np.asarray(code == chosen[0])


def _labels(mask: MaskValues, code: NDArray[Any], intensity: NDArray[Any], present: NDArray[Any]) -> NDArray[Any]:
    """Values that mark a region each, not an edge: small whole numbers, negative ones, and flat regions."""
    small = present.max() <= LARGEST_LABEL and np.array_equal(present, np.rint(present))
    if mask.values.ndim == 2 and (small or present.min() < 0):
        return present
    inner = _flat(code) & (intensity > 0)
    flat, first, counts = np.unique(code[inner], return_index=True, return_counts=True)
    brightness = intensity[inner][first].astype(np.float64) / float(intensity.max())
    between = (brightness > SMEAR) & (brightness < 1 - SMEAR)
    large = counts >= SMALLEST_SHARE * np.count_nonzero(intensity)
    if len(present) == 2 and not mask.lossy and _two_levels(intensity[intensity > 0]):
        return present
    if len(present) <= FEW_VALUES and not mask.lossy:
        return np.unique(np.concatenate([flat[between | large], _standing_alone(code, intensity)]))
    # in a smeared mask flat regions near black and near full intensity are noise, and all of the latter one label
    return np.concatenate([flat[between & large], flat[~between & (brightness >= 1 - SMEAR)][-1:]])


def _two_levels(drawn: NDArray[Any]) -> bool:
    """Whether the fainter of two values is grey and more than single pixels: a soft edge has more values than one."""
    faint = drawn < drawn.max()
    grey = SMEAR < float(drawn.min()) / float(drawn.max()) < 1 - SMEAR
    return grey and bool(faint.mean() > SMALLEST_SHARE)


def _flat(code: NDArray[Any]) -> Mask:
    """Pixels that have the value of all their eight neighbours."""
    across, down = code[:, 1:] == code[:, :-1], code[1:] == code[:-1]
    flat = np.zeros(code.shape, dtype=bool)
    if min(code.shape) >= 3:
        rows = across[:, 1:] & across[:, :-1]
        flat[1:-1, 1:-1] = rows[:-2] & rows[1:-1] & rows[2:] & down[:-1, 1:-1] & down[1:, 1:-1]
    return flat


def _standing_alone(code: NDArray[Any], intensity: NDArray[Any]) -> NDArray[Any]:
    """Values of parts that have one value throughout and touch no other."""
    parts, count = ndimage.label(intensity > 0, np.ones((3, 3), dtype=int))
    every = np.arange(1, count + 1)
    low, high = (np.asarray(find(code, parts, every)) for find in (ndimage.minimum, ndimage.maximum))
    bright = np.asarray(ndimage.maximum(intensity, parts, every)) > SMEAR * float(intensity.max())
    large = np.bincount(parts.ravel(), minlength=count + 1)[1:] >= SMALLEST_PART
    return np.unique(low[(low == high) & bright & large]).astype(code.dtype)


def _upper_half(mask: MaskValues, intensity: NDArray[Any]) -> Mask:
    """Pixels of at least half of the mask's own full intensity.

    Raises
    ------
    InputError
        Most of it is grey, or it has several colours: a photograph and no mask.
    """
    bright = intensity[intensity >= intensity.max() / 2]
    full = float(np.median(bright))
    if mask.values.dtype == np.uint8 and full >= (1 - SMEAR) * 255:
        full = 255.0
    drawn = intensity[intensity >= full / 4]
    grey = (intensity >= SMEAR * full) & ((intensity < (1 - SMEAR) * full) | (intensity > (1 + SMEAR) * full))
    many = float((drawn < 0.75 * full).mean()) > MOST_GREY or float(grey.mean()) > MOST_GREY_OF_ALL
    if many or not _one_hue(mask, intensity >= full / 2):
        raise InputError(
            "most of the mask is grey, or it has several colours, as a picture has",
            fix="Give the mask, not the image: the lesion in one colour on black",
        )
    stray = float((intensity[intensity > 0] < full / 2).mean()) < STRAY
    return np.asarray(intensity > 0 if stray else intensity >= full / 2)


def _one_hue(mask: MaskValues, bright: Mask) -> bool:
    if mask.values.ndim == 2:
        return True
    colours = mask.values[bright].astype(np.float64)
    hues = colours / colours.max(axis=1, keepdims=True)
    apart = np.abs(hues - np.median(hues, axis=0)).max(axis=1)
    return bool((apart > (SAME_HUE_SMEARED if mask.lossy else SAME_HUE)).mean() <= MOST_OTHER)
