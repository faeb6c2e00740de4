"""The candidate models, each with a small grid of settings."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax
from sklearn.base import BaseEstimator, clone
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, RidgeClassifier, RidgeClassifierCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC
from sklearn.utils.class_weight import compute_sample_weight

from sonoher2.classifiers.forests import FORESTS, forest_probabilities, grow_forest
from sonoher2.config.models import ModelName

RIDGE_PENALTIES = np.logspace(0, 4, 9)
"""For columns of unit variance and up to some thousand patients: from next to none to nearly a constant."""
Setting = dict[str, float | int | str | None]
LEAST_PROBABILITY = 0.005
"""Probabilities are pulled in to this before their log-odds are taken; trees and neighbours give exact zeros."""


class GaussianBayes(GaussianNB):  # type: ignore[misc]
    """Gaussian naive Bayes that also gives its log-odds, which do not saturate as its probabilities do."""

    def decision_function(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log-odds (patients,) of two classes; else joint log-likelihoods (patients, classes)."""
        joint = self.predict_joint_log_proba(X)
        return np.asarray(joint[:, 1] - joint[:, 0] if joint.shape[1] == 2 else joint)


class NearestNeighbours(KNeighborsClassifier):  # type: ignore[misc]
    """K nearest neighbours; all patients are neighbours where there are fewer than K."""

    def fit(self, X: NDArray[np.float64], y: NDArray[np.int64]) -> Self:
        """Store the patients."""
        self.n_neighbors: int = min(self.n_neighbors, len(X))
        return super().fit(X, y)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Candidate:
    """One model with one setting.

    Attributes
    ----------
    name
        As in the study file.
    parameters
        What distinguishes it from the family's other settings.
    estimator
        Unfitted; single-threaded, seeded.
    weighted
        The class weights go in with `fit(sample_weight=...)`.
    """

    name: ModelName
    parameters: Setting
    estimator: BaseEstimator
    weighted: bool = False

    def fit(self, X: NDArray[np.float64], y: NDArray[np.int64]) -> BaseEstimator:
        """Fit a copy of the estimator.

        Parameters
        ----------
        X
            Shape (patients, features), z-scored.
        y
            Shape (patients,), 0 to K-1.
        """
        if isinstance(self.estimator, FORESTS):
            return grow_forest(self.estimator, X, y)
        weights = {"sample_weight": compute_sample_weight("balanced", y)} if self.weighted else {}
        with warnings.catch_warnings():
            # a model that has not fully converged is still a candidate, judged by its AUC like the others
            warnings.simplefilter("ignore", ConvergenceWarning)
            return clone(self.estimator).fit(X, y, **weights)


@dataclass(frozen=True)
class _Family:
    build: Callable[..., BaseEstimator]
    grid: dict[str, Sequence[Any]]
    weighted: bool = False

    def settings(self) -> Iterator[Setting]:
        for values in product(*self.grid.values()):
            yield dict(zip(self.grid, values, strict=True))


def candidates(names: Sequence[ModelName], seed: int) -> list[Candidate]:
    """Candidates of the named models, simplest family first, whatever the order of `names`.

    Parameters
    ----------
    names
        As in the study file.
    seed
        Seed of the models that draw at random.
    """
    return [
        Candidate(name, setting, family.build(seed, **setting), family.weighted)
        for name, family in FAMILIES.items()
        if name in names
        for setting in family.settings()
    ]


