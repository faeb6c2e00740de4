"""Patients who stand in a table twice must not be recognised: on noise the out-of-fold AUC is 0.5."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import KNeighborsClassifier

from sonoher2.cohort.load import load_cohort
from sonoher2.cohort.split import split_patients
from sonoher2.config.split import RandomSplit
from sonoher2.config.study import StudyConfig
from sonoher2.signatures.validation import outer_folds

PATIENTS, FEATURES = 60, 40
TWICE = {
    "case": ("P{:03}", "p{:03}"),
    "zeros": ("{:03}", "{}"),
    "decimals": ("{}", "{}.0"),
    "sides": ("P{}_L", "P{}_R"),
    "glued sides": ("{}L", "{}R"),
    "Chinese sides": ("{}左", "{}右"),
    "full width": ("P{}", "Ｐ{}"),
    "zero width": ("P{}", "P\u200b{}"),
    "separators": ("HX-{}", "HX_{}"),
}


def twice(folder: Path, names: tuple[str, str]) -> pd.DataFrame:
    """Cohort of sixty patients of whom each stands in the table twice; those of one patient have one number."""
    numbers = np.tile(np.arange(1, PATIENTS + 1), 2)
    index = [name.format(number) for name in names for number in range(1, PATIENTS + 1)]
    table = pd.DataFrame({"patient_id": index, "y": np.where(numbers % 2, "a", "b")})
    table.to_csv(folder / "clinical.csv", index=False)
    study = StudyConfig.model_validate(
        {"clinical": {"table": "clinical.csv"}, "target": {"column": "y", "positive": "b", "negative": "a"}}
    ).model_copy(update={"data": folder})
    patients = load_cohort(study).patients
    return patients.assign(number=pd.Series(numbers, index).loc[patients.index])


@pytest.mark.parametrize("names", TWICE.values(), ids=TWICE.keys())
def test_a_patient_under_two_identifiers_is_one_group_and_on_one_side(names: tuple[str, str], tmp_path: Path) -> None:
    patients = twice(tmp_path, names)
    # an invisible character is gone once the table is read: these are one patient, not two of one group
    rows = 1 if names == TWICE["zero width"] else 2
    assert patients["group"].value_counts().tolist() == [rows] * PATIENTS
    split = split_patients(patients, RandomSplit(), seed=0)
    assert (split.sets.groupby(patients["group"]).nunique() == 1).all()


def out_of_fold_auc(y: np.ndarray, X: np.ndarray, groups: np.ndarray | None, seed: int) -> float:
    """AUC of a model that remembers best: the five nearest neighbours, by distance."""
    folds, score = outer_folds(y, groups, 5, seed), np.empty(len(y))
    for fold in range(folds.max() + 1):
        held_out = folds == fold
        model = KNeighborsClassifier(5, weights="distance", algorithm="brute").fit(X[~held_out], y[~held_out])
        score[held_out] = model.predict_proba(X[held_out])[:, 1]
    return float(roc_auc_score(y, score))


def test_patients_who_stand_in_training_twice_are_not_recognised(tmp_path: Path) -> None:
    patients = twice(tmp_path, TWICE["case"])
    number, groups = patients["number"].to_numpy() - 1, patients["group"].to_numpy(np.int64)
    apart, together = [], []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        y = rng.permutation(np.repeat([0, 1], PATIENTS // 2))[number]
        # radiomics of noise, measured twice
        X = rng.normal(size=(PATIENTS, FEATURES))[number] + rng.normal(0, 0.1, (2 * PATIENTS, FEATURES))
        together.append(out_of_fold_auc(y, X, groups, seed))
        apart.append(out_of_fold_auc(y, X, None, seed))
    # without groups they are recognised: the copy of a held-out patient was trained on
    assert min(apart) > 0.7
    assert np.mean(together) == pytest.approx(0.5, abs=0.05)
