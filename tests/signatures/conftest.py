"""A small feature table of clinical columns and features."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sonoher2.config.clinical import ClinicalColumn, ClinicalConfig
from sonoher2.config.models import ValidationConfig
from sonoher2.config.study import StudyConfig
from sonoher2.config.target import ColumnTarget
from sonoher2.signatures.feature_table import join_feature_groups

Table = tuple[pd.DataFrame, np.ndarray]

COLUMNS = {
    "age": ClinicalColumn(kind="number", timing="pre-biopsy", unit="years"),
    "birads": ClinicalColumn(kind="ordered", timing="pre-biopsy", levels=["3", "4", "5"]),
    "palpable": ClinicalColumn(kind="yes/no", timing="pre-biopsy"),
    "histology": ClinicalColumn(kind="category", timing="biopsy"),
}


@pytest.fixture
def make_table() -> Callable[..., Table]:
    def make(n: int = 100, p: int = 30, n_classes: int = 2, clinical: float = 0.0, image: float = 0.0, seed: int = 0):
        rng = np.random.default_rng(seed)
        y = rng.permutation(np.arange(n) % n_classes)
        columns = pd.DataFrame(
            {
                "age": rng.normal(55, 10, n) + 10 * clinical * y,
                "birads": rng.integers(0, 3, n).astype(float),
                "palpable": rng.integers(0, 2, n).astype(float),
                "histology": pd.Series(rng.choice(["IDC", "ILC", "other"], n), dtype=object),
            }
        )
        columns.loc[::9, ["age", "birads", "palpable"]] = np.nan
        columns.loc[::11, "histology"] = None
        features = pd.DataFrame(rng.normal(size=(n, p)), columns=[f"f{i}" for i in range(p)])
        features.iloc[:, :3] += image * y[:, None]
        features = features.mask(rng.random(features.shape) < 0.01)
        X = join_feature_groups({"clinical": columns, "radiomics": features})
        X.index = pd.Index([f"P{i:04d}" for i in range(n)], name="patient_id")
        return X, y

    return make


@pytest.fixture
def study() -> StudyConfig:
    return StudyConfig(
        clinical=ClinicalConfig(table=Path("clinical.csv"), columns=COLUMNS),
        target=ColumnTarget(column="her2", positive="1"),
        timing="biopsy",
        models=["logistic", "knn"],
        validation=ValidationConfig(inner_folds=3),
    )
