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
    group = np.tile(["a", "b"], 100)
    found = score_by_group(outcome, expit(x), group)
    # its chance of being a case is nothing, and it is none: it adds nothing to either likelihood
    others = x > -1
    table = pd.DataFrame({"y": outcome, "x": x, "g": group})[others]
    full, without = (smf.logit(f"y ~ x {sign} C(g)", table).fit(disp=0) for sign in "*+")
    ratio = 2 * (full.llf - without.llf)
    assert (found.levels, found.degrees) == (2, 1)
    assert found.chi2 == pytest.approx(ratio, rel=1e-4)
    assert found.p == pytest.approx(chi2.sf(ratio, 1), rel=1e-4)


@pytest.mark.parametrize(("cases", "ratio"), [((5, 15, 15, 5), 160 * (np.log(2) - 0.5623351446)), ((5, 15, 5, 15), 0)])
def test_opposite_slopes_by_hand(cases: tuple[int, ...], ratio: float) -> None:
    """Two levels, 20 patients at either of two scores.

    The score of opposite slopes tells nothing on the whole: every patient is a case by one half. Within the levels a
    quarter and three quarters are cases: -(ln(1/4) / 4 + 3 ln(3/4) / 4) = 0.5623 per patient, of 80. With equal slopes
    there is no interaction.
    """
    outcome = np.concatenate([np.arange(20) < some for some in cases]).astype(int)
    probability, group = np.tile(np.repeat([0.2, 0.8], 20), 2), np.repeat(["a", "b"], 40)
    found = score_by_group(outcome, probability, group)
    assert (found.levels, found.degrees) == (2, 1)
    assert found.chi2 == pytest.approx(ratio, abs=1e-6)
    assert found.p == pytest.approx(chi2.sf(ratio, 1), rel=1e-5)
