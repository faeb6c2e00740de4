"""Masks as another hand might have drawn them: moved, drawn larger or smaller, or with an unsteady contour.

How far a figure changes when the contour does is what a mask's reader leaves in it. The four kinds of change follow
Zwanenburg et al., Scientific Reports 2019, 9:614, doi 10.1038/s41598-018-36938-4. All sizes are shares of the lesion's
equivalent diameter, so that a small and a large lesion are changed alike.
"""

from __future__ import annotations

import math
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonoher2.core.errors import InputError
from sonoher2.lesions.mask import EIGHT_NEIGHBOURS, Mask, components
from sonoher2.lesions.rings import box_with_margin, equivalent_diameter

Change = Literal["shift", "grow", "shrink", "contour", "redraw"]
CHANGES: tuple[Change, ...] = get_args(Change)
"""What can be done to a mask; ``redraw`` is a random shift, size and contour at once."""

SMOOTHNESS = 0.15
"""Standard deviation, as a share of the diameter, of the blur that makes contour noise smooth."""
LARGEST_NOISE = 2.0
"""Standard deviations: contour noise ends here, or it would grow fingers where the field is high beside the lesion."""


def perturb(mask: Mask, change: Change, strength: float, rng: np.random.Generator, aspect: float = 1.0) -> Mask:
    """Change a mask by a share of its size.

    Parameters
    ----------
    mask
        (rows, columns), True in the lesion.
    change
        ``shift`` moves it by `strength` diameters in a random direction; ``grow`` and ``shrink`` move its contour
        outwards or inwards by as much everywhere; ``contour`` moves it in and out by a smooth random field with this
        standard deviation; ``redraw`` does all three with normally distributed size (standard deviation `strength` / 2
        for the shift along each axis and for the size, `strength` / 2 for the contour): a second reader.
    strength
        Share of the equivalent diameter, 0 or more.
    rng
        Draws directions and noise.
    aspect
        Width of a pixel over its height: all directions in the tissue are changed alike.

    Returns
    -------
    (rows, columns), never empty, inside the image, and in no more separate parts than `mask`.

    Raises
    ------
    InputError
        The mask is empty.
    """
    if not mask.any():
        raise InputError("an empty mask cannot be perturbed", fix="Draw the lesion in the mask")
    # in pixel heights
    size = strength * equivalent_diameter(mask) * math.sqrt(aspect)
    # distances over the whole image would take longer than to measure the lesion
    near = box_with_margin(mask, math.ceil(4 * size / min(aspect, 1.0)) + 2)
    changed = np.zeros_like(mask)
    changed[near] = _changed(mask[near], change, size, rng, aspect)
    return changed


def _changed(mask: Mask, change: Change, size: float, rng: np.random.Generator, aspect: float) -> Mask:
    if change == "shift":
        angle = rng.uniform(0, 2 * math.pi)
        return shifted(mask, size * math.sin(angle), size * math.cos(angle) / aspect)
    if change in ("grow", "shrink"):
        return contour_moved(mask, size if change == "grow" else -size, aspect)
    if change == "contour":
        return contour_moved(mask, size * smooth_noise(mask, rng, aspect), aspect)
    down, across, growth = rng.normal(0, size / 2, 3)
    redrawn = contour_moved(mask, growth + size / 2 * smooth_noise(mask, rng, aspect), aspect)
    return shifted(redrawn, down, across / aspect)


def shifted(mask: Mask, rows: float, columns: float) -> Mask:
    """Move a mask by whole pixels, no further than the image's edge.

    Parameters
    ----------
    mask
        (rows, columns), True in the lesion.
    rows, columns
        Pixels downwards and to the right; rounded.
    """
    at = np.argwhere(mask)
    furthest = np.array(mask.shape) - 1 - at.max(axis=0)
    step = np.clip(np.rint([rows, columns]).astype(int), -at.min(axis=0), furthest)
    moved = np.zeros_like(mask)
    moved[tuple((at + step).T)] = True
    return moved


def contour_moved(mask: Mask, outwards: float | NDArray[np.float64], aspect: float = 1.0) -> Mask:
    """Move a mask's contour along its normal.

    Parameters
    ----------
    mask
        (rows, columns), True in the lesion.
    outwards
        Pixel heights, negative for inwards; one number, or (rows, columns).
    aspect
        Width of a pixel over its height.

    Returns
    -------
    (rows, columns): where the signed distance to the contour is at most `outwards`; the innermost pixel at least.
    Parts that split off are dropped, the smallest first.
    """
    level = signed_distance(mask, aspect) - outwards
    return _largest_parts(level <= max(0.0, float(level.min())), components(mask))


def signed_distance(mask: Mask, aspect: float = 1.0) -> NDArray[np.float64]:
    """Distance in pixel heights to the contour, halfway between pixels; negative inside, (rows, columns)."""
    # beyond the image there is no lesion: without this frame a lesion at the border would not shrink there
    framed = np.pad(mask, 1)
    outside, inside = _to_contour(~framed, aspect), _to_contour(framed, aspect)
    return np.where(framed, -inside, outside)[1:-1, 1:-1]


def _to_contour(part: Mask, aspect: float) -> NDArray[np.float64]:
    """Distance of each pixel of a part to the contour: half a pixel less than to the nearest pixel outside of it."""
    if aspect == 1:
        return np.asarray(ndimage.distance_transform_edt(part) - 0.5)
    distance, nearest = ndimage.distance_transform_edt(part, sampling=(1.0, aspect), return_indices=True)
    steps = np.hypot(*(nearest - np.indices(part.shape)))
    # a pixel measures as much in this direction as the way has for each of its steps
    return np.asarray(distance - distance / np.maximum(2 * steps, 1.0))


def smooth_noise(mask: Mask, rng: np.random.Generator, aspect: float = 1.0) -> NDArray[np.float64]:
    """Smooth random field over the image, mean 0 and standard deviation 1 along the contour of `mask`, then clipped.

    Parameters
    ----------
    mask
        (rows, columns), True in the lesion.
    rng
        Draws the noise.
    aspect
        Width of a pixel over its height.
    """
    blur = max(SMOOTHNESS * equivalent_diameter(mask) * math.sqrt(aspect), 1.0)
    field = ndimage.gaussian_filter(rng.standard_normal(mask.shape), (blur, blur / aspect), mode="reflect")
    contour = field[mask & ~ndimage.binary_erosion(mask)]
    spread = float(contour.std())
    if spread == 0:
        return np.zeros(mask.shape)
    return np.asarray(np.clip((field - contour.mean()) / spread, -LARGEST_NOISE, LARGEST_NOISE))


def _largest_parts(mask: Mask, most: int) -> Mask:
    labels, count = ndimage.label(mask, EIGHT_NEIGHBOURS)
    if count <= most:
        return mask
    sizes = np.bincount(labels.ravel())[1:]
    return np.asarray(np.isin(labels, 1 + np.argsort(-sizes, kind="stable")[:most]))
