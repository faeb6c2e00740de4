"""The peritumoural ring: tissue around a lesion as a region of its own."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from sonoher2.config.radiomics import Ring
from sonoher2.core.errors import InputError


def equivalent_diameter(mask: NDArray[np.bool_]) -> float:
    """Diameter in pixels of the circle that has the area of `mask`: ``2 * sqrt(area / pi)``."""
    return 2.0 * math.sqrt(np.count_nonzero(mask) / math.pi)


def peritumoural_ring_width(mask: NDArray[np.bool_], ring: Ring, mm_per_pixel: tuple[float, float] | None) -> float:
    """Width in pixel heights of the ring that a study asks for.

    Parameters
    ----------
    mask
        (rows, columns), True in the lesion.
    ring
        Its width in mm, or as a share of the lesion's equivalent diameter.
    mm_per_pixel
        Height and width of a pixel in mm. Needed only for a width in mm; for a share, pixels count as square without.

    Raises
    ------
    InputError
        The width is in mm and the size of a pixel is not known.
    """
    if ring.share is not None:
        return ring.share * equivalent_diameter(mask) * math.sqrt(pixel_aspect(mm_per_pixel))
    if mm_per_pixel is None or ring.mm is None:
        raise InputError(
            f"a ring of {ring.mm:g} mm needs the size of a pixel, which is not known for this image",
            fix="Fill the mm_per_pixel column of the images table, or give the ring's width as a share",
        )
    return ring.mm / mm_per_pixel[0]


def pixel_aspect(spacing: tuple[float, float] | None) -> float:
    """Width of a pixel over its height; 1 when its size is not known."""
    return 1.0 if spacing is None else spacing[1] / spacing[0]


def peritumoural_ring(mask: NDArray[np.bool_], width: float, aspect: float = 1.0) -> NDArray[np.bool_]:
    """Pixels outside the lesion whose centre is at most `width` from the centre of a lesion pixel.

    Parameters
    ----------
    mask
        (rows, columns), True in the lesion.
    width
        Pixel heights, Euclidean; need not be whole.
    aspect
        Width of a pixel over its height.

    Returns
    -------
    (rows, columns), True in the ring; what would lie beyond the image is cut off, and holes of the lesion
    count as outside.

    Raises
    ------
    InputError
        The lesion is empty, or no pixel is in the ring: it is narrower than a pixel or the lesion fills the image.
    """
    if not mask.any():
        raise InputError("a ring needs a lesion, and the mask is empty", fix="Draw the lesion in the mask")
    box = box_with_margin(mask, math.ceil(width / min(aspect, 1.0)))
    distance = distance_transform_edt(~mask[box], sampling=(1.0, aspect))
    ring = np.zeros(mask.shape, dtype=bool)
    ring[box] = (distance > 0) & (distance <= width)
    if not ring.any():
        raise InputError(
            f"no pixel lies in the ring of {width:.2g} pixels around the lesion",
            fix="Give a wider ring, or an image that shows tissue around the lesion",
        )
    return ring


def box_with_margin(mask: NDArray[np.bool_], margin: int) -> tuple[slice, slice]:
    """Bounding box of the True pixels, widened on every side and clipped to the image."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    return (
        slice(max(int(rows[0]) - margin, 0), int(rows[-1]) + 1 + margin),
        slice(max(int(columns[0]) - margin, 0), int(columns[-1]) + 1 + margin),
    )
