"""Forests grown as scikit-learn grows them, to the bit, without what it does again for every tree.

For a hundred trees on a few hundred patients, scikit-learn spends most of the time on copies and checks of the tree's
settings and of the same patients. Here one tree is grown by scikit-learn, and the others are built by the same compiled
code from the same draws.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import sklearn
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

FORESTS = (RandomForestClassifier, ExtraTreesClassifier)
KNOWN = "1.9."
"""Releases of scikit-learn whose compiled code is called here; any other one grows its forests itself."""
_MOST = np.iinfo(np.int32).max


def grow_forest(unfitted: BaseEstimator, X: NDArray[np.float64], y: NDArray[np.int64]) -> BaseEstimator:
    """Fit a copy of a forest, as ``clone(unfitted).fit(X, y)`` does.

    Parameters
    ----------
    unfitted
        One of `FORESTS`, with class weights ``balanced`` and an integer as seed; of the trees' settings only
        `min_samples_leaf` and `max_features` are others than scikit-learn's own.
    X
        Shape (patients, features), finite.
    y
        Shape (patients,), classes.
    """
    if not sklearn.__version__.startswith(KNOWN):
        return clone(unfitted).fit(X, y)
    # one tree: the checks of what is given, and everything that all trees share
    forest: Any = clone(unfitted).set_params(n_estimators=1).fit(X, y)
    forest.n_estimators = unfitted.n_estimators
    [first] = forest.estimators_
    values = np.ascontiguousarray(X, np.float32)
    classes = np.unique(y, return_inverse=True)[1].astype(np.float64)[:, None]
    draw = np.random.RandomState(unfitted.random_state)
    for seed in draw.randint(_MOST, size=unfitted.n_estimators)[1:].tolist():
        weights = _drawn(forest, draw, seed) if forest.bootstrap else forest._sample_weight
        tree = copy.copy(first)
        # objects of its own, as scikit-learn's have: a saved model says which are the same
        tree.classes_, tree.n_classes_ = first.classes_.copy(), np.intp(int(first.n_classes_))
        tree.random_state = seed
        # seeded anew is the same as made anew, and ten times as fast
        draw.seed(seed)
        tree.tree_ = _grown(first, forest.min_samples_leaf, draw, values, classes, weights)
        forest.estimators_.append(tree)
    return forest


def forest_probabilities(forest: Any, X: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities (patients, K) of a fitted forest, as ``forest.predict_proba(X)``, for finite X."""
    values = np.ascontiguousarray(X, np.float32)
    total = np.zeros((len(values), forest.n_classes_))
    for tree in forest.estimators_:
        total += tree.tree_.predict(values)
    return total / len(forest.estimators_)


def _drawn(forest: Any, draw: np.random.RandomState, seed: int) -> NDArray[np.float64]:
    """How often each patient is drawn for a tree, with replacement and by its class's weight."""
    weights = forest._sample_weight
    draw.seed(seed)
    patients = draw.choice(len(weights), forest._n_samples_bootstrap, replace=True, p=weights / np.sum(weights))
    return np.bincount(patients, minlength=len(weights)).astype(np.float64)


def _grown(
    like: DecisionTreeClassifier,
    leaf: int,
    draw: np.random.RandomState,
    X: NDArray[np.float32],
    classes: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> Any:
    """Build the nodes of a tree with the settings of another one and its own draws."""
    # of no other release of scikit-learn is it known that it has them
    from sklearn.tree._criterion import Gini
    from sklearn.tree._splitter import BestSplitter, RandomSplitter
    from sklearn.tree._tree import DepthFirstTreeBuilder, Tree

    number = np.array([like.n_classes_], dtype=np.intp)
    kind = BestSplitter if like.splitter == "best" else RandomSplitter
    splitter = kind(Gini(1, number), like.max_features_, leaf, 0.0, draw, None)
    tree = Tree(X.shape[1], number, 1)
    DepthFirstTreeBuilder(splitter, 2 * leaf, leaf, 0.0, _MOST, 0.0).build(tree, X, classes, weights, None)
    return tree
