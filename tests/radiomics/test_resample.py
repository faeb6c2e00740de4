"""Resampling by hand: sizes, corners and values."""

from __future__ import annotations

import numpy as np
import pytest

from sonoher2.radiomics.resample import resample


@pytest.mark.parametrize(
    ("mm", "side", "size"),
    [((0.2, 0.1), 0.1, (20, 8)), ((0.1, 0.2), 0.1, (10, 16)), ((0.1, 0.1), 0.3, (3, 3)), ((0.1, 0.1), 9.0, (1, 1))],
)
def test_the_new_size_covers_the_same_tissue(mm: tuple[float, float], side: float, size: tuple[int, int]) -> None:
    pixels, mask = resample(np.zeros((10, 8)), np.ones((10, 8), bool), mm, side)
    assert pixels.shape == mask.shape == size
    assert pixels.dtype == np.float64
    assert mask.dtype == np.bool_
    assert mask.all()


def test_a_ramp_stays_a_ramp_and_the_outer_corners_stay_where_they_are() -> None:
    rows, columns = np.indices((20, 30))
    half, _ = resample(7.0 * rows + columns, np.ones((20, 30), bool), (0.2, 0.1), 0.1)
    # a row of 0.2 mm becomes two, whose centres lie a quarter of a row off its own
    where = (np.arange(40) - 0.5) / 2
    np.testing.assert_allclose(half[6:-6, 15], 7 * where[6:-6] + 15, atol=0.1)


def test_the_mask_takes_the_nearest_pixel() -> None:
    mask = np.zeros((4, 4), bool)
    mask[1, 2] = True
    _, fine = resample(np.zeros((4, 4)), mask, (0.2, 0.2), 0.1)
    expected = np.zeros((8, 8), bool)
    expected[2:4, 4:6] = True
    np.testing.assert_array_equal(fine, expected)
