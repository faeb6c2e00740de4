from __future__ import annotations

from math import isnan

import pytest
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    confusion_matrix,
    f1_score,
    matthews_corrcoef,
    precision_score,
    recall_score,
)
from statsmodels.stats.proportion import proportion_confint

from sonoher2.evaluation.classification import Confusion, confusion_at
from sonoher2.evaluation.estimate import wilson


def test_figures_agree_with_scikit_learn(patients):
    decision = patients.score >= 0.3
    confusion = confusion_at(*patients, 0.3)
    tn, fp, fn, tp = confusion_matrix(patients.outcome, decision).ravel()
    assert confusion == Confusion(tp, fp, tn, fn)
    assert confusion.sensitivity().value == recall_score(patients.outcome, decision)
    assert confusion.specificity().value == recall_score(patients.outcome, decision, pos_label=0)
    assert confusion.ppv().value == precision_score(patients.outcome, decision)
    assert confusion.npv().value == precision_score(patients.outcome, decision, pos_label=0)
    assert confusion.accuracy().value == accuracy_score(patients.outcome, decision)
    assert confusion.f1 == pytest.approx(f1_score(patients.outcome, decision))
    assert confusion.balanced_accuracy == pytest.approx(balanced_accuracy_score(patients.outcome, decision))
    assert confusion.mcc == pytest.approx(matthews_corrcoef(patients.outcome, decision))


def test_intervals_are_those_of_their_own_denominators():
    confusion = Confusion(tp=18, fp=7, tn=33, fn=2)
    proportions = {"sensitivity": (18, 20), "specificity": (33, 40), "ppv": (18, 25), "npv": (33, 35)}
    for name, (count, total) in {**proportions, "accuracy": (51, 60)}.items():
        estimate = getattr(confusion, name)(0.9)
        expected = proportion_confint(count, total, alpha=0.1, method="wilson")
        assert (estimate.low, estimate.high) == pytest.approx(expected), name


@pytest.mark.parametrize(
    # Newcombe RG. Stat Med 1998, 17:857-872, table I, method 3
    ("count", "total", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_published_intervals(count, total, low, high):
    estimate = wilson(count, total)
    assert (estimate.low, estimate.high) == pytest.approx((low, high), abs=5e-5)


def test_a_score_at_the_threshold_is_positive():
    assert confusion_at([1, 0], [0.5, 0.5], 0.5) == Confusion(tp=1, fp=1, tn=0, fn=0)


def test_what_has_no_denominator_is_unknown():
    assert isnan(Confusion(tp=0, fp=0, tn=3, fn=2).ppv().value)
    assert isnan(Confusion(tp=0, fp=1, tn=3, fn=0).f1)
    assert isnan(Confusion(tp=0, fp=1, tn=3, fn=0).mcc)
    assert isnan(Confusion(tp=2, fp=0, tn=0, fn=1).balanced_accuracy)


def test_decisions_all_alike_do_not_correlate():
    assert Confusion(tp=3, fp=2, tn=0, fn=0).mcc == 0
    assert Confusion(tp=0, fp=0, tn=2, fn=3).f1 == 0
