"""The models that a search did not choose: each is what a search among it alone would have been."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest

from sonoher2.classifiers.rivals import fit_rivals
from sonoher2.classifiers.search import ModelSearch
from sonoher2.selection.pipeline import SelectionPipeline

NAMES = ("logistic", "knn", "svm")


def patients(n: int, n_classes: int, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % n_classes)
    X = rng.normal(size=(n, 8))
    X[:, 0] += y
    return pd.DataFrame(X, columns=[f"f{i}" for i in range(8)]), y


def search(names: tuple[str, ...]) -> ModelSearch:
    return ModelSearch(names, SelectionPipeline(lasso=False), inner_folds=3, seed=4)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_each_is_what_a_search_among_it_alone_gives(n_classes: int) -> None:
    (X, y), (new, _) = patients(90, n_classes), patients(30, n_classes, seed=1)
    together = search(NAMES).fit(X, y)
    rivals = fit_rivals(together)
    assert tuple(rivals) == ("logistic", "knn", "svm")
    selected = np.asarray(together.selection_.transform(new))
    for name, rival in rivals.items():
        alone = search((name,)).fit(X, y)
        np.testing.assert_array_equal(rival.predict_proba(selected), alone.predict_proba(new))


def test_the_patients_that_were_seen_are_not_saved() -> None:
    X, y = patients(60, 2)
    fitted = search(("logistic",)).fit(X, y)
    read = pickle.loads(pickle.dumps(fitted))
    assert hasattr(fitted, "searched_")
    assert not hasattr(read, "searched_")
    np.testing.assert_array_equal(read.predict_proba(X), fitted.predict_proba(X))
