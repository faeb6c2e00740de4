"""Permuted labels, and how a figure compares with figures of permuted labels."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy import stats

from sonoher2.core.errors import InputError
from sonoher2.evaluation.compare.permutation import (
    mean_of_runs,
    permutation_p,
    permute_labels,
    recovered_share,
    standard_error,
)

LABELS = np.array([0, 1, 1, 0, 0, 1, 2, 0, 1, 1, 0, 0])
GROUPS = np.array([0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 8])
SETS = np.array(["train"] * 7 + ["test"] * 5)


def test_each_set_keeps_its_classes() -> None:
    for seed in range(20):
        permuted = permute_labels(LABELS, GROUPS, SETS, seed)
        for name in ("train", "test"):
            assert Counter(permuted[name == SETS]) == Counter(LABELS[name == SETS])


def test_of_more_than_two_sets_each_keeps_its_classes() -> None:
    labels, sets = np.array([0, 0, 0, 0, 1, 1, 1, 1, 0, 1, 2, 2]), np.repeat(["a", "b", "c"], 4)
    for seed in range(20):
        permuted = permute_labels(labels, np.arange(12), sets, seed)
        assert [sorted(permuted[sets == name]) for name in "abc"] == [[0] * 4, [1] * 4, [0, 1, 2, 2]]


def test_groups_change_places_whole_with_groups_of_their_size() -> None:
    # the only pair of the test set keeps its labels, for no other group has its size; those of training swap
    seen = set()
    for seed in range(40):
        permuted = permute_labels(LABELS, GROUPS, SETS, seed)
        assert sorted(permuted[GROUPS == 8]) == [0, 0]
        pairs = [tuple(sorted(permuted[group == GROUPS])) for group in (0, 1)]
        assert pairs == [(0, 1), (0, 1)]
        seen.add(tuple(permuted[GROUPS == 0]))
    assert seen == {(0, 1), (1, 0)}


def test_every_patient_of_a_set_is_as_likely_to_get_each_label() -> None:
    labels, alone = np.array([1, 0, 0, 0, 1, 1, 0, 0]), np.arange(8)
    sets = np.array([True] * 4 + [False] * 4)
    mean = np.mean([permute_labels(labels, alone, sets, seed) for seed in range(4000)], axis=0)
    # standard error 0.007 to 0.008
    np.testing.assert_allclose(mean, [0.25] * 4 + [0.5] * 4, atol=0.03)


def test_the_same_seed_gives_the_same_labels_and_leaves_the_old_ones() -> None:
    before = LABELS.copy()
    first, again = (permute_labels(LABELS, np.arange(12), SETS, 3) for _ in range(2))
    assert (first == again).all()
    assert (before == LABELS).all()
    assert (first != permute_labels(LABELS, np.arange(12), SETS, 4)).any()


def test_p_value_is_that_of_scipy() -> None:
    rng = np.random.default_rng(0)
    cases, controls = rng.normal(0.5, 1, 20), rng.normal(0, 1, 25)
    scipy = stats.permutation_test(
        (cases, controls),
        lambda x, y: np.mean(x) - np.mean(y),
        n_resamples=199,
        alternative="greater",
        rng=np.random.default_rng(1),
    )
    assert permutation_p(float(scipy.statistic), scipy.null_distribution) == pytest.approx(scipy.pvalue)


def test_p_value_is_never_zero_and_counts_ties() -> None:
    assert permutation_p(0.9, np.full(19, 0.5)) == pytest.approx(1 / 20)
    assert permutation_p(0.5, [0.5, 0.5 - 1e-15, 0.4]) == pytest.approx(3 / 4)
    assert np.isnan(permutation_p(0.9, []))
    assert np.isnan(permutation_p(np.nan, [0.5]))


def test_mean_of_runs_is_scipys() -> None:
    values = np.random.default_rng(2).normal(0.5, 0.06, 20)
    interval = stats.ttest_1samp(values, 0.5).confidence_interval(0.95)
    found = mean_of_runs(values)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert found.value == pytest.approx(values.mean())
    assert standard_error(values) == pytest.approx(stats.sem(values))
    assert np.isnan(mean_of_runs([0.5]).low)
    assert np.isnan(mean_of_runs([]).value)


def test_recovered_share_is_a_ratio_of_gini_coefficients() -> None:
    assert recovered_share(0.7, 0.9) == pytest.approx(0.5)
    assert recovered_share(0.5, 0.8) == 0
    assert recovered_share(0.45, 0.75) == pytest.approx(-0.2)
    with pytest.raises(InputError, match="no better than chance"):
        recovered_share(0.6, 0.5)
