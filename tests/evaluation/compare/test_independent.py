"""AUCs of different patients: against statsmodels' Cochran's Q and the bootstrap; level by simulation."""

from __future__ import annotations

from math import isnan, sqrt

import numpy as np
import pytest
from scipy.stats import norm
from statsmodels.stats.meta_analysis import combine_effects

from sonoher2.evaluation.compare.independent import auc_heterogeneity, auc_variance, hanley_variance, larger_auc_p
from sonoher2.evaluation.discrimination import auc

Part = tuple[np.ndarray, np.ndarray]


def part(seed: int, strength: float, n: int = 150) -> Part:
    rng = np.random.default_rng(seed)
    outcome = (rng.random(n) < 0.4).astype(int)
    return outcome, rng.normal(size=n) + strength * outcome


@pytest.mark.parametrize("marker", ["wfns", "ndka", "s100b"])
def test_variance_is_the_published_one(asah, marker: str) -> None:
    assert auc_variance(asah.outcome, asah.markers[marker]) == pytest.approx(asah.published[marker][1], abs=1e-15)


def test_the_variance_of_hanley_and_mcneil_by_hand() -> None:
    # the worked example of their paper: 51 abnormal and 58 normal images, an area of 0.893, and Q1 and Q2 as for
    # exponential scores: (0.893 * 0.107 + 50 * 0.00923 + 57 * 0.04507) / (51 * 58)
    assert sqrt(hanley_variance(0.893, 51, 58)) == pytest.approx(0.0325, abs=5e-5)
    assert hanley_variance(0.5, 1, 1) == 0.25
    assert hanley_variance(1.0, 9, 30) == 0


def test_the_larger_auc_by_hand() -> None:
    # 3 of 4 pairs are right, and 2 of 4: the mean of equal weights is 0.625
    a = [1, 1, 0, 0], [0.9, 0.4, 0.5, 0.1]
    b = [1, 1, 0, 0], [0.9, 0.1, 0.5, 0.4]
    z = 0.25 / sqrt(2 * hanley_variance(0.625, 2, 2))
    assert larger_auc_p(a, b) == pytest.approx(norm.sf(z))
    assert larger_auc_p(b, a) == pytest.approx(norm.cdf(z))
    # of a larger set the AUC counts more
    twice = b[0] * 2, b[1] * 2
    pooled = (0.75 * 1 + 0.5 * 2) / 3
    z = 0.25 / sqrt(hanley_variance(pooled, 2, 2) + hanley_variance(pooled, 4, 4))
    assert larger_auc_p(a, twice) == pytest.approx(norm.sf(z))
    perfect = [1, 0, 1, 0], [0.9, 0.1, 0.8, 0.2]
    assert isnan(larger_auc_p(perfect, perfect))
    assert isnan(larger_auc_p(([1, 1], [0.1, 0.2]), a))


@pytest.mark.parametrize(("cases", "strength"), [(4, 0.5), (8, 1.5), (40, 2.5)])
def test_a_small_test_set_is_not_accused_by_chance(cases: int, strength: float) -> None:
    rng = np.random.default_rng(cases)

    def drawn(number: int) -> Part:
        outcome = np.repeat([1, 0], [number, 2 * number])
        return outcome, rng.normal(size=3 * number) + strength * outcome

    alarms = sum(larger_auc_p(drawn(cases), drawn(3 * cases)) < 0.01 for _ in range(400))
    assert alarms <= 10


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
    z = (auc(*a) - auc(*b)) / sqrt(auc_variance(*a) + auc_variance(*b))
    both = auc_heterogeneity([a, b])
    assert both.chi2 == pytest.approx(z**2)
    assert both.p == pytest.approx(2 * norm.sf(abs(z)))


def test_nothing_can_be_said_without_spread() -> None:
    perfect = (np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.8, 0.9]))
    assert isnan(auc_heterogeneity([perfect, part(1, 1.0)]).p)
    assert isnan(auc_heterogeneity([part(1, 1.0)]).p)
    single = (np.array([0, 0, 1]), np.array([0.1, 0.2, 0.8]))
    assert isnan(auc_heterogeneity([single, part(1, 1.0)]).p)
