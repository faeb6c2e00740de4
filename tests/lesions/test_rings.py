"""Peritumoural rings against the definition by brute force."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from sonoher2.config.radiomics import Ring
from sonoher2.core.errors import InputError
from sonoher2.lesions.rings import equivalent_diameter, peritumoural_ring, peritumoural_ring_width

masks = arrays(bool, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=14))


def ring_by_definition(mask: np.ndarray, width: float, aspect: float = 1.0) -> np.ndarray:
    rows, columns = np.indices(mask.shape)
    lesion = np.argwhere(mask)
    squares = [(rows - row) ** 2 + (aspect * (columns - column)) ** 2 for row, column in lesion]
    return ~mask & (np.sqrt(np.min(squares, axis=0)) <= width)


@given(masks, st.sampled_from([1.0, 1.5, 2.0, 3.7, 6.0, 30.0]))
def test_ring_is_its_definition(mask: np.ndarray, width: float) -> None:
    assume(mask.any() and not mask.all())
    np.testing.assert_array_equal(peritumoural_ring(mask, width), ring_by_definition(mask, width))


@given(masks, st.sampled_from([1.1, 2.3, 6.7]), st.sampled_from([0.5, 0.75, 2.0]))
def test_ring_of_pixels_that_are_not_square(mask: np.ndarray, width: float, aspect: float) -> None:
    expected = ring_by_definition(mask, width, aspect) if mask.any() else mask
    assume(expected.any())
    np.testing.assert_array_equal(peritumoural_ring(mask, width, aspect), expected)


@given(masks)
def test_a_wider_ring_holds_the_narrower_one(mask: np.ndarray) -> None:
    assume(mask.any() and not mask.all())
    narrow, wide = peritumoural_ring(mask, 2), peritumoural_ring(mask, 4)
    assert not (narrow & mask).any()
    assert (narrow <= wide).all()


def test_the_ring_is_cut_off_at_the_image() -> None:
    mask = np.zeros((6, 7), dtype=bool)
    mask[0, 0] = True
    assert np.count_nonzero(peritumoural_ring(mask, 1)) == 2


@pytest.mark.parametrize(
    ("mask", "width"),
    [(np.zeros((5, 5), dtype=bool), 3.0), (np.ones((5, 5), dtype=bool), 3.0), (np.eye(5, dtype=bool), 0.9)],
)
def test_a_ring_without_pixels_is_an_error(mask: np.ndarray, width: float) -> None:
    with pytest.raises(InputError, match=r"ring"):
        peritumoural_ring(mask, width)


def test_width_in_mm_and_as_a_share() -> None:
    mask = np.ones((10, 10), dtype=bool)
    assert peritumoural_ring_width(mask, Ring(mm=3), (0.1, 0.2)) == pytest.approx(30)
    # 100 pixels of 0.1 x 0.2 mm are 2 square mm
    in_mm = 0.1 * peritumoural_ring_width(mask, Ring(share=0.5), (0.1, 0.2))
    assert in_mm == pytest.approx(0.5 * 2 * math.sqrt(2 / math.pi))
    assert equivalent_diameter(mask) == pytest.approx(2 * math.sqrt(100 / math.pi))
    assert peritumoural_ring_width(mask, Ring(share=0.5), None) == pytest.approx(math.sqrt(100 / math.pi))
    with pytest.raises(InputError, match=r"a ring of 3 mm needs the size of a pixel"):
        peritumoural_ring_width(mask, Ring(mm=3), None)
