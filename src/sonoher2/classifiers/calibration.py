"""From scores to probabilities."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_array, check_is_fitted, column_or_1d

LEAST_SLOPE = 0.01
"""Per standard deviation of the score: a calibration may flatten a score but never turn it round."""


class SigmoidCalibrator(BaseEstimator):  # type: ignore[misc]
    """Platt's scaling: a logistic function of the score, fitted on out-of-fold scores.

    Two classes: probability = 1 / (1 + exp(-(a s + b))), a > 0, with Platt's smoothed targets (Platt, Advances in
    Large Margin Classifiers 1999, 61-74). More: softmax of a s_k + b_k with one slope for all classes
    (bias-corrected temperature scaling: Alexandari, Kundaje and Shrikumar, ICML 2020) and the same smoothing.

    Attributes
    ----------
    slope_
        a, per unit of the score.
    intercept_
        Shape (1,) or (K,): b.
    classes_
        Shape (K,).
    """

    def fit(self, scores: ArrayLike, y: ArrayLike) -> Self:
        """Fit slope and intercepts.

        Parameters
        ----------
        scores
            Shape (patients, 1) or (patients,) for two classes, of the second one; else (patients, K).
        y
            Shape (patients,), classes.
        """
        scores = _columns(scores)
        self.classes_, numbers = np.unique(column_or_1d(y), return_inverse=True)
        if scores.shape[1] != (1 if len(self.classes_) == 2 else len(self.classes_)):
            raise ValueError(f"{scores.shape[1]} score columns do not fit {len(self.classes_)} classes")
        targets = smoothed_targets(numbers)
        spread = float(scores.std()) or 1.0

        def loss(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            logs = _log_probabilities(parameters[0] * scores / spread + parameters[1:])
            residual = (np.exp(logs) * targets.sum(axis=1, keepdims=True) - targets)[:, -scores.shape[1] :]
            gradient = np.append((residual * scores).sum() / spread, residual.sum(axis=0))
            return -float((targets * logs).sum()) / len(targets), gradient / len(targets)

        bounds = [(LEAST_SLOPE, None)] + [(None, None)] * scores.shape[1]
        found = minimize(
            loss, np.append(1.0, np.zeros(scores.shape[1])), jac=True, bounds=bounds, options={"gtol": 1e-9, "ftol": 0}
        )
        self.slope_ = float(found.x[0]) / spread
        self.intercept_ = np.asarray(found.x[1:])
        return self

    def transform(self, scores: ArrayLike) -> NDArray[np.float64]:
        """Probabilities of the classes, shape (patients, K)."""
        check_is_fitted(self)
        return np.exp(_log_probabilities(self.slope_ * _columns(scores) + self.intercept_))


def smoothed_targets(y: NDArray[np.intp]) -> NDArray[np.float64]:
    """Platt's targets: (n_k + 1) / (n_k + 2) for the patient's own class, the rest shared by the others.

    Parameters
    ----------
    y
        Shape (patients,), 0 to K-1.

    Returns
    -------
    Shape (patients, K), rows of sum 1.
    """
    counts = np.bincount(y).astype(np.float64)
    rest = 1 / (counts[y] + 2)
    targets = np.repeat(rest[:, None] / (len(counts) - 1), len(counts), axis=1)
    targets[np.arange(len(y)), y] = 1 - rest
    return targets


def _columns(scores: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(scores, np.float64)
    return np.asarray(check_array(array[:, None] if array.ndim == 1 else array))


def _log_probabilities(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    if log_odds.shape[1] == 1:
        log_odds = np.hstack([np.zeros_like(log_odds), log_odds])
    return np.asarray(log_softmax(log_odds, axis=1))
