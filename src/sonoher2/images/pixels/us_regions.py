"""The size of a pixel in an ultrasound DICOM file (PS3.3 C.8.5.5, US Region Calibration)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sonoher2.images.pixels.dicom_values import number
from sonoher2.images.pixels.spacing import usable_spacing

if TYPE_CHECKING:
    from pydicom import Dataset

TWO_DIMENSIONAL, TISSUE, CENTIMETRE = 1, 1, 3
"""Values of Region Spatial Format, Region Data Type and Physical Units (PS3.3 C.8.5.5.1)."""
TOLERANCE = 0.01
"""Share by which two pixel sizes may differ and still be the same."""


@dataclass(frozen=True)
class TissueRegion:
    """A part of the screen that shows tissue at a known scale.

    Attributes
    ----------
    box
        Rows and columns of the picture.
    mm_per_pixel
        Row and column spacing in mm.
    """

    box: tuple[slice, slice]
    mm_per_pixel: tuple[float, float]

    def contains(self, at: tuple[int, int]) -> bool:
        """Whether the row and column `at` lie inside."""
        return all(part.start <= index < part.stop for part, index in zip(self.box, at, strict=True))

    def seen_from(self, origin: tuple[int, int]) -> TissueRegion:
        """Give the region in rows and columns that count from `origin`; it may reach below 0."""
        rows, columns = (slice(p.start - o, p.stop - o) for p, o in zip(self.box, origin, strict=True))
        return replace(self, box=(rows, columns))


def tissue_regions(dataset: Dataset) -> tuple[TissueRegion, ...]:
    """Two-dimensional tissue regions whose scale is in cm and can be true; none where one reaches beyond the picture.

    A region of any kind that reaches beyond shows that the picture was resized or cut after the scanner had written
    the calibration: then no scale can be trusted, not even of a region that still lies within.
    """
    shape, items = (dataset.Rows, dataset.Columns), _items(dataset)
    if any(_reaches_beyond(item, *shape) for item in items):
        return ()
    regions = (_tissue_region(item, *shape) for item in items)
    return tuple(region for region in regions if region is not None)


def regions_at(regions: tuple[TissueRegion, ...], at: tuple[int, int] | None) -> tuple[TissueRegion, ...]:
    """Regions that contain the row and column `at`; all of them when `at` is None."""
    return tuple(region for region in regions if at is None or region.contains(at))


def common_spacing(regions: tuple[TissueRegion, ...]) -> tuple[float, float] | None:
    """Row and column spacing in mm that all `regions` share within `TOLERANCE`; None if they differ or are none."""
    if not regions or not all(same_spacing(regions[0].mm_per_pixel, other.mm_per_pixel) for other in regions):
        return None
    return regions[0].mm_per_pixel


def same_spacing(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Whether two pixel sizes agree within `TOLERANCE` in both directions."""
    return all(math.isclose(a, b, rel_tol=TOLERANCE) for a, b in zip(one, other, strict=True))


def _items(dataset: Dataset) -> list[Dataset]:
    return list(dataset.get("SequenceOfUltrasoundRegions") or [])


def _tissue_region(item: Dataset, rows: int, columns: int) -> TissueRegion | None:
    tissue = number(item, "RegionSpatialFormat") == TWO_DIMENSIONAL and number(item, "RegionDataType") == TISSUE
    units = [number(item, "PhysicalUnitsXDirection"), number(item, "PhysicalUnitsYDirection")]
    down, across = number(item, "PhysicalDeltaY"), number(item, "PhysicalDeltaX")
    box = _box(_ends(item), rows, columns)
    if not tissue or units != [CENTIMETRE] * 2 or box is None or down is None or across is None:
        return None
    height, width = (part.stop - part.start for part in box)
    mm = usable_spacing(10 * abs(down), 10 * abs(across), (height, width))
    return None if mm is None else TissueRegion(box, mm)


def _ends(item: Dataset) -> list[int]:
    """First and last row, first and last column of a region, as far as they are stated."""
    ends = [number(item, f"RegionLocation{name}") for name in ("MinY0", "MaxY1", "MinX0", "MaxX1")]
    return [int(end) for end in ends if end is not None]


def _reaches_beyond(item: Dataset, rows: int, columns: int) -> bool:
    ends = _ends(item)
    # the maxima are the last pixel, but some scanners write the first one after it
    return len(ends) == 4 and (min(ends) < 0 or ends[1] > rows or ends[3] > columns)


def _box(ends: list[int], rows: int, columns: int) -> tuple[slice, slice] | None:
    if len(ends) < 4:
        return None
    top, bottom, left, right = ends
    if not (top < bottom and left < right):
        return None
    return slice(top, min(bottom + 1, rows)), slice(left, min(right + 1, columns))
