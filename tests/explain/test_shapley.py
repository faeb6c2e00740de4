from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

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