def raw_scores(estimator: BaseEstimator, X: NDArray[np.float64]) -> NDArray[np.float64]:
    """Uncalibrated scores: log-odds or a margin of two classes, log-probabilities of more.

    Parameters
    ----------
    estimator
        Fitted on classes 0 to K-1.
    X
        Shape (patients, features).

    Returns
    -------
    Shape (patients, 1) for two classes, of the second one; else (patients, K).
    """
    if hasattr(estimator, "decision_function"):
        scores = np.asarray(estimator.decision_function(X), np.float64)
        # of several classes only the differences mean something: ranked one by one they must be normalised
        return scores[:, None] if scores.ndim == 1 else np.asarray(log_softmax(scores, axis=1))
    found = forest_probabilities(estimator, X) if isinstance(estimator, FORESTS) else estimator.predict_proba(X)
    inside = np.clip(found, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
    logs = np.log(inside.astype(np.float64))
    return np.asarray(logs[:, [1]] - logs[:, [0]] if logs.shape[1] == 2 else logs)


def _ridge(seed: int) -> BaseEstimator:
    return RidgeClassifierCV(alphas=RIDGE_PENALTIES, class_weight="balanced")


def _linear(seed: int, alpha: float) -> BaseEstimator:
    return RidgeClassifier(alpha=alpha, class_weight="balanced")


def _logistic(seed: int) -> BaseEstimator:
    return LogisticRegression(C=np.inf, class_weight="balanced", max_iter=200)


def _lasso(seed: int, C: float) -> BaseEstimator:
    return _penalised(seed, C, 1.0)


def _penalised(seed: int, C: float, l1_ratio: float) -> BaseEstimator:
    return LogisticRegression(
        C=C, l1_ratio=l1_ratio, solver="saga", class_weight="balanced", max_iter=200, tol=1e-3, random_state=seed
    )


def _bayes(seed: int) -> BaseEstimator:
    return GaussianBayes()


def _neighbours(seed: int, n_neighbors: int) -> BaseEstimator:
    return NearestNeighbours(n_neighbors=n_neighbors, algorithm="brute", n_jobs=1)


def _svm(seed: int, kernel: str, C: float) -> BaseEstimator:
    return SVC(kernel=kernel, C=C, class_weight="balanced", cache_size=50)


def _random_forest(seed: int, min_samples_leaf: int) -> BaseEstimator:
    return RandomForestClassifier(
        n_estimators=100, min_samples_leaf=min_samples_leaf, class_weight="balanced", n_jobs=1, random_state=seed
    )


def _extra_trees(seed: int, min_samples_leaf: int) -> BaseEstimator:
    return ExtraTreesClassifier(
        n_estimators=100, min_samples_leaf=min_samples_leaf, class_weight="balanced", n_jobs=1, random_state=seed
    )


def _xgboost(seed: int, max_depth: int) -> BaseEstimator:
    # slow to import, and a prediction may need none of them
    from xgboost import XGBClassifier

    return XGBClassifier(
        n_estimators=100, learning_rate=0.05, max_depth=max_depth, min_child_weight=3, subsample=0.8,
        colsample_bytree=0.5, tree_method="hist", max_bin=64, n_jobs=1, verbosity=0, random_state=seed,
    )  # fmt: skip


def _lightgbm(seed: int, num_leaves: int) -> BaseEstimator:
    from lightgbm import LGBMClassifier

    return LGBMClassifier(
        n_estimators=100, learning_rate=0.05, num_leaves=num_leaves, min_child_samples=10, subsample=0.8,
        subsample_freq=1, colsample_bytree=0.5, max_bin=63, class_weight="balanced", n_jobs=1, verbosity=-1,
        random_state=seed, deterministic=True, force_row_wise=True,
    )  # fmt: skip


def _mlp(seed: int, alpha: float) -> BaseEstimator:
    return MLPClassifier(hidden_layer_sizes=(16,), alpha=alpha, solver="lbfgs", max_iter=100, random_state=seed)


FAMILIES: dict[ModelName, _Family] = {
    "ridge": _Family(_ridge, {}),
    "linear": _Family(_linear, {"alpha": (1e-3,)}),
    "logistic": _Family(_logistic, {}),
    "lasso": _Family(_lasso, {"C": (0.03, 0.1, 0.3, 1.0)}),
    "elastic-net": _Family(_penalised, {"C": (0.03, 0.1, 0.3, 1.0), "l1_ratio": (0.5,)}),
    "naive-bayes": _Family(_bayes, {}, weighted=True),
    "knn": _Family(_neighbours, {"n_neighbors": (7, 15, 25)}),
    "svm": _Family(_svm, {"kernel": ("linear", "rbf"), "C": (0.1, 1.0)}),
    "random-forest": _Family(_random_forest, {"min_samples_leaf": (10, 3)}),
    "extra-trees": _Family(_extra_trees, {"min_samples_leaf": (10, 3)}),
    "xgboost": _Family(_xgboost, {"max_depth": (2, 4)}, weighted=True),
    "lightgbm": _Family(_lightgbm, {"num_leaves": (4, 15)}),
    "mlp": _Family(_mlp, {"alpha": (10.0, 1.0)}, weighted=True),
}
"""Simplest first: the order in which equally good models are preferred."""
