"""Masks that show a line where the lesion should be filled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonoher2.core.errors import InputError

LARGEST_HOLES = 0.5
"""Share of what a mask encloses that may lie in holes; a drawn line encloses nearly everything."""
THIN = 3
"""Pixels from the middle of a drawn line to its edge, at most."""
LONG = 8
"""A line is longer than so many times its width; no lesion is."""
MORE = "Fill the outline, so that the whole lesion is white"


def require_filled(mask: NDArray[np.bool_]) -> None:
    """Refuse a closed outline with nothing in it, an open one, and thin lines.

    Parameters
    ----------
    mask
        (rows, columns), not empty.

    Raises
    ------
    InputError
        More than half of what the mask encloses is empty, it is nowhere wider than two pixels, or it is long and
        nowhere wider than six.
    """
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    # a rim of background, so that a hole and the outside are told apart
    part = np.pad(mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], 1)
    filled = ndimage.binary_fill_holes(part)
    inside, drawn = int(np.count_nonzero(filled)), int(np.count_nonzero(part))
    if inside - drawn > LARGEST_HOLES * inside:
        raise InputError("the mask is only an outline, and empty within", fix=MORE)
    reach = float(ndimage.distance_transform_cdt(part, "chessboard").max())
    length = float(np.hypot(rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1))
    if reach <= 1 or (reach <= THIN and length > LONG * (2 * reach)):
        raise InputError("the mask is a thin line, nowhere as wide as a lesion", fix=MORE)
