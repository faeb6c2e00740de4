"""A comparison of models is fitted with the signatures and changes nothing of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sonoher2.config.clinical import ClinicalConfig
from sonoher2.config.models import ValidationConfig
from sonoher2.config.study import StudyConfig
from sonoher2.config.target import ColumnTarget
from sonoher2.engine import local_context
from sonoher2.signatures.feature_table import join_feature_groups
from sonoher2.signatures.registry import build_signatures
from sonoher2.study.fit import signatures
from sonoher2.study.fit.signatures import Fitted, fit_signatures
from sonoher2.study.fit.training_set import TrainingSet

KEYS = {("Radiomics", "logistic"), ("Radiomics", "knn")}


@pytest.fixture(scope="module")
def study() -> StudyConfig:
    return StudyConfig(
        clinical=ClinicalConfig(table=Path("clinical.csv"), columns={}),
        target=ColumnTarget(column="her2", positive="1"),
        models=["logistic", "knn"],
        validation=ValidationConfig(outer_folds=3, inner_folds=3),
    )


@pytest.fixture(scope="module")
def patients() -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(0)
    y = rng.permutation(np.arange(70) % 2)
    features = pd.DataFrame(rng.normal(size=(70, 6)), columns=[f"f{i}" for i in range(6)])
    features["f0"] += y
    features.index = pd.Index([f"P{i:02d}" for i in range(70)], name="patient_id")
    return join_feature_groups({"radiomics": features}), y


def fitted(study: StudyConfig, X: pd.DataFrame, y: np.ndarray, out: Path, others: pd.DataFrame | None) -> Fitted:
    training = TrainingSet(X, y.astype(np.int64), np.arange(len(y), dtype=np.int64))
    return fit_signatures(build_signatures(study, {}, True), training, study, local_context(out, 1), others)


def test_signatures_and_model_are_the_same_with_it(study, patients, tmp_path: Path) -> None:
    X, y = patients
    plain = fitted(study, X[:50], y[:50], tmp_path / "plain", None)
    compared = fitted(study, X[:50], y[:50], tmp_path / "compared", X[50:])
    assert (plain.compared_oof, plain.compared) == ({}, {})
    assert compared.data == plain.data
    np.testing.assert_array_equal(compared.oof["Radiomics"], plain.oof["Radiomics"])
    assert set(compared.compared) == set(compared.compared_oof) == KEYS
    assert {score.shape for score in compared.compared_oof.values()} == {(50, 2)}
    assert {score.shape for score in compared.compared.values()} == {(20, 2)}
    again = fitted(study, X[:50], y[:50], tmp_path / "compared", X[50:])
    assert again.data == compared.data
    for key in KEYS:
        np.testing.assert_array_equal(again.compared[key], compared.compared[key])


def test_no_patient_is_scored_by_a_model_that_saw_its_label(
    study, patients, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y = patients
    folds = np.arange(50, dtype=np.int64) % 3
    # folds are drawn with the labels in view: hold them still
    monkeypatch.setattr(signatures, "training_folds", lambda training, study: folds)
    before = fitted(study, X[:50], y[:50], tmp_path / "before", X[50:])
    own = folds == 0
    turned = np.where(own, 1 - y[:50], y[:50])
    after = fitted(study, X[:50], turned, tmp_path / "after", X[50:])
    for key in KEYS:
        np.testing.assert_array_equal(after.compared_oof[key][own], before.compared_oof[key][own])
        assert not np.array_equal(after.compared_oof[key][~own], before.compared_oof[key][~own])
