"""Which sizes of a pixel can be true of a breast ultrasound image: the one place that says so."""

from __future__ import annotations

import math
from collections.abc import Sequence

FINEST_MM = 0.01
"""Smallest side of a pixel, mm: at 20 MHz sound has a wavelength of 0.08 mm, and pixels far below it show nothing."""
COARSEST_MM, COARSEST_SMALL_MM = 0.5, 1.0
"""Side of a pixel, mm, above which it is no breast's; from which it is none in a small picture.

A breast of 5 cm shown over 100 rows has pixels of 0.5 mm. Pixels of 1 mm are what programs write when they know
nothing.
"""
SHORTEST_MM, SHORTEST_CROP_MM, LONGEST_MM = 10.0, 5.0, 200.0
"""Smallest longer side of a whole picture and of one as small as a crop, and the largest, mm; a small one has none.

A linear probe is 4 to 6 cm wide and a breast is scanned to 3 to 8 cm of depth; automated breast scanners, the widest of
all, sweep 15 x 17 cm.
"""
SMALL = 128
"""Pixels of the longer side below which a picture counts as small: a close crop or a preview."""
CROP = 256
"""Pixels of the longer side below which a picture may be cut to the lesion: 128 pixels of 0.07 mm are 9 mm."""


def spacing_problem(mm: tuple[float, float], shape: tuple[int, int]) -> str | None:
    """Say why a pixel size cannot be true; None when it can.

    Parameters
    ----------
    mm
        Row and column spacing, mm.
    shape
        Rows and columns of the picture, or of the part of it that has this scale.
    """
    if not all(math.isfinite(side) and side > 0 for side in mm):
        return "it must be above 0"
    small = max(shape) < SMALL
    if min(mm) < FINEST_MM or (max(mm) >= COARSEST_SMALL_MM if small else max(mm) > COARSEST_MM):
        return f"the pixels of a breast ultrasound image measure {FINEST_MM:g} to {COARSEST_MM:g} mm"
    longest = max(side * count for side, count in zip(mm, shape, strict=True))
    shortest = SHORTEST_CROP_MM if max(shape) < CROP else SHORTEST_MM
    if (small or longest >= shortest) and longest <= LONGEST_MM:
        return None
    return (
        f"the picture would be {longest / 10:.3g} cm long, and breast images show "
        f"{shortest / 10:g} to {LONGEST_MM / 10:g} cm"
    )


def usable_spacing(rows: float, columns: float, shape: tuple[int, int]) -> tuple[float, float] | None:
    """Give a header's mm per pixel of rows and columns, or None where it cannot be true of a picture of `shape`."""
    mm = float(rows), float(columns)
    return None if spacing_problem(mm, shape) else mm


def pixel_side(mm: Sequence[float] | None) -> float:
    """Side in mm of the square with the area of a pixel of this height and width; NaN where they are not known."""
    return math.nan if mm is None else math.sqrt(mm[0] * mm[1])
