from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.neighbors import KNeighborsClassifier

from sonoher2.explain.shapley import shap_values


@pytest.fixture(scope="module")
def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(0)
    training = pd.DataFrame(rng.normal(size=(30, 4)), columns=list("abcd"))
    return training, pd.DataFrame(rng.normal(size=(3, 4)), columns=list("abcd"), index=["p", "q", "r"])


def test_of_a_linear_model_they_are_weight_times_distance_from_the_mean(
    tables: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    training, patients = tables
    weight = np.array([1.0, -2.0, 0.5, 0.0])
    values, base = shap_values(lambda rows: rows.to_numpy() @ weight + 3, training, patients)
    expected = (patients - training.mean()) * weight
    pd.testing.assert_frame_equal(values, expected, atol=1e-9)
    assert base == pytest.approx(training.mean() @ weight + 3)


def test_they_add_up_to_the_score(tables: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    training, patients = tables

    def score(rows: pd.DataFrame) -> np.ndarray:
        return 1 / (1 + np.exp(-(rows["a"] * rows["b"] + np.maximum(rows["c"], 0)))).to_numpy()

    values, base = shap_values(score, training, patients)
    np.testing.assert_allclose(base + values.sum(axis=1), score(patients), atol=1e-9)
    np.testing.assert_allclose(values["d"], 0, atol=1e-9)


@pytest.mark.parametrize("model", [ExtraTreesClassifier(20, random_state=0), KNeighborsClassifier()])
def test_they_are_those_of_the_shap_library(model) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        import shap
    rng = np.random.default_rng(1)
    table = pd.DataFrame(rng.normal(size=(60, 5)), columns=list("abcde")).assign(c=rng.integers(0, 2, 60), e=1.0)
    table.loc[50, "b"] = table.loc[3, "b"]
    label = (table["a"] + table["b"] * table["c"] > 0.3).to_numpy(int)
    training, patients = table[:50], table[50:]
    model.fit(training.to_numpy(), label[:50])
    values, base = shap_values(lambda rows: model.predict_proba(rows.to_numpy())[:, 1], training, patients, rounds=4)
    background = training.sample(50, random_state=0).to_numpy(float)
    masker = shap.maskers.Independent(background, max_samples=50)
    explainer = shap.explainers.Permutation(lambda rows: model.predict_proba(rows)[:, 1], masker, seed=0)
    expected = explainer(patients.to_numpy(float), max_evals=4 * 11, silent=True)
    np.testing.assert_allclose(values, expected.values, atol=1e-12)
    assert base == pytest.approx(float(expected.base_values[0]), abs=1e-12)
    assert (values["e"] == 0).all()
    assert (values["b"] != 0).any()


@pytest.mark.parametrize(("shift", "scale"), [(0.0, 1e-9), (1e7, 20.0), (0.0, 1.0)])
def test_they_add_up_whatever_the_unit(shift: float, scale: float) -> None:
    rng = np.random.default_rng(2)
    training = pd.DataFrame({"a": shift + scale * rng.normal(size=60), "b": rng.normal(size=60)})

    def score(rows: pd.DataFrame) -> np.ndarray:
        return np.tanh((rows["a"].to_numpy() - shift) / scale) + rows["b"].to_numpy()

    patients = training.iloc[:4] * 1.0
    values, base = shap_values(score, training, patients)
    assert base + values.sum(axis=1).to_numpy() == pytest.approx(score(patients), abs=1e-9)
