from __future__ import annotations

from math import isnan

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from sklearn import calibration
from sklearn.metrics import brier_score_loss, d2_brier_score
from statsmodels.api import Logit, add_constant
from statsmodels.stats.proportion import proportion_confint

from sonoher2.core.errors import InputError
from sonoher2.evaluation.calibration import (
    CLIP,
    brier,
    calibration_curve,
    calibration_slope_intercept,
    expected_calibration_error,
    expected_over_observed,
    scaled_brier,
    smooth_calibration_curve,
)


@pytest.fixture
def large():
    """20,000 patients whose outcomes follow the probabilities."""
    rng = np.random.default_rng(3)
    probability = expit(rng.normal(-1, 1.2, size=20_000))
    return (rng.random(20_000) < probability).astype(np.int64), probability


def test_brier_agrees_with_scikit_learn(patients):
    assert brier(*patients) == pytest.approx(brier_score_loss(*patients))


def test_scaled_brier_is_scikit_learns_d2(patients):
    assert scaled_brier(*patients) == pytest.approx(d2_brier_score(*patients))


def test_scaled_brier_is_0_for_the_prevalence_and_1_for_the_truth(patients):
    prevalence = np.full(len(patients.outcome), patients.outcome.mean())
    assert scaled_brier(patients.outcome, prevalence) == pytest.approx(0)
    assert scaled_brier(patients.outcome, patients.outcome) == 1


def test_slope_and_intercept_agree_with_maximum_likelihood_by_newton(patients):
    slope, intercept = calibration_slope_intercept(*patients)
    x = logit(np.clip(patients.score, CLIP, 1 - CLIP))
    fit = Logit(patients.outcome, add_constant(x)).fit(disp=False)
    assert (slope.value, slope.low, slope.high) == pytest.approx((fit.params[1], *fit.conf_int()[1]), rel=1e-5)
    shift = Logit(patients.outcome, np.ones(len(x)), offset=x).fit(disp=False)
    expected = (shift.params[0], *shift.conf_int()[0])
    assert (intercept.value, intercept.low, intercept.high) == pytest.approx(expected, rel=1e-5)


def test_right_probabilities_have_slope_1_and_intercept_0(large):
    slope, intercept = calibration_slope_intercept(*large)
    assert slope.low < 1 < slope.high
    assert intercept.low < 0 < intercept.high


@pytest.mark.parametrize(("stretch", "shift"), [(2.0, 0.0), (0.5, 0.0), (1.0, 1.0)])
def test_distortion_is_measured(large, stretch, shift):
    outcome, probability = large
    slope, intercept = calibration_slope_intercept(outcome, expit(stretch * logit(probability) + shift))
    assert slope.value == pytest.approx(1 / stretch, rel=0.05)
    if stretch == 1:
        assert intercept.value == pytest.approx(-shift, abs=0.06)


@pytest.mark.parametrize("probability", [[0.1, 0.2, 0.6, 0.7], [0.9, 0.8, 0.3, 0.2], [0.1, 0.4, 0.4, 0.7], [0.3] * 4])
def test_no_overlap_has_no_slope_but_an_intercept(probability):
    slope, intercept = calibration_slope_intercept([0, 0, 1, 1], probability)
    assert isnan(slope.value)
    assert np.isfinite([intercept.value, intercept.low, intercept.high]).all()


def test_intercept_makes_the_mean_prediction_right(patients):
    _, intercept = calibration_slope_intercept(*patients)
    moved = expit(logit(np.clip(patients.score, CLIP, 1 - CLIP)) + intercept.value)
    assert moved.mean() == pytest.approx(patients.outcome.mean(), rel=1e-6)


def test_intercept_of_overconfident_scores_makes_the_mean_prediction_right():
    rng = np.random.default_rng(0)
    log_odds = rng.choice([-9.0, 8.0], 400, p=[0.8, 0.2]) + rng.normal(size=400)
    outcome = rng.random(400) < np.where(log_odds > 0, 0.8, 0.2)
    _, intercept = calibration_slope_intercept(outcome, expit(log_odds))
    assert expit(log_odds + intercept.value).mean() == pytest.approx(outcome.mean(), abs=1e-9)
    assert intercept.low < intercept.value < intercept.high


def test_certain_probabilities_are_clipped():
    slope, intercept = calibration_slope_intercept([0, 1, 0, 1, 0, 1], [0, 0, 0.5, 0.5, 1, 1])
    assert np.isfinite([slope.value, intercept.value]).all()


def test_one_class_has_no_calibration_slope():
    assert all(isnan(estimate.value) for estimate in calibration_slope_intercept([1, 1], [0.2, 0.8]))
    assert isnan(scaled_brier([1, 1], [0.2, 0.8]))


