"""A picture within a square and back, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sonoher2.segmentation.letterbox import Letterbox, resized


@pytest.mark.parametrize(
    ("shape", "side", "inner", "start"),
    [
        ((100, 50), 20, (20, 10), (0, 5)), ((50, 100), 20, (10, 20), (5, 0)), ((30, 30), 20, (20, 20), (0, 0)),
        ((100, 1), 20, (20, 1), (0, 9)), ((10, 5), 20, (20, 10), (0, 5)),
    ],
)  # fmt: skip
def test_where_the_picture_lies(
    shape: tuple[int, int], side: int, inner: tuple[int, int], start: tuple[int, int]
) -> None:
    box = Letterbox(shape, side)
    assert (box.inner, box.start) == (inner, start)
    square = box.put(np.full(shape, 7.0))
    inside = np.zeros((side, side), bool)
    inside[start[0] : start[0] + inner[0], start[1] : start[1] + inner[1]] = True
    np.testing.assert_allclose(square, np.where(inside, 7, 0), atol=1e-5)
    taken = box.take(square)
    assert taken.shape == shape
    np.testing.assert_allclose(taken, 7, atol=1e-5)


def test_places_and_parts_of_the_picture_within_the_square() -> None:
    # 100 x 50 within 20 x 20: every fifth pixel, columns 5 to 14
    box = Letterbox((100, 50), 20)
    assert box.place((0, 0)) == pytest.approx((-0.4, 4.6))
    assert box.place((99, 49)) == pytest.approx((19.4, 14.4))
    assert box.place((52, 2)) == pytest.approx((10.0, 5.0))
    assert box.part((slice(0, 100), slice(0, 50))) == (slice(0, 20), slice(5, 15))
    assert box.part((slice(20, 61), slice(10, 33))) == (slice(4, 12), slice(7, 12))
    # a part that is smaller than a pixel of the square has one
    assert box.part((slice(98, 100), slice(48, 50))) == (slice(19, 20), slice(14, 15))
    assert box.part((slice(41, 42), slice(0, 1))) == (slice(8, 9), slice(5, 6))


def test_rows_stay_rows_and_shrinking_averages() -> None:
    picture = np.repeat([[0.0], [10], [20], [30]], 2, axis=1).astype(np.float32)
    assert resized(picture, (4, 6)).shape == (4, 6)
    half = resized(picture, (2, 2))
    assert half[0, 0] == pytest.approx(half[0, 1])
    # a triangle over four rows for each new one, cut at the border: weights 3, 3, 1
    assert half[:, 0] == pytest.approx([(0 * 3 + 10 * 3 + 20 * 1) / 7, (10 * 1 + 20 * 3 + 30 * 3) / 7])
