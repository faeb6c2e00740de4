"""From probabilities to one lesion: which part of the map it is, its outline, and how far to trust it."""

from __future__ import annotations

import operator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonoher2.core.errors import InputError
from sonoher2.images.pixels.image import Box, size_text
from sonoher2.lesions.mask import EIGHT_NEIGHBOURS, Mask
from sonoher2.segmentation.segmenter import Segmenter

Probability = NDArray[np.float32]

THRESHOLD = 0.5
"""Probability from which a pixel is lesion."""
LEAST_CONFIDENCE = 0.5
"""Below it nothing counts as found, unless a click or a box says that there is a lesion."""
LEAST_SHARE = 0.0004
"""Of the image; smaller parts are no lesion: some 2 mm of a usual field of view."""
REACH = 0.05
"""Of the image's longer side; so near to a click the lesion may begin."""
LEAST_PROMPTED = 0.05
"""Highest probability under a click or within a box below which even a prompt finds nothing."""
FLAT = 2.0
"""Range of grey values, in levels, up to which an image shows nothing."""


@dataclass(frozen=True)
class Segmentation:
    """The lesion of one image.

    Attributes
    ----------
    mask
        (rows, columns), True in the lesion; nowhere when none was found.
    probability
        (rows, columns), 0 to 1.
    confidence
        Dice that the mask would have if each pixel's probability were true, 0 to 1; of the best candidate when none
        was found, 0 without one.
    found
        Whether there is a lesion.
    """

    mask: Mask
    probability: Probability
    confidence: float
    found: bool


def segment_lesion(
    segmenter: Segmenter,
    pixels: NDArray[np.floating],
    *,
    at: tuple[int, int] | None = None,
    box: Box | None = None,
) -> Segmentation:
    """Segmentation one lesion: the one clicked at or boxed, else the largest.

    Parameters
    ----------
    segmenter
        See `load_segmenter`.
    pixels
        (rows, columns), grey in [0, 255].
    at
        Row and column within the lesion.
    box
        Rows and columns around the lesion.

    Raises
    ------
    InputError
        The click or the box lies outside the image or is not one of whole pixels, or both were given.
    """
    at = whole_pixels(at)
    # an array of another shape is refused by the segmenter
    _check_prompt(pixels.shape[:2], at, box)
    probability = segmenter.probability(pixels, at=at, box=box)
    if np.ptp(pixels) <= FLAT:
        probability = np.zeros_like(probability)
    return choose(probability, at=at, box=box)


def choose(probability: Probability, *, at: tuple[int, int] | None = None, box: Box | None = None) -> Segmentation:
    """Choose one lesion from a probability map; parameters as in `segment_lesion`."""
    inside = _within(probability, box)
    at = at and (_nearest(_large(inside >= THRESHOLD), at) or at)
    prompted = inside if at is None else inside[at[0] : at[0] + 1, at[1] : at[1] + 1]
    told = at is not None or box is not None
    level = _level(float(prompted.max()), at, box)
    mask = _part(inside >= level, at)
    confidence = expected_dice(probability, mask)
    large = bool(_large(mask).any())
    sure = float(prompted.max()) >= LEAST_PROMPTED if told else confidence >= LEAST_CONFIDENCE
    if not (large and sure):
        return Segmentation(np.zeros_like(mask), probability, confidence, found=False)
    return Segmentation(mask, probability, confidence, found=True)


def _level(highest: float, at: tuple[int, int] | None, box: Box | None) -> float:
    """Probability from which a pixel is lesion, given the highest one where the prompt says that there is one."""
    if (at is None and box is None) or (at is not None and highest >= THRESHOLD):
        return THRESHOLD
    # a prompt knows better than the network that there is a lesion: its level falls until one appears
    return max(min(THRESHOLD, highest / 2), 1e-6)


def _large(mask: Mask) -> Mask:
    """Parts of a mask that are large enough for a lesion."""
    labels, _ = ndimage.label(mask, EIGHT_NEIGHBOURS)
    large = np.bincount(labels.ravel()) >= LEAST_SHARE * mask.size
    large[0] = False
    return np.asarray(large[labels])


def _nearest(mask: Mask, at: tuple[int, int]) -> tuple[int, int] | None:
    """Pixel of a mask that is nearest to a place; None where none is near."""
    if not mask.any():
        return None
    distances, places = ndimage.distance_transform_edt(~mask, return_indices=True)
    if distances[at] > REACH * max(mask.shape):
        return None
    row, column = places[(slice(None), *at)]
    return int(row), int(column)


def expected_dice(probability: Probability, mask: Mask) -> float:
    """Dice between a mask and a lesion whose pixels are independent with these probabilities; 0 for an empty mask.

    Both sums of Dice's ratio are replaced by their expected values.
    """
    area = np.count_nonzero(mask)
    if not area:
        return 0.0
    total = probability.sum(dtype=np.float64)
    return float(2 * probability[mask].sum(dtype=np.float64) / (area + total))


def whole_pixels(at: tuple[int, int] | None) -> tuple[int, int] | None:
    """Row and column of a click as plain whole numbers.

    Raises
    ------
    InputError
        They are not two whole numbers.
    """
    if at is None:
        return None
    try:
        row, column = map(operator.index, at)
    except (TypeError, ValueError):
        raise InputError(f"the click {at} is not a row and a column", fix="Give two whole numbers, from 0") from None
    return row, column


def whole_box(box: Box | None) -> Box | None:
    """Rows and columns of a box as slices of plain whole numbers.

    Raises
    ------
    InputError
        They are not two slices, or not of whole numbers.
    """
    if box is None:
        return None
    try:
        rows, columns = (slice(operator.index(part.start), operator.index(part.stop), part.step) for part in box)
    except (AttributeError, TypeError, ValueError):
        fix = "Give two slices, slice(top, bottom) and slice(left, right)"
        raise InputError("the box is not one of rows and columns", fix=fix) from None
    return rows, columns


def _check_prompt(shape: tuple[int, ...], at: tuple[int, int] | None, box: Box | None) -> None:
    if at is not None and box is not None:
        raise InputError("both a click and a box were given", fix="Give one of them")
    if at is not None and not all(0 <= place < length for place, length in zip(at, shape, strict=True)):
        raise InputError(f"the click {at} lies outside the image of {size_text(shape)}", fix="Give row,column from 0")
    if box is not None and not _lies_in(box, shape):
        raise InputError(f"the box lies outside the image of {size_text(shape)}", fix="Give top,left,bottom,right")


def _lies_in(box: Box, shape: tuple[int, ...]) -> bool:
    whole = all(part.step in {None, 1} and None not in {part.start, part.stop} for part in box)
    return whole and all(0 <= part.start < part.stop <= length for part, length in zip(box, shape, strict=True))


def _within(probability: Probability, box: Box | None) -> Probability:
    if box is None:
        return probability
    inside = np.zeros_like(probability)
    inside[box] = probability[box]
    return inside


def _part(mask: Mask, at: tuple[int, int] | None) -> Mask:
    """Part with the largest area, or the one at a place; without holes."""
    labels, count = ndimage.label(mask, EIGHT_NEIGHBOURS)
    chosen = labels[at] if at is not None else (1 + np.bincount(labels.ravel())[1:].argmax() if count else 0)
    if not chosen:
        return np.zeros_like(mask)
    return np.asarray(ndimage.binary_fill_holes(labels == chosen))
