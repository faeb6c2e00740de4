"""Which axes of a volume's file a picture spans, and where a single slice lies."""

from __future__ import annotations

import io

import numpy as np
import pytest

from sonoher2.core.errors import InputError
from sonoher2.images.formats.slices import completed, plane, read_exactly, read_values


@pytest.mark.parametrize(
    ("size", "axes"),
    [((5, 4), (0, 1)), ((5, 4, 1), (0, 1)), ((5, 1, 4), (0, 2)), ((1, 5, 4), (1, 2)), ((5, 1, 1), (0, 1)),
     ((1, 1, 5), (0, 2)), ((1, 1, 1), (0, 1)), ((5, 4, 1, 1), (0, 1))],
)  # fmt: skip
def test_a_picture_spans_the_first_two_axes_that_are_no_single_slice(
    size: tuple[int, ...], axes: tuple[int, int]
) -> None:
    assert plane(size) == axes


@pytest.mark.parametrize("size", [(5, 4, 3), (5, 4, 1, 2), (5, 1, 1, 2)])
def test_a_volume_is_no_picture(size: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=f"a volume of {' x '.join(map(str, size))} voxels"):
        plane(size)


def placed(*columns: tuple[float, float, float]) -> np.ndarray:
    """An affine with these directions and an origin at (7, 8, 9)."""
    affine = np.eye(4)
    affine[:3, :3] = np.array(columns).T
    affine[:3, 3] = 7, 8, 9
    return affine


@pytest.mark.parametrize(
    ("columns", "axes", "across", "direction"),
    [
        # x 0.5 mm, y 0.25 mm: their cross product points along z, and has the length 1 here
        (((0.5, 0, 0), (0, 0.25, 0), (0, 0, 0)), (0, 1), 2, (0, 0, 1)),
        # y and x: against z
        (((0, 0.5, 0), (0.25, 0, 0), (0, 0, 0)), (0, 1), 2, (0, 0, -1)),
        (((2, 0, 0), (0, 0, 0), (0, 0, 3)), (0, 2), 1, (0, -1, 0)),
        (((0, 0, 0), (0, 2, 0), (0, 0, 3)), (1, 2), 0, (1, 0, 0)),
    ],
)
def test_an_empty_direction_across_the_slice_is_filled_in(
    columns: tuple[tuple[float, float, float], ...],
    axes: tuple[int, int],
    across: int,
    direction: tuple[float, float, float],
) -> None:
    found = completed(placed(*columns), axes)
    expected = placed(*columns)
    expected[:3, across] = direction
    assert found is not None
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_a_direction_that_is_told_stays() -> None:
    affine = placed((0.5, 0, 0), (0, 0.25, 0), (0, 0, -2))
    np.testing.assert_array_equal(completed(affine, (0, 1)), affine)


def test_what_places_nothing_is_none() -> None:
    assert completed(placed((0.5, 0, 0), (0, 0.25, 0), (0, float("nan"), 1)), (0, 1)) is None
    # an axis of no length, and two axes in one direction
    assert completed(placed((0.5, 0, 0), (0, 0, 0), (0, 0, 1)), (0, 1)) is None
    assert completed(placed((0.5, 0, 0), (1, 0, 0), (0, 0, 1)), (0, 1)) is None
    assert completed(placed((0.5, 0, 0), (1, 0, 0), (0, 0, 0)), (0, 1)) is None


def test_values_are_read_in_their_byte_order_and_not_more_of_them() -> None:
    stream = io.BytesIO(np.array([1, 258, 3, 4], ">i2").tobytes())
    values = read_values(stream, np.dtype(">i2"), 3)
    assert (values.tolist(), values.dtype.isnative) == ([1, 258, 3], True)
    with pytest.raises(InputError, match="ends before its last pixel"):
        read_values(io.BytesIO(b"123"), np.dtype("<i2"), 2)
    assert read_exactly(io.BytesIO(b"123"), 3) == b"123"
