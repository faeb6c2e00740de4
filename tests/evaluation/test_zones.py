from __future__ import annotations

import numpy as np
import pytest

from sonoher2.evaluation.zones import Zones, learn_zones, zone_figures


def test_zones_keep_their_rates_on_the_patients_they_were_learned_on(patients):
    zones = learn_zones(*patients, sensitivity=0.95, specificity=0.9)
    figures = zone_figures(*patients, zones)
    assert figures.sensitivity.value >= 0.95
    assert figures.specificity.value >= 0.9
    assert figures.ruled_out.value + figures.undecided.value + figures.ruled_in.value == pytest.approx(1)
    assert figures.undecided.value > 0


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
