from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_curve
from statsmodels.stats.proportion import proportion_confint

from sonoher2.evaluation.classification import confusion_at
from sonoher2.evaluation.uncertainty.zones import Zones, learn_zones, zone_figures


def test_zones_keep_their_rates_on_the_patients_they_were_learned_on(patients):
    zones = learn_zones(*patients, sensitivity=0.95, specificity=0.9)
    figures = zone_figures(*patients, zones)
    assert figures.sensitivity.value >= 0.95
    assert figures.specificity.value >= 0.9
    assert figures.ruled_out.value + figures.undecided.value + figures.ruled_in.value == pytest.approx(1)
    assert figures.undecided.value > 0


def test_zones_are_the_best_points_of_scikit_learns_curve(patients):
    fpr, tpr, _ = roc_curve(*patients, drop_intermediate=False)
    zones = learn_zones(*patients, sensitivity=0.95, specificity=0.9)
    out, into = confusion_at(*patients, zones.rule_out), confusion_at(*patients, zones.rule_in)
    assert 1 - out.specificity().value == pytest.approx(fpr[tpr >= 0.95].min())
    assert into.sensitivity().value == pytest.approx(tpr[1 - fpr >= 0.9 - 1e-12].max())


def test_a_good_score_leaves_nobody_undecided():
    outcome = np.repeat([0, 1], 50)
    score = np.linspace(0, 1, 100)
    zones = learn_zones(outcome, score, 0.9, 0.9)
    assert zones.rule_out == zones.rule_in
    figures = zone_figures(outcome, score, zones)
    assert figures.undecided.value == 0
    assert figures.sensitivity.value >= 0.9


def test_figures_by_hand():
    figures = zone_figures([0, 0, 0, 1, 1, 1], [0.1, 0.4, 0.8, 0.1, 0.6, 0.9], Zones(0.3, 0.7))
    assert (figures.sensitivity.value, figures.specificity.value) == pytest.approx((2 / 3, 2 / 3))
    assert (figures.npv.value, figures.ppv.value) == (0.5, 0.5)
    assert (figures.ruled_out.value, figures.undecided.value) == pytest.approx((1 / 3, 1 / 3))


def test_intervals_are_those_of_statsmodels(patients):
    outcome, score = patients
    out, into = score < 0.2, score >= 0.5
    figures = zone_figures(outcome, score, Zones(0.2, 0.5), 0.9)
    shares = {
        "sensitivity": ~out[outcome == 1],
        "specificity": ~into[outcome == 0],
        "npv": outcome[out] == 0,
        "ppv": outcome[into] == 1,
        "ruled_out": out,
        "undecided": ~out & ~into,
        "ruled_in": into,
    }
    for name, share in shares.items():
        estimate = getattr(figures, name)
        limits = proportion_confint(share.sum(), len(share), alpha=0.1, method="wilson")
        assert (estimate.value, estimate.low, estimate.high) == pytest.approx((share.mean(), *limits)), name
