from __future__ import annotations

from math import isnan

import numpy as np
import pytest
from scipy.spatial.distance import mahalanobis
from scipy.stats import f_oneway, kstest, multinomial

from sonoher2.evaluation.shift.differences import (
    distance_to_quantiles,
    mean_difference,
    share_difference,
    variance_between_groups,
)


def test_mean_difference_by_hand():
    assert mean_difference(10, 3, 14, 4) == pytest.approx(4 / np.sqrt(12.5))
    assert mean_difference(1, 0, 1, 0) == 0
    assert isnan(mean_difference(1, 0, 2, 0))


def test_difference_of_two_levels_is_austins_for_a_proportion():
    a, b = 0.3, 0.45
    expected = (b - a) / np.sqrt((a * (1 - a) + b * (1 - b)) / 2)
    assert share_difference([1 - a, a], [1 - b, b]) == pytest.approx(expected)


def test_difference_of_three_levels_is_scipys_mahalanobis_distance():
    a, b = np.array([0.2, 0.3, 0.5]), np.array([0.25, 0.4, 0.35])
    spread = (multinomial(1, a).cov() + multinomial(1, b).cov()) / 2
    expected = mahalanobis(a[1:], b[1:], np.linalg.inv(spread[1:, 1:]))
    assert share_difference(a, b) == pytest.approx(expected)


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


def test_variance_between_groups_is_scipys_analysis_of_variance():
    rng = np.random.default_rng(1)
    group = np.array(["a"] * 12 + ["b"] * 20 + ["c"] * 9 + [None] * 4, dtype=object)
    values = rng.normal(size=(45, 3)) + np.outer(group == "b", [0, 1, 5])
    share, p = variance_between_groups(values, group)
    expected = f_oneway(*(values[group == name] for name in "abc"))
    np.testing.assert_allclose(p, expected.pvalue)
    np.testing.assert_allclose(share / (1 - share), expected.statistic * 2 / 38)


def test_no_variance_and_no_groups_have_no_share():
    share, p = variance_between_groups(np.column_stack([np.full(6, 0.1), np.arange(6)]), list("aabbcc"))
    assert isnan(share[0])
    assert isnan(p[0])
    assert share[1] == pytest.approx(1 - 1.5 / 17.5)
    assert np.isnan(variance_between_groups(np.ones((4, 1)), ["a"] * 4)).all()
