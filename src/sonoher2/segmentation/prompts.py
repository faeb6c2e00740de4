"""What a network sees: grey values, a click as a soft spot, a box as a bright rectangle, each a channel of its own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoher2.images.pixels.image import Box

Maps = NDArray[np.float32]
"""Shape (2, side, side), 0 to 1: the click, the box."""
PICTURE = "picture"
"""Input of a network's graph: see `network.Prepared`."""
CHANNELS = 3
"""Of a network that takes prompts: grey values, click, box."""
SPOT = 0.02
"""Standard deviation of the spot of a click, of the square's side."""


def prompt_maps(side: int, *, at: tuple[float, float] | None = None, box: Box | None = None) -> Maps:
    """Channels of one prompt.

    Parameters
    ----------
    side
        Of the square, pixels.
    at
        Row and column of a click within the square; no click when None.
    box
        Rows and columns within the square; no box when None.
    """
    maps = np.zeros((2, side, side), np.float32)
    if at is not None:
        down, across = (np.exp(-0.5 * ((np.arange(side) - place) / (SPOT * side)) ** 2) for place in at)
        maps[0] = np.outer(down, across)
    if box is not None:
        maps[1][box] = 1
    return maps
