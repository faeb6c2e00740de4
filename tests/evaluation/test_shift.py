from __future__ import annotations

from math import isnan

import numpy as np
import pytest
from scipy.stats import kstest

from sonoher2.evaluation.shift import distance_to_quantiles, mean_difference, share_difference


def test_mean_difference_by_hand():
    assert mean_difference(10, 3, 14, 4) == pytest.approx(4 / np.sqrt(12.5))
    assert mean_difference(1, 0, 1, 0) == 0
    assert isnan(mean_difference(1, 0, 2, 0))


def test_difference_of_two_levels_is_austins_for_a_proportion():
    a, b = 0.3, 0.45
    expected = (b - a) / np.sqrt((a * (1 - a) + b * (1 - b)) / 2)
    assert share_difference([1 - a, a], [1 - b, b]) == pytest.approx(expected)


def test_difference_of_shares_does_not_depend_on_the_order_of_the_levels():
    a, b = np.array([0.2, 0.3, 0.5]), np.array([0.25, 0.4, 0.35])
    assert share_difference(a, b) == pytest.approx(share_difference(a[::-1], b[::-1]))
    assert share_difference(a, a) == 0


def test_distance_is_scipys_when_the_known_distribution_is_continuous():
    rng = np.random.default_rng(0)
    values = rng.beta(2, 3, size=70)
    quantiles = np.linspace(0, 1, 21) ** 1.3
    expected = kstest(values, lambda x: np.interp(x, quantiles, np.linspace(0, 1, 21))).statistic
    assert distance_to_quantiles(values, quantiles) == pytest.approx(expected)


def test_the_same_values_are_at_no_distance_though_many_are_equal():
    values = np.repeat([0.0, 1.0, 2.0], [40, 10, 50])
    quantiles = np.quantile(values, np.linspace(0, 1, 101))
    assert distance_to_quantiles(values, quantiles) < 0.02


def test_values_outside_the_known_range_are_at_distance_one():
    assert distance_to_quantiles([5.0, 6.0], [0.0, 1.0, 2.0]) == 1
    assert isnan(distance_to_quantiles([], [0.0, 1.0]))
