"""The interaction test against statsmodels' formula interface; its level by simulation."""

from __future__ import annotations

from math import isnan

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy.special import expit, logit
from scipy.stats import chi2

from sonoher2.evaluation.compare.interaction import heterogeneity, score_by_group


def simulate(seed: int, slopes: tuple[float, ...], n: int = 300) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    group = rng.integers(0, len(slopes), n)
    x = rng.normal(size=n)
    outcome = rng.random(n) < expit(np.asarray(slopes)[group] * x - 0.3 + 0.5 * group)
    return outcome.astype(int), expit(x), np.array(["a", "b", "c"], dtype=object)[group]


def test_likelihood_ratio_is_that_of_statsmodels() -> None:
    outcome, probability, group = simulate(4, (1.0, 0.5, 0.1))
    table = pd.DataFrame({"y": outcome, "x": logit(probability), "g": group})
    full = smf.logit("y ~ x * C(g)", table).fit(disp=0)
    without = smf.logit("y ~ x + C(g)", table).fit(disp=0)
    ratio = 2 * (full.llf - without.llf)
    found = score_by_group(outcome, probability, group)
    assert (found.levels, found.degrees) == (3, 2)
    assert found.chi2 == pytest.approx(ratio, rel=1e-6)
    assert found.p == pytest.approx(chi2.sf(ratio, 2), rel=1e-5)


def test_a_planted_interaction_is_found() -> None:
    assert score_by_group(*simulate(1, (2.0, 0.0), 400)).p < 0.001


def test_level_without_an_interaction() -> None:
    p_values = np.array([score_by_group(*simulate(seed, (0.8, 0.8), 200)).p for seed in range(150)])
    # the share below 0.1 has a standard error of 0.024
    assert (p_values < 0.1).mean() < 0.18
    assert p_values.mean() == pytest.approx(0.5, abs=0.1)


def test_small_levels_and_unknown_ones_are_left_out() -> None:
    outcome, probability, group = simulate(2, (1.0, 0.4))
    some = group.copy()
    some[:40] = None
    some[40:46] = "few"
    kept = np.isin(np.arange(300), np.arange(46, 300))
    expected = score_by_group(outcome[kept], probability[kept], group[kept])
    assert score_by_group(outcome, probability, some) == expected


def test_nothing_to_compare() -> None:
    outcome, probability, _ = simulate(2, (1.0, 0.4))
    alone = score_by_group(outcome, probability, np.full(300, "a", dtype=object))
    assert (alone.levels, alone.degrees) == (1, 0)
    assert isnan(alone.p)
    assert isnan(heterogeneity(3.0, 0).chi2)


def test_separated_levels_have_no_answer() -> None:
    probability = np.linspace(0.1, 0.9, 40)
    outcome = (probability > 0.5).astype(int)
    assert isnan(score_by_group(outcome, probability, np.tile(["a", "b"], 20)).p)


def test_a_score_beyond_what_exp_takes_is_no_warning() -> None:
    # close to 0.5 the score tells much, so that one score far away has log-odds of minus thousands
    rng = np.random.default_rng(3)
    x = rng.normal(0, 0.01, 200)
    outcome = (rng.random(200) < expit(300 * x)).astype(int)
    x[np.flatnonzero(outcome == 0)[0]] = -13
    found = score_by_group(outcome, expit(x), np.tile(["a", "b"], 100))
    assert found.levels == 2
    assert 0 <= found.p <= 1
