from __future__ import annotations

from math import isnan

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from sonoher2.evaluation.compare.comparison import delong_test, holm
from sonoher2.evaluation.discrimination import auc


@pytest.mark.parametrize(
    ("a", "b", "z", "p", "low", "high"),
    [
        ("wfns", "s100b", 2.20898359144091, 0.0271757822291882, 0.0104061769564846, 0.174214419249478),
        ("wfns", "ndka", 2.79777591868904, 0.00514557970691098, 0.0634011709339876, 0.3600405634833566),
        ("ndka", "s100b", -1.39077002573558, 0.164295175223054, -0.2876917446341914, 0.0488706064228094),
    ],
)
def test_delong_test_gives_the_published_values(asah, a, b, z, p, low, high):
    test = delong_test(asah.outcome, asah.markers[a], asah.markers[b])
    assert (test.z, test.p, test.low, test.high) == pytest.approx((z, p, low, high), abs=1e-12)
    assert test.difference == auc(asah.outcome, asah.markers[a]) - auc(asah.outcome, asah.markers[b])


def test_order_of_the_scores_turns_the_sign_only(patients):
    other = np.random.default_rng(1).random(len(patients.outcome))
    forth, back = delong_test(*patients, other), delong_test(patients.outcome, other, patients.score)
    assert (forth.z, forth.p, forth.low) == pytest.approx((-back.z, back.p, -back.high))


def test_scores_of_one_ranking_do_not_differ(patients):
    test = delong_test(*patients, np.exp(patients.score))
    assert (test.difference, test.low, test.high, test.z, test.p) == (0, 0, 0, 0, 1)


def test_two_perfect_scores_do_not_differ():
    assert delong_test([0, 0, 1, 1], [1, 2, 3, 4], [2, 1, 4, 3]).p == 1


@pytest.mark.parametrize(
    ("outcome", "score_b"), [([1, 1, 1, 1], [4, 1, 2, 3]), ([0, 0, 1, 1], [1, 1, 1, 1]), ([0, 0, 0, 1], [4, 1, 2, 3])]
)
def test_what_has_no_variance_is_not_tested(outcome, score_b):
    assert isnan(delong_test(outcome, [1, 2, 3, 4], score_b).p)


def test_test_keeps_its_level():
    rng = np.random.default_rng(9)
    outcome = np.repeat([1, 0], [40, 60])
    p = [delong_test(outcome, *(rng.normal(size=(2, 100)) + outcome)).p for _ in range(500)]
    assert 0.025 <= np.mean(np.array(p) < 0.05) <= 0.08


def test_holm_by_hand():
    # sorted 0.01, 0.02, 0.03, 0.04 times 4, 3, 2, 1, made monotone
    np.testing.assert_allclose(holm([0.04, 0.01, 0.03, 0.02]), [0.06, 0.04, 0.06, 0.06])


@pytest.mark.parametrize("tests", [1, 2, 7, 40])
def test_holm_agrees_with_statsmodels(tests):
    p = np.random.default_rng(tests).beta(0.4, 1, tests).round(2)  # rounded, so that there are ties
    np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1])


def test_holm_leaves_out_what_was_not_tested():
    np.testing.assert_allclose(holm([0.01, np.nan, 0.04]), [0.02, np.nan, 0.04])
    assert np.isnan(holm([np.nan])).all()
    assert holm([]).shape == (0,)
