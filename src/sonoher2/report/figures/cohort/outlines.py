"""Pictures with the outlines that the segmenter drew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sonoher2.report.content.style import MM, PAGE, VERMILLION

_ACROSS = 4
_HEIGHT = 40 * MM


@dataclass(frozen=True)
class OutlinedPicture:
    """One image with its outlines.

    Attributes
    ----------
    title
        Above the picture.
    pixels
        (rows, columns), grey in [0, 255].
    mask
        (rows, columns), True inside the outline; nowhere when no lesion was found.
    """

    title: str
    pixels: NDArray[np.float64]
    mask: NDArray[np.bool_]


def outline_figure(pictures: Sequence[OutlinedPicture]) -> Figure:
    """Draw pictures in rows of four, each with its outline."""
    rows = -(-len(pictures) // _ACROSS)
    figure = Figure(figsize=(PAGE, rows * (_HEIGHT + 6 * MM)), layout="constrained")
    grid: Any = figure.subplots(rows, _ACROSS, squeeze=False)
    for axes in grid.ravel():
        axes.axis("off")
    for axes, picture in zip(grid.ravel(), pictures, strict=False):
        axes.imshow(picture.pixels, cmap="gray", vmin=0, vmax=255)
        axes.set_title(picture.title, fontsize=7.5)
        if picture.mask.any():
            axes.contour(picture.mask, [0.5], colors=[VERMILLION], linewidths=1.0)
    return figure
