"""Choice among models."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from sonoher2.classifiers.candidates import FAMILIES, candidates, raw_scores
from sonoher2.classifiers.folds import macro_auc
from sonoher2.classifiers.search import ModelSearch, candidate_rows, fold_aucs, simplest_of_the_best
from sonoher2.config.models import ALL_MODELS
from sonoher2.selection.pipeline import SelectionPipeline


def blobs(n: int, n_classes: int, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.choice(n_classes, n, p=[0.6, 0.4] if n_classes == 2 else [0.4, 0.35, 0.25])
    X = rng.normal(size=(n, 12))
    X[:, 0] += 1.5 * y
    X[:, 1] -= 1.5 * (y == n_classes - 1)
    X[rng.random(X.shape) < 0.02] = np.nan
    return pd.DataFrame(X, columns=[f"f{i}" for i in range(12)]), y


def test_every_model_of_the_study_file_has_a_family() -> None:
    assert set(FAMILIES) == set(ALL_MODELS)


def test_the_second_reader_decides_within_the_search_too() -> None:
    X, y = blobs(120, 2)
    X = X.fillna(0.0)
    second = X + 5 * np.random.default_rng(2).normal(size=X.shape) * (np.arange(12) != 1)
    search = ModelSearch(("logistic",), SelectionPipeline(icc=0.75, lasso=False), inner_folds=3)
    fitted = search.fit(X, y, second=second)
    # the readers agree on f1 alone
    assert fitted.selection_.get_feature_names_out().tolist() == ["f1"]


@pytest.mark.parametrize("name", ALL_MODELS)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_every_model_finds_a_planted_signal(name, n_classes: int) -> None:
    (X, y), (X_new, y_new) = blobs(150, n_classes), blobs(300, n_classes, seed=1)
    fill = X.median()
    for candidate in candidates([name], 0):
        model = candidate.fit(X.fillna(fill).to_numpy(), y)
        scores = raw_scores(model, X_new.fillna(fill).to_numpy())
        assert scores.shape == (300, 1 if n_classes == 2 else 3)
        assert macro_auc(y_new, scores) > 0.75
        json.dumps(candidate.parameters)


def test_more_neighbours_than_patients() -> None:
    X, y = blobs(10, 2)
    scores = raw_scores(candidates(["knn"], 0)[-1].fit(X.fillna(0).to_numpy(), y), X.fillna(0).to_numpy())
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("n_classes", [2, 3])
def test_search(n_classes: int) -> None:
    X, y = blobs(150, n_classes)
    X_new, y_new = blobs(300, n_classes, seed=1)
    names = np.array(["zero", "low", "positive"][:n_classes])
    search = ModelSearch(("logistic", "knn"), SelectionPipeline(), inner_folds=3).fit(X, names[y])
    assert search.classes_.tolist() == sorted(names)
    order = np.searchsorted(search.classes_, names)
    probability = search.predict_proba(X_new)
    assert probability.sum(axis=1) == pytest.approx(1)
    columns = probability[:, [1]] if n_classes == 2 else probability
    assert macro_auc(order[y_new], columns) > 0.8
    assert search.oof_proba_.mean(axis=0) == pytest.approx(np.bincount(order[y]) / 150, abs=0.02)
    table = search.table_
    assert table["chosen"].sum() == 1
    assert len(table) == 4


def test_a_ring_is_left_to_a_model_that_can_see_it() -> None:
    rng = np.random.default_rng(3)
    X = rng.normal(size=(200, 2))
    y = ((X**2).sum(axis=1) > 1.4).astype(int)
    selection = SelectionPipeline(test=None, correlation=None, mrmr=None, lasso=False)
    search = ModelSearch(("linear", "logistic", "svm"), selection, inner_folds=4).fit(X, y)
    assert search.table_.loc[search.table_["chosen"], "model"].tolist() == ["svm"]


def test_what_a_search_takes_unless_told() -> None:
    assert ModelSearch().get_params() == {"names": None, "selection": None, "inner_folds": 5, "seed": 0}
    assert ModelSearch().__sklearn_tags__().input_tags.allow_nan


def test_area_of_each_fold_that_holds_all_classes() -> None:
    y = np.array([0, 1, 0, 1, 0, 1, 0, 0])
    folds = np.array([0, 0, 0, 0, 1, 1, 1, 2])
    rising = np.array([[1.0], [2], [3], [4], [1], [2], [3], [9]])
    # fold 0: 3 of 4 pairs are right; fold 1: 1 of 2; fold 2 has no case
    assert fold_aucs(np.stack([rising, -rising]), y, folds) == pytest.approx(np.array([[0.75, 0.5], [0.25, 0.5]]))
    # no fold holds both classes: all patients at once, 9 of 16 pairs and no tie
    apart = np.array([0, 1, 0, 1, 0, 1, 0, 0])
    assert fold_aucs(rising[None], y, apart).shape == (1, 1)


def test_rows_of_the_table_tell_mean_and_deviation_over_the_folds() -> None:
    tried = candidates(["linear", "logistic"], 0)
    rows = candidate_rows(tried, np.array([[0.5, 0.7, 0.9], [0.6, 0.6, 0.6]]), 1)
    assert rows[0] == ("linear", '{"alpha": 0.001}', pytest.approx(0.7), pytest.approx(0.2), False)
    assert rows[1] == ("logistic", "{}", pytest.approx(0.6), pytest.approx(0.0), True)
    assert candidate_rows(tried, np.array([[0.5], [0.6]]), 0)[0][2:] == (0.5, 0.0, True)


def test_choice_is_the_simplest_within_one_standard_error_of_the_best() -> None:
    best = np.array([0.80, 0.82, 0.84, 0.86])
    within, beyond = best - [0.00, 0.03, -0.01, 0.01], best - [0.05, 0.04, 0.05, 0.04]
    assert simplest_of_the_best(np.array([beyond, within, best])) == 1
    assert simplest_of_the_best(np.array([beyond, best])) == 1
    # on average 0.0125 worse; the standard deviation of the differences is 0.017, their standard error 0.0085
    between = best - [-0.01, 0.03, 0.01, 0.02]
    assert simplest_of_the_best(np.array([between, best])) == 1
    assert simplest_of_the_best(np.array([best, best])) == 0


def test_same_seed_same_numbers() -> None:
    X, y = blobs(80, 2)
    names = ("random-forest", "xgboost", "lightgbm", "mlp", "elastic-net")
    first, second = (ModelSearch(names, inner_folds=3, seed=5).fit(X, y) for _ in range(2))
    assert first.table_.equals(second.table_)
    assert np.array_equal(first.predict_proba(X), second.predict_proba(X))
    assert np.array_equal(first.oof_proba_, second.oof_proba_)


def test_rows_of_one_group_share_a_fold() -> None:
    rng = np.random.default_rng(6)
    X, y = rng.normal(size=(60, 20)), np.arange(60) % 2
    twins, labels = np.repeat(X, 2, axis=0), np.repeat(y, 2)
    leaky = ModelSearch(("knn",), inner_folds=5).fit(twins, labels).table_["cv_auc"].max()
    sound = ModelSearch(("knn",), inner_folds=5).fit(twins, labels, np.repeat(np.arange(60), 2)).table_["cv_auc"].max()
    assert sound < leaky - 0.1
