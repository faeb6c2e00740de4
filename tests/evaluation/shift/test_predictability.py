"""The shortcut test: right AUC, exact level under no effect, nothing fitted outside the fold."""

from __future__ import annotations

from math import isnan

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from sonoher2.core.errors import InputError
from sonoher2.evaluation.discrimination import auc_delong
from sonoher2.evaluation.shift.predictability import PENALTY, _shuffled, predict_outcome


def cohort(n: int = 120, strength: float = 0.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    outcome = rng.random(n) < 0.4
    return np.column_stack([rng.normal(size=n) + strength * outcome, rng.normal(size=n)]), outcome.astype(int)


def ridge_scores(columns: np.ndarray, outcome: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Out-of-fold scores, step by step with scikit-learn."""
    expected = np.empty(len(outcome))
    for number in range(5):
        out = fold == number
        scaler = StandardScaler().fit(columns[~out])
        train, test = scaler.transform(columns[~out]), scaler.transform(columns[out])
        train, test = np.hstack([train, train**2]), np.hstack([test, test**2])
        second = StandardScaler().fit(train)
        model = Ridge(PENALTY).fit(second.transform(train), outcome[~out])
        expected[out] = model.predict(second.transform(test)) - outcome[~out].mean()
    return expected


def test_scores_are_those_of_a_ridge_fitted_without_the_patients() -> None:
    columns, outcome = cohort(strength=1.0)
    found = predict_outcome(columns, outcome, np.arange(120) // 2, seed=3, permutations=10)
    # the folds are not told: each pair of patients must be reproduced by a ridge without some fifth of the pairs
    expected = ridge_scores(columns, outcome, np.repeat(np.random.default_rng(3).permutation(60) % 5, 2))
    assert found.score == pytest.approx(expected)
    assert found.auc.value == pytest.approx(roc_auc_score(outcome, expected))
    assert found.auc == auc_delong(outcome, found.score)


def test_p_is_that_of_the_same_permutations_one_by_one() -> None:
    columns, outcome = cohort(60, strength=0.3, seed=2)
    # the same draws: of the folds, then of the permutations
    rng = np.random.default_rng(4)
    fold = rng.permutation(60) % 5
    shuffled = rng.permuted(np.tile(outcome[:, None] == 1, 29), axis=0).T
    real = roc_auc_score(outcome, ridge_scores(columns, outcome, fold))
    null = [roc_auc_score(labels, ridge_scores(columns, labels, fold)) for labels in shuffled]
    p = (1 + np.sum(np.array(null) >= real)) / 30
    assert 0.2 < p < 0.8
    assert predict_outcome(columns, outcome, seed=4, permutations=29).p == pytest.approx(p)


def test_a_strong_column_is_found_and_p_is_the_smallest_possible() -> None:
    columns, outcome = cohort(strength=2.0)
    found = predict_outcome(columns, outcome, permutations=199)
    assert found.auc.value > 0.85
    assert found.p == 1 / 200


def test_a_column_that_matters_at_both_ends_is_found() -> None:
    rng = np.random.default_rng(1)
    column = rng.normal(size=200)
    found = predict_outcome(column[:, None], (np.abs(column) > 1).astype(int), permutations=99)
    assert found.auc.value > 0.95


def test_p_values_are_uniform_without_an_effect() -> None:
    p_values = np.array([predict_outcome(*cohort(80, seed=seed), seed=seed, permutations=99).p for seed in range(120)])
    # 120 p values: a share below 0.1 of 0.1 has a standard error of 0.027
    assert (p_values <= 0.1).mean() < 0.19
    assert 0.4 < p_values.mean() < 0.6


def test_a_constant_column_says_nothing() -> None:
    _, outcome = cohort()
    found = predict_outcome(np.ones((120, 1)), outcome, permutations=99)
    assert found.auc.value == 0.5
    assert found.p == 1.0


def test_copies_of_a_patient_do_not_help_when_they_are_one_group() -> None:
    """Without groups a patient's copy in training gives the label away."""
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(40), 4)
    outcome = rng.integers(0, 2, 40)[group]
    noise = rng.normal(size=(40, 30))[group]
    assert predict_outcome(noise, outcome, permutations=1).auc.value > 0.75
    assert predict_outcome(noise, outcome, group, permutations=1).auc.value < 0.7


def test_one_class_has_no_answer_and_bad_columns_are_refused() -> None:
    columns, outcome = cohort()
    found = predict_outcome(columns, np.zeros(120), permutations=9)
    assert isnan(found.auc.value)
    assert isnan(found.p)
    columns[3, 0] = np.nan
    with pytest.raises(InputError, match="missing or infinite"):
        predict_outcome(columns, outcome)
    with pytest.raises(InputError, match="3 patients or groups cannot fill 5 folds"):
        predict_outcome(np.ones((3, 1)), [0, 1, 0])


def test_groups_change_outcomes_whole_with_groups_of_their_size() -> None:
    group = np.array([5, 5, 1, 2, 3, 3, 4, 9, 7, 7])
    is_case = np.array([1, 1, 0, 1, 0, 0, 1, 0, 1, 0], bool)
    found = _shuffled(is_case, group, 3000, np.random.default_rng(1))
    pairs = found[[[0, 1], [4, 5], [8, 9]]].sum(axis=1)
    # the pairs have two, no and one case, in any order
    np.testing.assert_array_equal(np.sort(pairs, axis=0), np.repeat([[0], [1], [2]], 3000, axis=1))
    np.testing.assert_allclose(pairs.mean(axis=1), 1, atol=0.06)
    single = found[[2, 3, 6, 7]]
    assert (single.sum(axis=0) == 2).all()
    np.testing.assert_allclose(single.mean(axis=1), 0.5, atol=0.04)
    # within a mixed pair either may be the case
    mixed = found[8:, pairs[2] == 1]
    np.testing.assert_allclose(mixed.mean(axis=1), 0.5, atol=0.06)


def test_without_groups_all_outcomes_change_places() -> None:
    is_case = np.array([1, 0, 1, 1, 0, 0, 1, 0], bool)
    found = _shuffled(is_case, np.arange(8), 50, np.random.default_rng(3))
    expected = np.random.default_rng(3).permuted(np.tile(is_case[:, None], 50), axis=0)
    np.testing.assert_array_equal(found, expected)
