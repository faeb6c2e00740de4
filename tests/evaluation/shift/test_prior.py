"""Prior shift: a fixed point worked by hand, simulated shifts, and how far another share can set cohorts apart."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit

from sonoher2.core.errors import InputError
from sonoher2.evaluation.shift.prior import correct_prior, most_told_apart

THREE = [[0.2, 0.8], [0.2, 0.8], [0.8, 0.2]]


def simulated(share: float, patients: int, seed: int, trained: float = 0.3):
    """Scores of cases and controls are normal, 1.5 apart; probabilities are exact for a share of `trained`."""
    rng = np.random.default_rng(seed)
    is_case = rng.random(patients) < share
    score = rng.normal(size=patients) + 1.5 * is_case
    return is_case, expit(1.5 * score - 1.5**2 / 2 + logit(trained))


def test_fixed_point_by_hand() -> None:
    # trained at 1 : 1, 0.8 and 0.2 are a test of sensitivity and specificity 0.8; two of three are positive, so that
    # (Rogan and Gladen 1978) the share is (2/3 + 0.8 - 1) / (0.8 + 0.8 - 1) = 7/9, odds 3.5
    found = correct_prior(THREE, [50, 50], seed=0)
    np.testing.assert_allclose(found.shares, [2 / 9, 7 / 9], atol=1e-6)
    # odds 4 * 3.5 = 14 and 3.5 / 4
    np.testing.assert_allclose(found.probabilities[:, 1], [14 / 15, 14 / 15, 7 / 15], atol=1e-6)


def test_the_share_in_training_counts() -> None:
    # trained with two cases per control, 0.8 and 0.2 stand for likelihood ratios 2 and 1/8; the most likely share q has
    # 2 * 1 / (1 + q) = (7/8) / (1 - 7/8 q), hence q = 3/7
    assert correct_prior(THREE, [1, 2], seed=0).shares[1] == pytest.approx(3 / 7, abs=1e-6)
    # with two controls per case they stand for 8 and 1/2, and no share below 1 is as likely as 1
    assert correct_prior(THREE, [2, 1], seed=0).shares[1] > 0.99


@pytest.mark.parametrize("share", [0.1, 0.3, 0.7])
def test_a_simulated_share_is_found_and_lies_in_the_interval(share: float) -> None:
    is_case, p = simulated(share, 4000, 3)
    found = correct_prior(np.column_stack([1 - p, p]), [0.7, 0.3], repeats=40, seed=1)
    assert found.shares[1] == pytest.approx(share, abs=0.03)
    assert found.low[1] < is_case.mean() < found.high[1]
    assert found.probabilities[:, 1].mean() == pytest.approx(is_case.mean(), abs=0.03)
    assert found.high[1] - found.low[1] < 0.1


def test_three_classes() -> None:
    # certain patients: the shares are the counts
    eye = np.eye(3)[[0, 0, 0, 1, 1, 2]]
    found = correct_prior(eye, [1, 1, 1], seed=0)
    np.testing.assert_allclose(found.shares, [1 / 2, 1 / 3, 1 / 6], atol=1e-4)


def test_a_wider_level_has_wider_intervals() -> None:
    _, p = simulated(0.4, 200, 5)
    both = np.column_stack([1 - p, p])
    narrow, wide = (correct_prior(both, [0.7, 0.3], seed=2, confidence=level) for level in (0.5, 0.95))
    assert wide.low[1] < narrow.low[1] < narrow.shares[1] < narrow.high[1] < wide.high[1]


@pytest.mark.parametrize(("p", "training"), [(np.empty((0, 2)), [1, 1]), (THREE, [10, 0])])
def test_nobody_to_learn_from(p, training) -> None:
    with pytest.raises(InputError, match="no patient"):
        correct_prior(p, training, seed=0)


def test_how_surely_cohorts_may_be_told_apart_by_hand() -> None:
    # shares differ by 0.2 at most: no point of the curve is more than 0.2 above the diagonal, area 1 - 0.8^2 / 2
    assert most_told_apart([0.7, 0.3], [0.5, 0.4], [0.6, 0.5]) == pytest.approx(0.68)
    # the farther end counts, on either side
    assert most_told_apart([0.7, 0.3], [0.9, 0.05], [0.95, 0.1]) == pytest.approx(1 - 0.75**2 / 2)
    assert most_told_apart([0.7, 0.3], [0.7, 0.3], [0.7, 0.3]) == 0.5
    assert most_told_apart([1, 0], [0, 1], [0, 1]) == 1


def test_cases_and_controls_that_are_apart_reach_the_bound() -> None:
    """A column that is the class itself: a cohort with 50 % of cases beside one with 30 %."""
    # new patient higher: 0.5 * 0.7; equal: 0.5 * 0.3 + 0.5 * 0.7, counting one half
    area = 0.5 * 0.7 + (0.5 * 0.3 + 0.5 * 0.7) / 2
    assert area == pytest.approx(0.6)
    assert area < most_told_apart([0.7, 0.3], [0.5, 0.5], [0.5, 0.5])
