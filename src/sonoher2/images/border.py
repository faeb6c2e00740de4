"""The empty border that a scanner or an export program leaves around the tissue."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BLACK = 4.0
"""Mean grey of a row or column up to which it is empty; a stray character does not lift it above."""


def black_border(grey: NDArray[np.float64]) -> float:
    """Share of the picture outside the box from the first to the last row and column that is not black.

    Parameters
    ----------
    grey
        (rows, columns) in [0, 255].

    Returns
    -------
    0 to 1; 1 for a black picture.
    """
    inside = 1.0
    for axis in (0, 1):
        bright = np.flatnonzero(grey.mean(axis=axis) > BLACK)
        inside *= (bright[-1] - bright[0] + 1) / grey.shape[1 - axis] if len(bright) else 0.0
    return 1.0 - inside
