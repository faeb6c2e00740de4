"""Where the pixels of a NIfTI or NRRD file lie in the patient, and how one file's pixels lie on another's."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoher2.core.errors import InputError

Affine = NDArray[np.float64]
"""(4, 4): from voxel indices along the file's axes to mm towards the patient's right, anterior and superior."""

PIXEL_TOLERANCE = 0.25
"""Pixels by which the corners of two grids may differ and still be the same; headers hold 32-bit numbers."""
SLICE_TOLERANCE = 0.5
"""Slices by which two planes may differ; a mask of another slice differs by one."""


@dataclass(frozen=True)
class Geometry:
    """What a header says of the place of its pixels.

    Attributes
    ----------
    forms
        Statements of the header by name (``sform``, ``qform``, ``space``); empty when there is none.
    axes
        The file's axes of the picture's columns and rows: a picture's column is counted along the first.
    shape
        Rows and columns.
    nifti
        The fields that place the voxels, as written in the header of a NIfTI file.
    """

    forms: dict[str, Affine]
    axes: tuple[int, int]
    shape: tuple[int, int]
    nifti: dict[str, NDArray[Any]] = field(default_factory=dict)

    @property
    def affine(self) -> Affine | None:
        """The first statement: of a NIfTI file the sform, as most programs take it."""
        return next(iter(self.forms.values()), None)


def in_order_of_pixels(geometry: Geometry | None) -> bool:
    """Whether columns and rows run as on a picture without a header: towards increasing left, posterior, superior."""
    if geometry is None:
        return True
    ways = np.array([-1.0, -1.0, 1.0])
    for affine in geometry.forms.values():
        for axis in geometry.axes:
            # along the file's axis `axis`, the patient's axis of the same number must grow most, in its own direction
            along = affine[:3, axis] * ways
            if np.argmax(np.abs(along)) != axis or along[axis] <= 0:
                return False
    return True


def onto(values: NDArray[np.generic], mask: Geometry, image: Geometry) -> NDArray[np.generic]:
    """Bring the pixels of a mask onto the grid of an image by what both headers state.

    Parameters
    ----------
    values
        (rows, columns) or (rows, columns, 3) of the mask file.
    mask, image
        Of the two files.

    Returns
    -------
    Values for each pixel of the image; 0 where the mask's file does not reach.

    Raises
    ------
    InputError
        The headers cannot be compared, contradict themselves, or the two grids do not fall together.
    """
    if not mask.forms or not image.forms:
        raise InputError(
            f"the header of the {'image' if mask.forms else 'mask'} does not say where it lies, and the other's does",
            fix="Save the mask with the image's header, or give both as PNG",
        )
    found = [_mapping(mask, image, first, second) for first, second in _pairs(mask, image)]
    if any(not np.array_equal(found[0], other) for other in found):
        raise InputError(
            "sform and qform of the headers contradict each other on where the mask lies on the image",
            fix="Save image and mask anew with one program, so that both forms agree",
        )
    return _placed(values, found[0], image.shape)


def _pairs(mask: Geometry, image: Geometry) -> list[tuple[Affine, Affine]]:
    """Statements to compare: those of one name where both files have the same names, else each with each."""
    if set(mask.forms) == set(image.forms):
        return [(mask.forms[name], image.forms[name]) for name in mask.forms]
    return [(one, other) for one in mask.forms.values() for other in image.forms.values()]


def _mapping(mask: Geometry, image: Geometry, of_mask: Affine, of_image: Affine) -> NDArray[np.int64]:
    """Row and column in the mask of a pixel of the image, as a (2, 3) matrix of whole numbers on (row, column, 1)."""
    rows, columns = image.shape
    corners = np.array([[0, 0], [rows - 1, 0], [0, columns - 1], [rows - 1, columns - 1]], dtype=np.float64)
    voxels = np.zeros((4, 4))
    voxels[3] = 1
    voxels[image.axes[0]], voxels[image.axes[1]] = corners[:, 1], corners[:, 0]
    there = np.linalg.solve(of_mask, of_image @ voxels)
    places = np.stack([there[mask.axes[1]], there[mask.axes[0]]])
    across = next(axis for axis in range(3) if axis not in mask.axes)
    step = np.linalg.solve(of_mask[:3, :3], of_image[:3, :3])
    linear = np.array([[step[b, a] for a in image.axes[::-1]] for b in mask.axes[::-1]])
    whole = np.rint(np.column_stack([linear, places[:, 0]]))
    wrong = np.abs(whole @ np.column_stack([corners, np.ones(4)]).T - places).max()
    turns_only = np.array_equal(np.abs(whole[:, :2]).sum(axis=0), [1, 1]) and abs(np.linalg.det(whole[:, :2])) == 1
    if not turns_only or wrong > PIXEL_TOLERANCE or np.abs(there[across]).max() > SLICE_TOLERANCE:
        raise InputError(
            "by the headers the mask's pixels do not fall on the image's (another pixel size, place, slice or slant)",
            fix="Resample the mask onto the image, and save it with the image's header",
        )
    return np.asarray(whole, dtype=np.int64)


def _placed(values: NDArray[np.generic], mapping: NDArray[np.int64], shape: tuple[int, int]) -> NDArray[np.generic]:
    rows, columns = (np.arange(length) for length in shape)
    at = [line[0] * rows[:, None] + line[1] * columns[None, :] + line[2] for line in mapping]
    inside = np.logical_and.reduce([(place >= 0) & (place < n) for place, n in zip(at, values.shape[:2], strict=True)])
    placed = np.zeros((*shape, *values.shape[2:]), dtype=values.dtype)
    placed[inside] = values[at[0][inside], at[1][inside]]
    if np.count_nonzero(placed) < np.count_nonzero(values):
        raise InputError(
            "by the headers a part of the mask lies outside the image", fix="Give the mask that was drawn on this image"
        )
    return placed
