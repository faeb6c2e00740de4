from __future__ import annotations

from math import isnan

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from sonoher2.evaluation.compare.subgroups import auc_by_subgroup
from sonoher2.evaluation.discrimination import auc_delong


def test_each_level_has_its_own_auc(patients):
    level = np.where(np.arange(len(patients.outcome)) % 2, "b", "a")
    parts = auc_by_subgroup(*patients, level)
    assert [part.level for part in parts] == ["a", "b"]
    for part in parts:
        members = level == part.level
        assert (part.n, part.events) == (members.sum(), patients.outcome[members].sum())
        assert part.auc == auc_delong(patients.outcome[members], patients.score[members])
        assert part.auc.value == pytest.approx(roc_auc_score(patients.outcome[members], patients.score[members]))


def test_patients_without_a_level_are_left_out(patients):
    level = np.array(["a"] * 100 + [None] * 50, dtype=object)
    (part,) = auc_by_subgroup(*patients, level)
    assert part.n == 100
    assert auc_by_subgroup(*patients, np.full(150, np.nan)) == []


def test_small_levels_are_counted_without_an_auc():
    outcome, score = np.array([1, 1, 0, 0, 0, 0]), np.linspace(0, 1, 6)
    (few,) = auc_by_subgroup(outcome, score, ["x"] * 6, minimum=3)
    (enough,) = auc_by_subgroup(outcome, score, ["x"] * 6, minimum=2)
    assert (few.n, few.events) == (6, 2)
    assert isnan(few.auc.value)
    assert enough.auc.value == 0


def test_a_level_of_one_class_has_no_auc():
    (part,) = auc_by_subgroup([1, 1], [0.2, 0.4], [3, 3], minimum=0)
    assert (part.level, part.n) == ("3", 2)
    assert isnan(part.auc.value)
