"""Folds of the training patients, and what the signatures of a fold may see."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sonoher2.config.models import ValidationConfig
from sonoher2.study.fit.training_set import TrainingSet, training_folds


def study(**validation: object) -> Any:
    return SimpleNamespace(seed=0, validation=ValidationConfig(**validation))


def patients(groups: np.ndarray, sites: tuple[str, ...] = ()) -> TrainingSet:
    n = len(groups)
    return TrainingSet(pd.DataFrame({("clinical", "age"): np.arange(n)}), np.arange(n) // 4 % 2, groups, (), sites)


@pytest.mark.parametrize("seed", range(5))
def test_patients_of_one_group_are_held_out_together(seed: int) -> None:
    """Sixty patients in twenty groups of three, which lie far from each other in the table."""
    groups = np.arange(60) % 20
    known = study(outer_folds=5)
    known.seed = seed
    folds = training_folds(patients(groups), known)
    assert sorted(set(folds)) == [0, 1, 2, 3, 4]
    for group in range(20):
        assert len(set(folds[groups == group])) == 1


def test_the_number_of_folds_and_the_draw_are_the_settings() -> None:
    alone = patients(np.arange(60))
    first, other = study(outer_folds=3), study(outer_folds=3)
    other.seed = 1
    assert sorted(set(training_folds(alone, first))) == [0, 1, 2]
    assert (training_folds(alone, first) == training_folds(alone, first)).all()
    assert (training_folds(alone, first) != training_folds(alone, other)).any()


def test_each_site_is_left_out_in_turn() -> None:
    sites = ("A", "B", "C", "A", "B", "C") * 8
    folds = training_folds(patients(np.arange(48), sites), study(by="site"))
    assert pd.Series(folds).groupby(pd.Series(sites)).nunique().eq(1).all()
    assert len(set(folds)) == 3


def test_a_fold_sees_its_own_columns_in_the_place_of_the_others() -> None:
    X = pd.DataFrame({("clinical", "age"): [1.0, 2.0], ("deep", "0"): [0.0, 0.0]})
    own = [pd.DataFrame({("deep", "0"): values}) for values in ([3.0, 4.0], [5.0, 6.0])]
    training = TrainingSet(X, np.array([0, 1]), np.array([4, 5]), tuple(own))
    for fold, values in enumerate(([3.0, 4.0], [5.0, 6.0])):
        seen = training.in_fold(fold)
        assert seen.X["deep", "0"].tolist() == values
        assert seen.X["clinical", "age"].tolist() == [1.0, 2.0]
        assert seen.X.shape == (2, 2)
        assert (seen.y.tolist(), seen.groups.tolist()) == ([0, 1], [4, 5])
    plain = TrainingSet(X, np.array([0, 1]), np.array([4, 5]))
    assert plain.in_fold(1) is plain


def test_whom_a_fold_holds_out_is_in_its_key() -> None:
    training = patients(np.arange(8))
    everybody, some = training.keyed(None), training.keyed(np.arange(8) == 3)
    assert everybody.value == (training, None)
    assert some.value[1].tolist() == [False] * 3 + [True] + [False] * 4
    # the patients, their labels and groups, and who is held out
    assert [str(part) for part in some.key[:3]] == [str(part) for part in everybody.key[:3]]
    assert everybody.key[3] is None
