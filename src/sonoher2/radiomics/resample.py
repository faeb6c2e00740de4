"""Resampling of an image and its mask to square pixels of a given size."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def resample(
    pixels: NDArray[np.float64], mask: NDArray[np.bool_], mm_per_pixel: tuple[float, float], side: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Resample to square pixels; the outer corners of the first pixels coincide.

    Parameters
    ----------
    pixels, mask
        (rows, columns).
    mm_per_pixel
        Height and width of a pixel.
    side
        Side of the new pixels, mm.

    Returns
    -------
    The image by cubic B-spline interpolation and the mask by nearest neighbour.
    """
    size = [max(round(count * old / side), 1) for count, old in zip(pixels.shape, mm_per_pixel, strict=True)]
    itk = _itk()
    grid = itk.ResampleImageFilter()
    grid.SetSize(size[::-1])
    grid.SetOutputSpacing((side, side))
    grid.SetOutputOrigin([0.5 * (side - old) for old in mm_per_pixel[::-1]])
    # a new pixel's centre may lie up to half an old pixel beyond the last old centre
    grid.UseNearestNeighborExtrapolatorOn()
    grid.SetInterpolator(itk.sitkBSpline)
    image = _on_grid(grid, pixels, mm_per_pixel).astype(np.float64)
    grid.SetInterpolator(itk.sitkNearestNeighbor)
    return image, _on_grid(grid, mask.astype(np.uint8), mm_per_pixel) > 0


def _on_grid(grid: Any, array: NDArray[Any], mm_per_pixel: tuple[float, float]) -> NDArray[Any]:
    itk = _itk()
    image = itk.GetImageFromArray(array)
    image.SetSpacing(mm_per_pixel[::-1])
    result: NDArray[Any] = itk.GetArrayFromImage(grid.Execute(image))
    return result


def _itk() -> Any:
    # slow to import; its functions carry no types
    import SimpleITK

    return SimpleITK
