from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from sonoher2.core.errors import InputError
from sonoher2.evaluation.uncertainty.conformal import conformal_quantiles, prediction_sets, set_coverage


def binary(rng, n: int, gap: float = 1.5):
    labels = (rng.random(n) < 0.3).astype(np.int64)
    positive = 1 / (1 + np.exp(1 - rng.normal(size=n) - gap * labels))
    return labels, np.column_stack([1 - positive, positive])


def vovk_sets(labels, probabilities, new, coverage):
    """From the definition: class k stays when its p value, over patients of class k and the new one, is large."""
    sets = np.zeros(new.shape, dtype=bool)
    for i, row in enumerate(new):
        for k, probability in enumerate(row):
            others = 1 - probabilities[labels == k, k]
            p = (np.sum(others >= 1 - probability) + 1) / (len(others) + 1)
            sets[i, k] = p > 1 - coverage
    return sets


@pytest.mark.parametrize("coverage", [0.8, 0.9, 0.95])
def test_sets_are_those_of_the_conformal_p_values(coverage):
    rng = np.random.default_rng(4)
    labels, probabilities = binary(rng, 83)
    _, new = binary(rng, 200)
    found = prediction_sets(new, conformal_quantiles(labels, probabilities, coverage))
    np.testing.assert_array_equal(found, vovk_sets(labels, probabilities, new, coverage))


def test_coverage_holds_for_each_class_over_repeated_draws():
    rng = np.random.default_rng(5)
    covered = []
    for _ in range(300):
        labels, probabilities = binary(rng, 120)
        limits = conformal_quantiles(labels, probabilities, 0.9)
        new_labels, new = binary(rng, 200)
        covered.append(set_coverage(new_labels, prediction_sets(new, limits))["coverage"])
    mean = np.mean(covered, axis=0)
    # at least 0.9, and above it by 1 / (n_k + 1) at most
    assert (mean > 0.892).all()
    assert (mean < 0.9 + 1 / 30 + 0.008).all()


def test_slack_keeps_equal_patients_together_whom_the_folds_score_a_little_apart():
    rng = np.random.default_rng(7)
    labels = np.zeros(200, dtype=np.int64)
    category = np.repeat([0.95, 0.6], [150, 50])
    jittered = np.clip(category + rng.normal(0, 0.004, 200), 0, 1)
    final = np.column_stack([category, 1 - category])
    out_of_fold = np.column_stack([jittered, 1 - jittered])
    strict, kind = (conformal_quantiles(labels, out_of_fold, 0.9, slack)[0] for slack in (0.0, 0.02))
    assert kind == strict - 0.02
    assert kind < final[-1, 0]
    assert conformal_quantiles(labels[:5], out_of_fold[:5], 0.9, 0.02)[0] == 0


def test_too_few_patients_exclude_nothing():
    limits = conformal_quantiles([0] * 8 + [1] * 20, np.tile([0.5, 0.5], (28, 1)), 0.9)
    np.testing.assert_array_equal(limits, [0, 0.5])
    # nine is the least number that can exclude at 90 %
    assert conformal_quantiles([0] * 9 + [1] * 20, np.tile([0.5, 0.5], (29, 1)), 0.9)[0] == 0.5


def test_table_of_coverage_by_hand():
    labels = [0, 0, 1, 1]
    sets = np.array([[True, False], [True, True], [True, False], [False, False]])
    table = set_coverage(labels, sets).set_index("label")
    assert table.loc[0, ["n", "coverage", "single", "several", "right"]].tolist() == [2, 1, 0.5, 0.5, 1]
    assert table.loc[1, ["coverage", "single", "empty", "right"]].tolist() == [0, 0.5, 0.5, 0]
    assert table.loc[-1, ["n", "coverage", "right"]].tolist() == [4, 0.5, 0.5]
    assert table.loc[-1, ["single", "several", "empty"]].tolist() == [0.5, 0.25, 0.25]
    # Wilson at 95 %, z² = 3.8415: 2 of 2 from 2 / (2 + z²), 2 of 4 within 0.5 ± z / (2 √(4 + z²))
    assert table.loc[0, ["low", "high"]].tolist() == pytest.approx([0.34238, 1], abs=1e-5)
    assert table.loc[-1, ["low", "high"]].tolist() == pytest.approx([0.15004, 0.84996], abs=1e-5)


def test_intervals_of_the_coverage_are_those_of_statsmodels():
    labels, probabilities = binary(np.random.default_rng(8), 120)
    table = set_coverage(labels, prediction_sets(probabilities, conformal_quantiles(labels, probabilities, 0.8)), 0.9)
    covered = (table["coverage"] * table["n"]).round()
    limits = proportion_confint(covered, table["n"], alpha=0.1, method="wilson")
    np.testing.assert_allclose(table[["low", "high"]], np.column_stack(limits))


def test_three_classes_have_three_limits():
    rng = np.random.default_rng(6)
    labels = rng.integers(3, size=90)
    probabilities = rng.dirichlet([1, 1, 1], size=90)
    # at 0.83 no rank is whole, where the p value would equal 1 - coverage but for rounding
    found = prediction_sets(probabilities, conformal_quantiles(labels, probabilities, 0.83))
    np.testing.assert_array_equal(found, vovk_sets(labels, probabilities, probabilities, 0.83))
    assert set_coverage(labels, found)["coverage"].min() >= 0.83


@pytest.mark.parametrize(("labels", "coverage", "words"), [([0, 2], 0.9, "do not fit"), ([0, 1], 1.0, "cannot be had")])
def test_what_cannot_be_is_refused(labels, coverage, words):
    with pytest.raises(InputError, match=words):
        conformal_quantiles(labels, [[0.5, 0.5], [0.5, 0.5]], coverage)
