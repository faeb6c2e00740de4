"""The B-mode part of a screen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonoher2.images.pixels.image import Box

TEXTURE_RANGE = 3
"""Grey levels within 3 x 3 pixels from which tissue is assumed; frames and background are flat."""
NEIGHBOURHOOD = 17
"""Pixels; a line of text is less high, so that a square on text is mostly the flat ground around it."""
TEXTURE_SHARE = 0.6
SMALLEST_SHARE = 0.05
"""Of the picture; a smaller B-mode part is not believed."""


def b_mode_region(grey: NDArray[np.float64], colour: NDArray[np.bool_]) -> Box:
    """Bounding box of the B-mode part: without black borders, flat frames and text margins.

    Tissue is speckled everywhere, while the rest of a screen is flat with thin strokes on it. The largest connected
    part in which most pixels differ from their neighbours is taken; marks and text on the tissue stay.

    Parameters
    ----------
    grey
        (rows, columns) in [0, 255].
    colour
        (rows, columns), True where the picture has a colour.

    Returns
    -------
    Rows and columns; the whole picture where no such part is found.
    """
    texture = (ndimage.maximum_filter(grey, 3) - ndimage.minimum_filter(grey, 3) >= TEXTURE_RANGE) & ~colour
    dense = ndimage.uniform_filter(texture.astype(np.float32), NEIGHBOURHOOD, mode="nearest") >= TEXTURE_SHARE
    labels, count = ndimage.label(dense)
    areas = np.bincount(labels.ravel(), minlength=2)[1:]
    if not count or areas.max() < SMALLEST_SHARE * grey.size:
        return slice(0, grey.shape[0]), slice(0, grey.shape[1])
    rows, columns = ndimage.find_objects(labels)[int(areas.argmax())]
    return rows, columns
