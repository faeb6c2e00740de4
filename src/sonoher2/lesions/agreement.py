"""How far two masks of one lesion agree: overlap, and distance between their outlines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonoher2.core.errors import InputError
from sonoher2.images.pixels.image import size_text
from sonoher2.lesions.mask import Mask

FAR = 95.0
"""Percentile of distances that stands for the largest; a single stray pixel does not decide it."""


@dataclass(frozen=True)
class Agreement:
    """Agreement of two masks.

    Attributes
    ----------
    dice, iou
        Overlap, 0 to 1; 1 when both masks are empty.
    hd95, assd
        Distances in mm or pixels, as in `outline_distances`; NaN when one mask is empty, 0 when both are.
    """

    dice: float
    iou: float
    hd95: float
    assd: float


def agreement(first: Mask, second: Mask, mm_per_pixel: tuple[float, float] | None = None) -> Agreement:
    """Compare two masks.

    Parameters
    ----------
    first, second
        (rows, columns), True in the lesion.
    mm_per_pixel
        Row and column spacing; distances are in pixels when None.

    Raises
    ------
    InputError
        The masks differ in size.
    """
    hd95, assd = outline_distances(first, second, mm_per_pixel)
    return Agreement(dice(first, second), iou(first, second), hd95, assd)


def dice(first: Mask, second: Mask) -> float:
    """Twice the common area over the sum of both areas (Dice, Ecology 1945, 26:297)."""
    _require_one_size(first, second)
    total = np.count_nonzero(first) + np.count_nonzero(second)
    return 2 * np.count_nonzero(first & second) / total if total else 1.0


def iou(first: Mask, second: Mask) -> float:
    """Divide the common area by the area of the union (Jaccard)."""
    _require_one_size(first, second)
    union = np.count_nonzero(first | second)
    return np.count_nonzero(first & second) / union if union else 1.0


def outline_distances(
    first: Mask, second: Mask, mm_per_pixel: tuple[float, float] | None = None
) -> tuple[float, float]:
    """Distances between the outlines of two masks.

    The outline is every pixel of a mask that touches, by a side, a pixel outside; the image's edge is outside.

    Parameters
    ----------
    first, second, mm_per_pixel
        As in `agreement`.

    Returns
    -------
    HD95, the larger of the two 95th percentiles of distances from one outline to the other; and ASSD, the mean of
    all these distances in both directions. In mm, or in pixels without `mm_per_pixel`.
    (Both as in Maier-Hein et al., Metrics reloaded, Nature Methods 2024, 21:195.)

    Raises
    ------
    InputError
        The masks differ in size.
    """
    _require_one_size(first, second)
    if not first.any() and not second.any():
        return 0.0, 0.0
    if not first.any() or not second.any():
        return float("nan"), float("nan")
    # distances to an outline are needed on the other outline only: the rest of the image does not matter
    there = first | second
    rows, columns = (np.flatnonzero(there.any(axis=axis)) for axis in (1, 0))
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    one, other = _outline(first[box]), _outline(second[box])
    spacing = mm_per_pixel or (1.0, 1.0)
    there_and_back = [_distances(one, other, spacing), _distances(other, one, spacing)]
    hd95 = max(float(np.percentile(part, FAR)) for part in there_and_back)
    return hd95, float(np.concatenate(there_and_back).mean())


def _outline(mask: Mask) -> Mask:
    return np.asarray(mask & ~ndimage.binary_erosion(mask))


def _distances(outline: Mask, other: Mask, spacing: tuple[float, float]) -> NDArray[np.float64]:
    """Distance from each pixel of one outline to the nearest of the other."""
    return np.asarray(ndimage.distance_transform_edt(~other, sampling=spacing)[outline])


def _require_one_size(first: Mask, second: Mask) -> None:
    if first.shape != second.shape:
        raise InputError(
            f"one mask has {size_text(first.shape)} and the other {size_text(second.shape)}",
            fix="Compare masks of one image",
        )
