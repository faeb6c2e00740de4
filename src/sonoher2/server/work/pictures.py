"""Pictures of what was scored."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoher2.predict.case import Case
from sonoher2.predict.heat import HeatMap
from sonoher2.predict.prediction import Prediction
from sonoher2.predict.views import CaseView, case_views
from sonoher2.server.work.masks import png
from sonoher2.server.work.models import View

OUTLINE = (255, 209, 102)
STRONGEST = 0.65
"""Opacity of the hottest pixel."""


def views_of(case: Case, prediction: Prediction) -> tuple[View, ...]:
    """Draw each image as it was scored, with its outline, and what its network looked at."""
    return tuple(
        _view(one, image.mask.image, image.lesion.image.origin)
        for one, image in zip(case_views(case, prediction), case.images, strict=True)
    )


def _view(one: CaseView, name: str, origin: tuple[int, int]) -> View:
    from scipy import ndimage

    rows, columns = one.pixels.shape
    colours = np.repeat(np.rint(one.pixels).astype(np.uint8)[..., None], 3, axis=2)
    colours[one.lesion & ~ndimage.binary_erosion(one.lesion)] = OUTLINE
    heat = b""
    if one.heat is not None and one.window is not None:
        heat = png(heat_layer(one.heat, one.window, (rows, columns)))
    return View(name, origin[1], origin[0], rows, columns, png(colours), heat, one.predicted)


def heat_layer(heat: HeatMap, window: tuple[float, float, float], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Lay a heat map on the picture that its window was cut from.

    Parameters
    ----------
    heat
        0 to 1, (size, size).
    window
        Top, left and side in the picture, pixels; it may reach beyond the picture.
    shape
        Rows and columns of the picture.

    Returns
    -------
    (rows, columns, 4): from yellow to red, transparent where there is no heat.
    """
    from scipy import ndimage

    top, left, side = window
    scale = heat.heat.shape[0] / side
    # centres of pixels, in pixels of the heat map
    down = (np.arange(shape[0]) + 0.5 - top) * scale - 0.5
    across = (np.arange(shape[1]) + 0.5 - left) * scale - 0.5
    places = np.meshgrid(down, across, indexing="ij")
    values = ndimage.map_coordinates(heat.heat, places, order=1, mode="constant", cval=0.0)
    values = np.clip(values, 0, 1)
    layer = np.zeros((*shape, 4), dtype=np.uint8)
    layer[..., 0] = 230
    layer[..., 1] = np.rint(200 * (1 - values)).astype(np.uint8)
    layer[..., 3] = np.rint(255 * STRONGEST * values).astype(np.uint8)
    return layer