def test_groups_are_quantiles():
    outcome, probability = np.tile([0, 1], 50), np.linspace(0.005, 0.995, 100)
    table = calibration_curve(outcome, probability)
    expected = pd.DataFrame({"p": probability, "y": outcome}).groupby(pd.qcut(probability, 10), observed=True).mean()
    np.testing.assert_allclose(table["predicted"], expected["p"])
    np.testing.assert_allclose(table["observed"], expected["y"])
    assert (table["n"] == 10).all()
    assert (table["low"] < table["observed"]).all()
    assert (table["observed"] < table["high"]).all()


def test_groups_agree_with_scikit_learn_and_their_intervals_with_statsmodels(patients):
    table = calibration_curve(*patients, groups=8, confidence=0.9)
    observed, predicted = calibration.calibration_curve(*patients, n_bins=8, strategy="quantile")
    np.testing.assert_allclose(table[["predicted", "observed"]], np.column_stack([predicted, observed]))
    limits = proportion_confint((observed * table["n"]).round(), table["n"], alpha=0.1, method="wilson")
    np.testing.assert_allclose(table[["low", "high"]], np.column_stack(limits), atol=1e-12)
    error = np.average(np.abs(predicted - observed), weights=table["n"])
    assert expected_calibration_error(*patients, groups=8) == pytest.approx(error)


def test_tied_probabilities_stay_together():
    table = calibration_curve([0, 0, 0, 1, 1, 0], [0.2, 0.2, 0.2, 0.2, 0.7, 0.7])
    assert table["n"].tolist() == [4, 2]
    assert table["observed"].tolist() == [0.25, 0.5]


def test_expected_calibration_error_by_hand():
    assert expected_calibration_error([0, 0, 0, 1, 1, 0], [0.2, 0.2, 0.2, 0.2, 0.7, 0.7]) == pytest.approx(
        (4 * 0.05 + 2 * 0.2) / 6
    )


@pytest.mark.parametrize("fraction", [0.55, 2 / 3])
def test_smooth_curve_is_clevelands_local_lines(patients, fraction):
    y, x = patients
    curve = smooth_calibration_curve(y, x, fraction)
    for at, found in curve.iloc[:: len(curve) // 4].itertuples(index=False):
        distance = np.abs(x - at)
        # up to the k-th nearest patient, whose own weight is 0
        weight = np.clip(1 - (distance / np.sort(distance)[int(fraction * len(x)) - 1]) ** 3, 0, None) ** 3
        line = np.polyfit(x, y, 1, w=np.sqrt(weight))
        assert found == pytest.approx(np.clip(np.polyval(line, at), 0, 1), abs=1e-6)


def test_smooth_curve_follows_the_truth(large):
    outcome, probability = (values[:2000] for values in large)
    curve = smooth_calibration_curve(outcome, probability**2, fraction=0.3)
    inner = curve[curve["predicted"].between(0.02, 0.5)]
    assert (inner["observed"] - np.sqrt(inner["predicted"])).abs().mean() < 0.05
    assert (inner["observed"] - inner["predicted"]).abs().mean() > 0.1
    assert curve["observed"].between(0, 1).all()


def test_too_few_probabilities_have_no_smooth_curve():
    assert smooth_calibration_curve([0, 1, 1], [0.2, 0.2, 0.4]).empty


def test_what_is_no_probability_is_refused():
    with pytest.raises(InputError, match="outside"):
        brier([0, 1], [0.2, 1.2])


def test_no_patient_has_no_curve():
    with pytest.raises(InputError, match="cannot form"):
        calibration_curve([], [])


def test_expected_over_observed_by_hand():
    # 30 expected, 25 of 100 seen; log standard error sqrt(0.75 / 25) = 0.173205, times 1.959964 = 0.339476
    found = expected_over_observed([1] * 25 + [0] * 75, [0.3] * 100)
    assert found.value == pytest.approx(1.2)
    assert (found.low, found.high) == pytest.approx((1.2 * np.exp(-0.339476), 1.2 * np.exp(0.339476)), rel=1e-6)
    assert expected_over_observed([1] * 25 + [0] * 75, [0.2] * 100).value == pytest.approx(0.8)


def test_expected_over_observed_needs_a_case_and_has_no_width_with_cases_alone():
    assert isnan(expected_over_observed([0, 0], [0.1, 0.2]).value)
    assert isnan(expected_over_observed([], []).low)
    only = expected_over_observed([1, 1], [0.5, 0.25])
    assert (only.value, only.low, only.high) == (0.375, 0.375, 0.375)
