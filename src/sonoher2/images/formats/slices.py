"""One slice of a NIfTI or NRRD file: which of its axes the picture spans, and how much of the file is read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from sonoher2.core.errors import InputError
from sonoher2.images.pixels.decoded import require_size
from sonoher2.images.pixels.geometry import Affine, Geometry

MOST_SKIPPED = 16 * 2**20
"""Bytes between a header and its pixels; what stands there is not needed."""
MOST_AXES = 16
DAMAGED = "Copy or export the file again"


@dataclass(frozen=True)
class Slice:
    """What a NIfTI or NRRD file holds.

    Attributes
    ----------
    values
        As stored: (rows, columns), or (rows, columns, 3) for red, green and blue.
    geometry
        Where they lie.
    spacing
        mm per pixel of rows and columns, or None where the header does not state it.
    """

    values: NDArray[Any]
    geometry: Geometry
    spacing: tuple[float, float] | None


def plane(size: Sequence[int]) -> tuple[int, int]:
    """Find the two axes that the image spans: the first two, unless one of them is the single slice.

    Raises
    ------
    InputError
        The file is a true volume, or larger than any image.
    """
    long_axes = [axis for axis, length in enumerate(size) if length != 1]
    spare = [axis for axis, length in enumerate(size) if length == 1]
    first, second = sorted([*long_axes, *spare[: 2 - len(long_axes)]][:2])
    if len(long_axes) > 2 or second > 2:
        raise InputError(
            f"the file is a volume of {' x '.join(map(str, size))} voxels, and SonoHER2 reads single images",
            fix="Export the slice that shows the lesion as an image of its own",
        )
    require_size(size[second], size[first])
    return first, second


def read_values(stream: IO[bytes], dtype: np.dtype[Any], count: int) -> NDArray[Any]:
    """Read `count` values and not more, whatever the file holds beyond them.

    Raises
    ------
    InputError
        The file ends before.
    """
    data = read_exactly(stream, count * dtype.itemsize)
    # at the end of a gzip stream its checksum is compared
    stream.read(1)
    return np.frombuffer(data, dtype=dtype).astype(dtype.newbyteorder("="), copy=False)


def read_exactly(stream: IO[bytes], length: int) -> bytes:
    """Read `length` bytes.

    Raises
    ------
    InputError
        The file ends before.
    """
    data = stream.read(length)
    if len(data) < length:
        raise InputError("the file ends before its last pixel", fix=DAMAGED)
    return data


def completed(affine: Affine, axes: tuple[int, int]) -> Affine | None:
    """Fill in the direction across a single slice where a header leaves it empty; None for what places nothing."""
    affine = affine.copy()
    if not np.isfinite(affine).all():
        return None
    across = next(axis for axis in range(3) if axis not in axes)
    if not affine[:3, across].any():
        normal = np.cross(affine[:3, axes[0]], affine[:3, axes[1]])
        affine[:3, across] = normal / max(float(np.linalg.norm(normal)), math.ulp(1.0))
    sides = np.linalg.norm(affine[:3, :3], axis=0)
    usable = sides.min() > 0 and abs(np.linalg.det(affine[:3, :3] / sides)) > 1e-6
    return affine if usable else None
