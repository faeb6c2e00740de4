"""Components of deep columns: what they learn from, and that they stand where a selection stands."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from sonoher2.models.search import ModelSearch
from sonoher2.selection.pipeline import SelectionPipeline
from sonoher2.selection.reduce import EarlyFusion, PrincipalComponents


@parametrize_with_checks([PrincipalComponents()])
def test_scikit_learn_checks(estimator, check) -> None:
    check(estimator)


def table(n: int = 90, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Thirty deep columns that carry one hidden direction of the class, and ten radiomic ones that carry another."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    hidden = 1.5 * y + rng.normal(size=n)
    deep = np.outer(hidden, rng.normal(size=30)) + rng.normal(size=(n, 30))
    radiomics = rng.normal(size=(n, 10))
    radiomics[:, 0] += y
    names = [f"original_{i}" for i in range(10)] + [f"deep_{i:04d}" for i in range(30)]
    return pd.DataFrame(np.hstack([radiomics, deep]), columns=names, index=[f"P{i}" for i in range(n)]), y


def test_components_are_those_of_scikit_learn_with_unit_variance() -> None:
    X, _ = table()
    ours = PrincipalComponents(5).fit(X).transform(X)
    theirs = PCA(5, whiten=True, svd_solver="full").fit_transform(StandardScaler().fit_transform(X))
    np.testing.assert_allclose(np.abs(ours), np.abs(theirs), atol=1e-8)
    np.testing.assert_allclose(ours.var(ddof=1), 1)


@pytest.mark.parametrize(("patients", "components"), [(20, 4), (90, 18), (900, 40)])
def test_one_component_for_five_patients_at_most(patients: int, components: int) -> None:
    X, _ = table(patients)
    assert PrincipalComponents().fit(X).transform(X).shape == (patients, components)


def test_components_see_no_label() -> None:
    X, y = table()
    pd.testing.assert_frame_equal(
        PrincipalComponents().fit(X, y).transform(X), PrincipalComponents().fit(X, 1 - y).transform(X)
    )


def test_early_fusion_selects_among_both_kinds() -> None:
    X, y = table()
    fusion = EarlyFusion(SelectionPipeline(mrmr=10)).fit(X, y)
    chosen = list(fusion.get_feature_names_out())
    assert "original_0" in chosen
    assert any(name.startswith("component_") for name in chosen)
    assert not any(name.startswith("deep_") for name in chosen)
    assert fusion.log_["step"].iloc[0] == "principal components"
    assert list(fusion.transform(X).columns) == chosen


def test_early_fusion_stands_in_a_model_search() -> None:
    X, y = table(150)
    search = ModelSearch(("logistic",), EarlyFusion(SelectionPipeline(lasso=False)), inner_folds=3).fit(
        X[:100], y[:100]
    )
    probability = search.predict_proba(X[100:])[:, 1]
    assert probability[y[100:] == 1].mean() > probability[y[100:] == 0].mean() + 0.2
