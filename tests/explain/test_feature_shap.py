from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sonoher2.explain import feature_shap
from sonoher2.explain.shapley import shap_values


def product(rows: pd.DataFrame) -> pd.Series:
    return rows[["a", "b", "c"]].prod(axis=1)


def test_values_are_those_of_three_rounds_over_fifty_training_patients(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    training = pd.DataFrame(rng.normal(size=(70, 4)), columns=list("abcd"))
    patients = pd.DataFrame(rng.normal(size=(3, 4)), columns=list("abcd"), index=["p", "q", "r"])
    # three features together: the values depend on which permutations and which training patients were drawn
    monkeypatch.setattr(feature_shap, "selected_margin", lambda search, outcome: lambda rows: rows[:, :3].prod(axis=1))
    found = feature_shap._shap(patients, training, None, 1)
    expected, _ = shap_values(product, training, patients, rounds=3, background=50)
    pd.testing.assert_frame_equal(found, expected)
    more, _ = shap_values(product, training, patients, rounds=3, background=70)
    assert (found["a"] - more["a"]).abs().max() > 1e-3
