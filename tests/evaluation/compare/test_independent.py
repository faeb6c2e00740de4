"""AUCs of different patients: against statsmodels' Cochran's Q and the bootstrap; level by simulation."""

from __future__ import annotations

from math import isnan, sqrt

import numpy as np
import pytest
from scipy.stats import norm
from statsmodels.stats.meta_analysis import combine_effects

from sonoher2.evaluation.compare.independent import auc_heterogeneity, auc_variance, compare_independent
from sonoher2.evaluation.discrimination import auc, auc_delong

Part = tuple[np.ndarray, np.ndarray]


def part(seed: int, strength: float, n: int = 150) -> Part:
    rng = np.random.default_rng(seed)
    outcome = (rng.random(n) < 0.4).astype(int)
    return outcome, rng.normal(size=n) + strength * outcome


def test_difference_and_error_follow_from_the_two_intervals() -> None:
    a, b = part(1, 1.2), part(2, 0.4)
    one, other = auc_delong(*a), auc_delong(*b)
    half = sqrt(((one.high - one.low) / 2) ** 2 + ((other.high - other.low) / 2) ** 2)
    found = compare_independent(a, b)
    assert found.difference == pytest.approx(one.value - other.value)
    assert (found.low, found.high) == (
        pytest.approx(found.difference - half),
        pytest.approx(found.difference + half),
    )


@pytest.mark.parametrize("marker", ["wfns", "ndka", "s100b"])
def test_variance_is_the_published_one(asah, marker: str) -> None:
    assert auc_variance(asah.outcome, asah.markers[marker]) == pytest.approx(asah.published[marker][1], abs=1e-15)


def test_z_and_p_follow_from_published_areas_and_variances(asah) -> None:
    # as if the second marker had been measured in other patients
    (one, variance), (other, other_variance) = asah.published["wfns"], asah.published["ndka"]
    found = compare_independent(*((asah.outcome, asah.markers[name]) for name in ("wfns", "ndka")))
    error = sqrt(variance + other_variance)
    low, high = norm.interval(0.95, one - other, error)
    assert (found.difference, found.low, found.high) == pytest.approx((one - other, low, high))
    assert found.z == pytest.approx((one - other) / error)
    assert found.p == pytest.approx(2 * norm.sf((one - other) / error))
    assert found.p_larger == pytest.approx(norm.sf((one - other) / error))
    turned = compare_independent(*((asah.outcome, asah.markers[name]) for name in ("ndka", "wfns")))
    assert turned.p_larger == pytest.approx(norm.cdf((one - other) / error))


def test_variance_is_near_that_of_the_bootstrap() -> None:
    outcome, score = part(3, 0.8)
    rng = np.random.default_rng(0)
    cases, controls = np.flatnonzero(outcome == 1), np.flatnonzero(outcome == 0)
    areas = []
    for _ in range(500):
        drawn = np.concatenate([rng.choice(cases, len(cases)), rng.choice(controls, len(controls))])
        areas.append(auc(outcome[drawn], score[drawn]))
    assert auc_variance(outcome, score) == pytest.approx(np.var(areas), rel=0.2)


def test_q_is_that_of_statsmodels() -> None:
    parts = [part(1, 1.2), part(2, 0.4), part(3, 0.8, 90)]
    expected = combine_effects(
        np.array([auc(*one) for one in parts]), np.array([auc_variance(*one) for one in parts])
    ).test_homogeneity()
    found = auc_heterogeneity(parts)
    assert found.chi2 == pytest.approx(expected.statistic)
    assert found.p == pytest.approx(expected.pvalue)
    assert found.degrees == 2


def test_q_of_two_groups_is_the_square_of_z() -> None:
    a, b = part(1, 1.2), part(2, 0.4)
    comparison, both = compare_independent(a, b), auc_heterogeneity([a, b])
    assert both.chi2 == pytest.approx(comparison.z**2)
    assert both.p == pytest.approx(comparison.p)


def test_level_when_both_are_alike() -> None:
    p_values = np.array([compare_independent(part(2 * s, 0.8), part(2 * s + 1, 0.8)).p for s in range(200)])
    # the share below 0.1 has a standard error of 0.021
    assert (p_values < 0.1).mean() < 0.17


def test_nothing_can_be_said_without_spread() -> None:
    perfect = (np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.8, 0.9]))
    assert isnan(compare_independent(perfect, perfect).p)
    assert isnan(auc_heterogeneity([perfect, part(1, 1.0)]).p)
    assert isnan(auc_heterogeneity([part(1, 1.0)]).p)
    assert compare_independent(perfect, part(1, 1.0)).p < 0.05
    single = (np.array([0, 0, 1]), np.array([0.1, 0.2, 0.8]))
    assert isnan(compare_independent(single, part(1, 1.0)).p)
