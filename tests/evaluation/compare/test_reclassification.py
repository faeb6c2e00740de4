from __future__ import annotations

from math import isnan, sqrt

import numpy as np
import pytest
from scipy.stats import norm, sem

from sonoher2.evaluation.classification import confusion_at
from sonoher2.evaluation.compare.reclassification import categorical_nri, continuous_nri, idi


def error(estimate):
    """Standard error that a 95 % interval tells."""
    return (estimate.high - estimate.low) / 2 / norm.ppf(0.975)


def test_nri_of_the_paper_that_proposed_it():
    # Framingham, HDL added: of 183 events 29 move up and 7 down, of 3081 others 173 move up and 174 down;
    # NRI 0.121, z 3.616 (Pencina et al. 2008, section 5)
    moves = [(1, 29, 7, 183 - 36), (0, 173, 174, 3081 - 347)]
    outcome = np.concatenate([np.full(up + down + same, y) for y, up, down, same in moves])
    new = np.concatenate([np.repeat([2, 0, 1], [up, down, same]) for _, up, down, same in moves])
    gain = categorical_nri(outcome, np.ones_like(new), new)
    assert gain.total.value == pytest.approx(0.121, abs=5e-4)
    assert gain.cases.value == pytest.approx(22 / 183)
    assert gain.controls.value == pytest.approx(1 / 3081)
    under_null = sqrt(36 / 183**2 + 347 / 3081**2)
    assert gain.total.value / under_null == pytest.approx(3.616, abs=1e-3)
    # without the null hypothesis the error is a little smaller: (up + down - (up - down)^2) / n of either class
    variances = (36 / 183 - (22 / 183) ** 2) / 183, (347 / 3081 - (1 / 3081) ** 2) / 3081
    assert [error(part) ** 2 for part in (gain.cases, gain.controls)] == pytest.approx(variances)
    assert error(gain.total) == pytest.approx(sqrt(sum(variances)))
    assert error(gain.total) == pytest.approx(under_null, rel=0.1)


def test_two_categories_are_gains_in_sensitivity_and_specificity(patients):
    other = np.random.default_rng(3).permutation(patients.score)
    old, new = confusion_at(patients.outcome, other, 0.4), confusion_at(*patients, 0.4)
    gain = categorical_nri(patients.outcome, other >= 0.4, patients.score >= 0.4)
    assert gain.cases.value == pytest.approx(new.sensitivity().value - old.sensitivity().value)
    assert gain.controls.value == pytest.approx(new.specificity().value - old.specificity().value)


def test_continuous_nri_counts_moves_of_any_size():
    # cases: two up, one down; controls: one down, two up, one unmoved
    gain = continuous_nri([1, 1, 1, 0, 0, 0, 0], [0.2] * 7, [0.3, 0.9, 0.1, 0.1, 0.3, 0.21, 0.2])
    assert (gain.cases.value, gain.controls.value) == pytest.approx((1 / 3, -1 / 4))
    assert gain.total.value == pytest.approx(1 / 12)


def test_idi_is_the_difference_of_discrimination_slopes(patients):
    other = np.random.default_rng(3).random(len(patients.outcome))

    def slope(score):
        return score[patients.outcome == 1].mean() - score[patients.outcome == 0].mean()

    gain = idi(patients.outcome, other, patients.score)
    assert gain.total.value == pytest.approx(slope(patients.score) - slope(other))


@pytest.mark.parametrize(("measure", "change"), [(continuous_nri, np.sign), (idi, np.asarray)])
def test_errors_are_scipys_standard_errors_of_the_mean_of_either_class(patients, measure, change):
    outcome, old = patients.outcome, np.random.default_rng(3).random(150).round(1)
    moves = change(patients.score - old)
    gain = measure(outcome, old, patients.score)
    cases, controls = (sem(moves[outcome == k], ddof=0) for k in (1, 0))
    assert (gain.cases.value, gain.controls.value) == pytest.approx(
        (moves[outcome == 1].mean(), -moves[outcome == 0].mean())
    )
    assert (error(gain.cases), error(gain.controls)) == pytest.approx((cases, controls))
    assert error(gain.total) == pytest.approx(np.hypot(cases, controls))


@pytest.mark.parametrize("measure", [continuous_nri, idi])
def test_intervals_agree_with_the_bootstrap(measure):
    rng = np.random.default_rng(0)
    outcome = np.repeat([1, 0], [80, 160])
    old = 1 / (1 + np.exp(1 - outcome - rng.normal(size=240)))
    new = np.clip(old + 0.1 * (outcome - 0.5) + 0.1 * rng.normal(size=240), 0, 1)
    gain = measure(outcome, old, new).total
    draws = [np.concatenate([rng.integers(80, size=80), rng.integers(80, 240, size=160)]) for _ in range(800)]
    samples = [measure(outcome[d], old[d], new[d]).total.value for d in draws]
    assert error(gain) == pytest.approx(np.std(samples), rel=0.1)


def test_one_class_gives_no_gain():
    assert isnan(idi([1, 1], [0.2, 0.3], [0.4, 0.5]).total.value)
