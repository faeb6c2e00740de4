"""Edges of grey levels by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sonoher2.core.errors import InputError
from sonoher2.radiomics.discretise import bin_edges


def edges(lowest: float, highest: float, count: int | None = None, width: float | None = None) -> np.ndarray:
    return bin_edges(np.float64(lowest), np.float64(highest), count, width)


def test_a_count_divides_the_range_and_the_largest_value_is_in_the_last_bin() -> None:
    np.testing.assert_allclose(edges(0, 100, count=4), [0, 25, 50, 75, 101])
    assert len(edges(0, 100)) == 33
    # one value alone has bins of half a unit around it
    np.testing.assert_allclose(edges(7, 7, count=2), [6.5, 7, 8.5])


def test_a_width_starts_at_a_multiple_and_reaches_past_the_largest_value() -> None:
    np.testing.assert_allclose(edges(7, 19, width=5), [5, 10, 15, 20, 25])
    np.testing.assert_allclose(edges(-3, 2, width=5), [-5, 0, 5, 10])


def test_two_thousand_and_forty_eight_levels_are_the_most() -> None:
    assert edges(0, 2047, width=1)[2048] == 2048
    with pytest.raises(InputError, match=r"a bin width of 1 makes over 2048 grey levels of values 0 to 2047\.5"):
        edges(0, 2047.5, width=1)
