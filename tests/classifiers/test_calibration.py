"""Calibration of scores."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.calibration import _SigmoidCalibration

from sonoher2.classifiers.calibration import SigmoidCalibrator, smoothed_targets


def test_two_classes_equal_scikit_learns_platt_scaling() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=200)
    y = (rng.random(200) < expit(2 * scores - 1)).astype(int)
    oracle = _SigmoidCalibration().fit(scores, y)
    ours = SigmoidCalibrator().fit(scores, y)
    assert ours.transform(scores)[:, 1] == pytest.approx(oracle.predict(scores), abs=1e-5)
    assert ours.slope_ == pytest.approx(-oracle.a_, abs=1e-4)


def test_targets_are_platts() -> None:
    y = np.array([0, 0, 0, 1])
    assert smoothed_targets(y)[:, 1] == pytest.approx([1 / 5, 1 / 5, 1 / 5, 2 / 3])
    assert smoothed_targets(np.array([0, 1, 2, 2])).sum(axis=1) == pytest.approx(1)


def test_three_classes_recover_slope_and_intercepts() -> None:
    rng = np.random.default_rng(1)
    scores = rng.normal(size=(20_000, 3))
    probability = softmax(1.5 * scores + [0.5, 0, -0.5], axis=1)
    y = (probability.cumsum(axis=1) < rng.random(20_000)[:, None]).sum(axis=1)
    calibrator = SigmoidCalibrator().fit(scores, y)
    assert calibrator.slope_ == pytest.approx(1.5, abs=0.06)
    assert calibrator.transform(scores) == pytest.approx(probability, abs=0.03)


def test_a_score_is_never_turned_round() -> None:
    scores = np.linspace(-1, 1, 40)
    y = (scores < 0).astype(int)
    probability = SigmoidCalibrator().fit(scores, y).transform(scores)[:, 1]
    assert (np.diff(probability) > 0).all()


def test_columns_must_fit_the_classes() -> None:
    with pytest.raises(ValueError, match="2 score columns do not fit 2 classes"):
        SigmoidCalibrator().fit(np.zeros((4, 2)), [0, 1, 0, 1])


def test_equal_scores_give_everybody_the_share_of_the_class() -> None:
    y = np.array([0] * 30 + [1] * 10)
    found = SigmoidCalibrator().fit(np.full(40, 3.0), y).transform(np.array([3.0, 3.0]))
    # as Platt's targets have it: ten of 11/12, and thirty of 1/32
    assert found[:, 1] == pytest.approx((10 * 11 / 12 + 30 / 32) / 40, abs=1e-6)


def test_scores_in_another_unit_give_the_same_probabilities() -> None:
    rng = np.random.default_rng(3)
    scores = rng.normal(size=100)
    # turned round, so that the slope lies at its bound, and the right way
    for direction in (-1, 1):
        y = (rng.random(100) < expit(direction * 3 * scores)).astype(int)
        one, other = (SigmoidCalibrator().fit(scale * scores, y) for scale in (1, 1000))
        assert other.slope_ == pytest.approx(one.slope_ / 1000, rel=1e-4)
        assert other.transform(1000 * scores) == pytest.approx(one.transform(scores), abs=1e-6)
