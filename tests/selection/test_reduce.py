"""Components of deep columns: what they learn from, and that they stand where a selection stands."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

from sonoher2.classifiers.search import ModelSearch
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


def test_components_are_those_of_scikit_learn_with_a_mean_variance_of_one() -> None:
    X, _ = table()
    fitted = PrincipalComponents(5).fit(X)
    ours = fitted.transform(X)
    theirs = PCA(5, svd_solver="full").fit_transform(StandardScaler().fit_transform(X))
    theirs /= np.sqrt(theirs.var(axis=0, ddof=1).mean())
    np.testing.assert_allclose(np.abs(ours), np.abs(theirs), atol=1e-8)
    np.testing.assert_allclose(ours.var(ddof=1), fitted.deviations_**2)
    assert fitted.deviations_[0] > 2 * fitted.deviations_[-1]


def test_ridge_regression_on_all_components_is_that_on_the_columns() -> None:
    X, y = table(60)
    fitted = PrincipalComponents(59).fit(X)
    ours = Ridge(3 / fitted.scale_**2).fit(fitted.transform(X), y).predict(fitted.transform(X))
    z_scores = StandardScaler().fit_transform(X)
    np.testing.assert_allclose(ours, Ridge(3).fit(z_scores, y).predict(z_scores), atol=1e-8)


@pytest.mark.parametrize(("patients", "components", "early"), [(20, 10, 4), (60, 30, 12), (900, 40, 30)])
def test_one_component_for_two_patients_at_most_and_fewer_to_select_from(
    patients: int, components: int, early: int
) -> None:
    X, y = table(patients)
    assert PrincipalComponents().fit(X).transform(X).shape == (patients, components)
    noise = np.random.default_rng(0).normal(size=(270, 140))
    assert PrincipalComponents().fit(noise[:254]).transform(noise).shape == (270, 127)
    assert PrincipalComponents().fit(noise).transform(noise).shape == (270, 128)
    assert len(EarlyFusion().fit(X, y).components_.deviations_) == early


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_columns_that_do_not_vary_are_components_of_zero() -> None:
    fitted = PrincipalComponents().fit(np.full((6, 3), 7.0))
    assert fitted.scale_ == 1
    np.testing.assert_array_equal(fitted.transform(np.full((2, 3), 7.0)), np.zeros((2, 3)))


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


def test_what_early_fusion_is_given_and_gives() -> None:
    X, y = table()
    fusion = EarlyFusion(SelectionPipeline(icc=0.75, mrmr=10, random_state=4), n_components=3).fit(X, y)
    # a network's embedding has no second reader
    assert fusion.selection_.icc is None
    assert (fusion.selection_.mrmr, fusion.selection_.random_state) == (10, 4)
    assert fusion.log_["features_in"].tolist()[:2] == [30, 13]
    assert fusion.log_["features_out"].tolist()[0] == 3
    assert fusion.lasso_path_ is fusion.selection_.lasso_path_
    assert fusion.feature_names_in_.tolist() == X.columns.tolist()
    assert fusion.transform(X.iloc[5:7]).index.tolist() == ["P5", "P6"]
    assert (EarlyFusion().prefix, EarlyFusion.keeps_names, PrincipalComponents.keeps_names) == ("deep_", True, False)
    other = EarlyFusion(prefix="original_", n_components=2).fit(X, y)
    assert other.components_.n_features_in_ == 10


def test_early_fusion_selects_among_sixty_four_components_at_most() -> None:
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(330, 70)), columns=[f"deep_{i}" for i in range(70)])
    plain = SelectionPipeline(test=None, correlation=None, mrmr=None, lasso=False)
    assert len(EarlyFusion(plain).fit(X, np.arange(330) % 2).get_feature_names_out()) == 64


def test_components_are_named_and_keep_their_patients() -> None:
    X, _ = table(20)
    fitted = PrincipalComponents(3).fit(X)
    assert fitted.transform(X).columns.tolist() == ["component_00", "component_01", "component_02"]
    assert fitted.transform(X).index.tolist() == X.index.tolist()
    assert fitted.log_.iloc[0].tolist() == ["principal components", 40, 3, False]
    assert get_tags(fitted).input_tags.allow_nan
    # never as many as patients, and at least one
    assert PrincipalComponents(99).fit(X).pca_.n_components_ == 19
    assert PrincipalComponents().fit(X.iloc[:2]).pca_.n_components_ == 1


def test_early_fusion_stands_in_a_model_search() -> None:
    X, y = table(150)
    search = ModelSearch(("logistic",), EarlyFusion(SelectionPipeline(lasso=False)), inner_folds=3).fit(
        X[:100], y[:100]
    )
    probability = search.predict_proba(X[100:])[:, 1]
    assert probability[y[100:] == 1].mean() > probability[y[100:] == 0].mean() + 0.2
