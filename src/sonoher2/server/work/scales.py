"""The size of a pixel at a lesion, from the regions of a screen as they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sonoher2.images.pixels.us_regions import TissueRegion


def kept_region(region: TissueRegion) -> tuple[int, int, int, int, float, float]:
    """Write a region as it is kept: left, top, right, bottom, and row and column spacing in mm."""
    rows, columns = region.box
    return int(columns.start), int(rows.start), int(columns.stop), int(rows.stop), *region.mm_per_pixel


def spacing_at(kept: Sequence[Sequence[float]], at: tuple[int, int] | None) -> tuple[float, float] | None:
    """Row and column spacing in mm that the regions at a row and column share; that of all regions without a place."""
    from sonoher2.images.pixels.us_regions import TissueRegion, common_spacing, regions_at

    regions = tuple(
        TissueRegion((slice(int(top), int(bottom)), slice(int(left), int(right))), (mm_row, mm_column))
        for left, top, right, bottom, mm_row, mm_column in kept
    )
    return common_spacing(regions_at(regions, at))
