from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_curve

from sonoher2.core.errors import InputError
from sonoher2.evaluation.classification import confusion_at
from sonoher2.evaluation.thresholds import threshold_at_sensitivity, threshold_at_specificity, youden_threshold


def rates(outcome, score, threshold):
    confusion = confusion_at(outcome, score, threshold)
    return confusion.sensitivity().value, confusion.specificity().value


def test_youden_reaches_the_largest_index_of_the_curve(patients):
    fpr, tpr, _ = roc_curve(*patients)
    assert sum(rates(*patients, youden_threshold(*patients))) - 1 == pytest.approx((tpr - fpr).max())


def test_youden_is_halfway_between_scores():
    assert youden_threshold([0, 0, 1, 1], [0.1, 0.2, 0.6, 0.9]) == pytest.approx(0.4)


def test_youden_prefers_sensitivity_among_equals():
    # calling only 0.9 positive (1/2, 1) is as good as calling 0.3 and above positive (1, 1/2)
    assert youden_threshold([0, 1, 0, 1], [0.1, 0.3, 0.5, 0.9]) == pytest.approx(0.2)


@pytest.mark.parametrize("target", [0.5, 0.7, 0.8, 0.9, 0.95, 1.0])
def test_target_is_reached_and_the_next_step_fails(patients, target):
    fpr, tpr, _ = roc_curve(*patients, drop_intermediate=False)
    sensitivity, specificity = rates(*patients, threshold_at_sensitivity(*patients, target))
    assert sensitivity >= target
    assert 1 - specificity == pytest.approx(fpr[tpr >= target].min())
    sensitivity, specificity = rates(*patients, threshold_at_specificity(*patients, target))
    assert specificity >= target
    assert sensitivity == pytest.approx(tpr[1 - fpr >= target - 1e-12].max())


def test_specificity_above_the_highest_control_calls_nobody_positive():
    threshold = threshold_at_specificity([1, 0, 0], [0.4, 0.2, 0.9], 0.9)
    assert threshold > 0.9
    assert rates([1, 0, 0], [0.4, 0.2, 0.9], threshold) == (0, 1)


@settings(deadline=None)
@given(st.floats(1e-300, 1, exclude_max=True))
def test_neighbouring_numbers_are_told_apart(low):
    high = np.nextafter(low, 2)
    threshold = youden_threshold([0, 1], [low, high])
    assert low < threshold <= high


def test_one_class_teaches_no_threshold():
    with pytest.raises(InputError, match="all cases or all controls"):
        youden_threshold([1, 1], [0.2, 0.3])


@pytest.mark.parametrize("learn", [threshold_at_sensitivity, threshold_at_specificity])
@pytest.mark.parametrize("target", [0, 1.1])
def test_impossible_targets_are_refused(learn, target):
    with pytest.raises(InputError, match="cannot be reached"):
        learn([0, 1], [0.2, 0.3], target)
