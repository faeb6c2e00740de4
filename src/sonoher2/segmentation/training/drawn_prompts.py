"""Prompts for training, drawn as a reader would give them: a click in the lesion, or a box around it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonoher2.images.pixels.image import Box
from sonoher2.lesions.mask import EIGHT_NEIGHBOURS, Mask
from sonoher2.segmentation.prompts import Maps, prompt_maps

BOXES = 0.35
"""Share of the prompts that are boxes."""
DEEP = 0.5
"""Share of the clicks that are aimed at the middle; the others fall anywhere in the lesion."""
LOOSE = 0.12
"""Standard deviation of a box's edge, of the lesion's height or width."""


def prompted(lesion: Mask, rng: np.random.Generator) -> tuple[Maps, Mask]:
    """Draw a prompt for one of the lesions of a picture.

    Parameters
    ----------
    lesion
        (side, side); of several parts one is chosen, by its area. Without any the click falls anywhere.
    rng
        Source of all draws.

    Returns
    -------
    The channels of the prompt, and the part that is meant.
    """
    side = len(lesion)
    if not lesion.any():
        return prompt_maps(side, at=(float(rng.integers(side)), float(rng.integers(side)))), lesion
    labels, _ = ndimage.label(lesion, EIGHT_NEIGHBOURS)
    inside = np.argwhere(lesion)
    part = labels == labels[tuple(inside[rng.integers(len(inside))])]
    if rng.random() < BOXES:
        return prompt_maps(side, box=drawn_box(part, rng)), part
    return prompt_maps(side, at=drawn_click(part, rng)), part


def drawn_click(lesion: Mask, rng: np.random.Generator) -> tuple[int, int]:
    """Draw a place in a lesion: anywhere, or the likelier the deeper it lies."""
    places = np.argwhere(lesion)
    chance: NDArray[np.float64] | None = None
    if rng.random() < DEEP:
        depth = ndimage.distance_transform_edt(np.pad(lesion, 1))[1:-1, 1:-1][lesion] ** 2
        chance = depth / depth.sum()
    row, column = places[rng.choice(len(places), p=chance)]
    return int(row), int(column)


def drawn_box(lesion: Mask, rng: np.random.Generator) -> Box:
    """Draw a box around a lesion, a little too large or too small at each edge."""
    (down,), (across,) = (ndimage.find_objects(lesion.any(axis=axis).astype(np.int8))[0] for axis in (1, 0))
    box = []
    for part, side in zip((down, across), lesion.shape, strict=True):
        moved = LOOSE * (part.stop - part.start) * rng.standard_normal(2)
        start = int(np.clip(round(part.start + moved[0]), 0, side - 1))
        box.append(slice(start, int(np.clip(round(part.stop + moved[1]), start + 1, side))))
    return box[0], box[1]
