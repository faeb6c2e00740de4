from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from statsmodels.api import Logit

from sonoher2.core.errors import InputError
from sonoher2.evaluation.calibration import calibration_slope_intercept
from sonoher2.evaluation.recalibration import LogisticRecalibration


@pytest.fixture
def overconfident():
    """2,000 patients whose probabilities are too extreme, and too low on the whole."""
    rng = np.random.default_rng(2)
    truth = rng.normal(size=2000)
    return expit(2 * truth - 1), (rng.random(2000) < expit(truth + 0.5)).astype(np.int64)


def test_fit_is_the_unpenalised_logistic_regression_of_scikit_learn(overconfident):
    probability, outcome = overconfident
    found = LogisticRecalibration().fit(probability, outcome)
    other = LogisticRegression(C=np.inf, tol=1e-10).fit(logit(probability)[:, None], outcome)
    assert (found.slope_, found.intercept_) == pytest.approx((other.coef_[0, 0], other.intercept_[0]), abs=1e-5)
    np.testing.assert_allclose(
        found.transform(probability), other.predict_proba(logit(probability)[:, None])[:, 1], atol=1e-5
    )
    # logit p = 2 t - 1, so t + 0.5 = 0.5 logit p + 1
    assert (found.slope_, found.intercept_) == pytest.approx((0.5, 1), abs=0.12)


def test_recalibrated_patients_are_calibrated(overconfident):
    probability, outcome = overconfident
    updated = LogisticRecalibration().fit(probability, outcome).transform(probability)
    slope, intercept = calibration_slope_intercept(outcome, updated)
    assert (slope.value, intercept.value) == pytest.approx((1, 0), abs=1e-6)


def test_intercept_alone_mends_the_prevalence_and_leaves_the_slope(overconfident):
    probability, outcome = overconfident
    step = LogisticRecalibration("intercept").fit(probability, outcome)
    assert step.slope_ == 1
    assert step.transform(probability).mean() == pytest.approx(outcome.mean(), abs=1e-8)


def test_intercept_alone_is_that_of_statsmodels_with_an_offset(overconfident):
    probability, outcome = overconfident
    other = Logit(outcome, np.ones(len(outcome)), offset=logit(probability)).fit(disp=False)
    step = LogisticRecalibration("intercept").fit(probability, outcome)
    assert step.intercept_ == pytest.approx(other.params[0], abs=1e-6)
    np.testing.assert_allclose(step.transform(probability), other.predict(), atol=1e-6)


def test_order_of_the_patients_stays(overconfident):
    probability, outcome = overconfident
    updated = clone(LogisticRecalibration()).fit(probability, outcome).transform(probability)
    np.testing.assert_array_equal(np.argsort(updated, kind="stable"), np.argsort(probability, kind="stable"))


@pytest.mark.parametrize(
    ("outcome", "words"), [([1, 1, 1, 1], "one class"), ([0, 0, 1, 1], "do not overlap"), ([1, 1, 0, 0], "do not")]
)
def test_what_cannot_be_fitted_is_refused(outcome, words):
    with pytest.raises(InputError, match=words):
        LogisticRecalibration().fit([0.1, 0.2, 0.3, 0.4], outcome)


def test_certain_probabilities_have_finite_log_odds() -> None:
    step = LogisticRecalibration().fit([0.0, 0.3, 0.2, 1.0, 0.8, 0.1], [0, 1, 0, 1, 0, 0])
    ends = step.transform([0.0, 1.0])
    assert np.isfinite(ends).all()
    np.testing.assert_allclose(logit(ends), step.intercept_ + step.slope_ * logit([1e-6, 1 - 1e-6]), rtol=1e-6)
