"""Forests against those of scikit-learn, tree by tree."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.tree import DecisionTreeClassifier

from sonoher2.bundle.stable import stable_bytes
from sonoher2.classifiers import forests
from sonoher2.classifiers.candidates import candidates
from sonoher2.classifiers.forests import forest_probabilities, grow_forest


def patients(classes: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    # an uneven share of the classes: their weights differ
    y = np.sort(rng.choice(classes, 60, p=[0.7, *[0.3 / (classes - 1)] * (classes - 1)]))
    return rng.normal(size=(60, 7)) + y[:, None], y


SETTINGS = [one.estimator.set_params(n_estimators=12) for one in candidates(("random-forest", "extra-trees"), 8)]


@pytest.mark.parametrize("unfitted", SETTINGS, ids=lambda one: f"{type(one).__name__} {one.min_samples_leaf}")
@pytest.mark.parametrize("classes", [2, 3])
def test_every_tree_is_the_one_that_scikit_learn_grows(unfitted: BaseEstimator, classes: int) -> None:
    from skops.io import dumps

    X, y = patients(classes)
    own, theirs = grow_forest(unfitted, X, y), clone(unfitted).fit(X, y)
    assert len(own.estimators_) == 12
    # all nodes, seeds, classes and settings
    assert stable_bytes(dumps(own)) == stable_bytes(dumps(theirs))
    assert np.array_equal(forest_probabilities(own, X + 0.1), theirs.predict_proba(X + 0.1))


def test_the_given_forest_stays_unfitted() -> None:
    X, y = patients(2)
    grow_forest(SETTINGS[0], X, y)
    assert not hasattr(SETTINGS[0], "estimators_")
    assert SETTINGS[0].n_estimators == 12


def test_another_scikit_learn_grows_its_forests_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = patients(2)
    monkeypatch.setattr(forests.sklearn, "__version__", "1.10.0")
    monkeypatch.setattr(forests, "_grown", None)
    found = grow_forest(SETTINGS[0], X, y)
    assert all(isinstance(tree, DecisionTreeClassifier) for tree in found.estimators_)
    assert len(found.estimators_) == 12


def test_a_candidate_of_a_forest_is_grown_here(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = patients(2)
    [candidate, _] = candidates(("extra-trees",), 1)
    found = candidate.fit(X, y)
    assert np.array_equal(found.predict_proba(X), clone(candidate.estimator).fit(X, y).predict_proba(X))
