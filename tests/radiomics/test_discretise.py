"""Edges of grey levels by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sonoher2.config.radiomics import RadiomicsConfig
from sonoher2.core.errors import InputError
from sonoher2.radiomics.discretise import Binning, bin_edges, binning_of, check_levels


def edges(lowest: float, highest: float, count: int = 32, width: float = 0.0) -> np.ndarray:
    return bin_edges(float(lowest), float(highest), Binning(count, width), False)


def test_bins_are_counted_unless_a_width_is_given() -> None:
    assert binning_of(RadiomicsConfig()) == (32, 0.0)
    assert binning_of(RadiomicsConfig(bin_count=8)) == (8, 0.0)
    assert binning_of(RadiomicsConfig(bin_width=2)).width == 2.0


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
        check_levels(0.0, 2047.5, Binning(32, 1.0))
    check_levels(0.0, 2047.0, Binning(32, 1.0))
    check_levels(0.0, 2047.5, Binning(32, 0.0))


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_edges_are_those_of_numpy_in_every_bit(kind: type[np.floating]) -> None:
    # pyradiomics takes numpy's edges, in the type of the image: their rounding decides where a pixel on an edge falls
    rng, single = np.random.default_rng(1), kind is np.float32
    for _ in range(300):
        lowest = kind(rng.normal(scale=10.0 ** rng.integers(-2, 3)))
        highest = kind(lowest + abs(kind(rng.normal(scale=50))))
        count, width = int(rng.integers(2, 257)), float(rng.uniform(0.2, 30))
        expected = np.linspace(lowest, highest, count + 1, dtype=kind)
        expected[-1] += 1
        np.testing.assert_array_equal(bin_edges(float(lowest), float(highest), Binning(count, 0.0), single), expected)
        expected = np.arange(lowest - lowest % width, highest + 2 * width, width)
        np.testing.assert_array_equal(bin_edges(float(lowest), float(highest), Binning(32, width), single), expected)
