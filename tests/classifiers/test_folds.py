"""Folds and the area under the curve."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from sonoher2.classifiers.folds import fold_numbers, macro_auc
from sonoher2.core.errors import InputError


def test_groups_stay_together_and_classes_are_spread() -> None:
    rng = np.random.default_rng(0)
    y, groups = rng.integers(0, 3, 120), rng.integers(0, 50, 120)
    folds = fold_numbers(y, groups, 5, 0)
    assert sorted(set(folds)) == [0, 1, 2, 3, 4]
    assert all(len(set(folds[groups == group])) == 1 for group in set(groups))
    assert all(set(y[folds == fold]) == {0, 1, 2} for fold in range(5))


def test_small_classes_reduce_the_folds() -> None:
    assert fold_numbers([0] * 20 + [1] * 3, None, 5, 0).max() == 2
    assert fold_numbers([0] * 20 + [1] * 3 + [2] * 10, None, 5, 0).max() == 2
    # ten patients of the rarest class in four groups
    groups = [*range(20), *np.repeat(range(20, 24), [4, 2, 2, 2]), *range(30, 50)]
    assert fold_numbers([0] * 20 + [1] * 10 + [2] * 20, groups, 5, 0).max() == 3
    with pytest.raises(InputError, match="two patients each"):
        fold_numbers([0] * 20 + [1], None, 5, 0)


def test_one_group_that_holds_a_class_is_refused() -> None:
    y = np.array([0] * 20 + [1] * 6)
    groups = np.concatenate([np.arange(20), np.full(6, 99)])
    with pytest.raises(InputError):
        fold_numbers(y, groups, 5, 0)


def test_auc_is_scikit_learns() -> None:
    rng = np.random.default_rng(1)
    y, scores = rng.integers(0, 3, 80), np.round(rng.normal(size=(80, 3)), 1)
    probability = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    assert macro_auc(y, probability) == pytest.approx(roc_auc_score(y, probability, multi_class="ovr"))
    assert macro_auc((y == 1).astype(int), scores[:, [1]]) == pytest.approx(roc_auc_score(y == 1, scores[:, 1]))
    assert np.isnan(macro_auc(np.zeros(5, int), np.zeros((5, 1))))
