"""Ridge logistic regression in which another model's score can only speak for its own class."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

LEAST_WEIGHT = 0.1
"""Least coefficient of a score for its own class, per standard deviation: a stack may flatten a score, not drop it."""


class MonotoneLogistic(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Logistic regression with an L2 penalty and bounds on the signs of some coefficients.

    Minimises C times the sum of the log-losses plus half the squared coefficients, intercepts free, as scikit-learn's
    `LogisticRegression` does, by L-BFGS-B (Byrd et al., SIAM J Sci Comput 1995, 16:1190-1208). Non-negative weights are
    what makes stacking work: Breiman, Stacked regressions, Mach Learn 1996, 24:49-64. Without them a few dozen
    patients are enough to give a good score a negative weight by chance, and the stack then predicts the reverse.

    Parameters
    ----------
    speaks_for
        For each column the number of the class whose probability rises with it: its coefficient for that class is at
        least `LEAST_WEIGHT`, and those for other classes at most 0. 0: the column is free.
    C
        Inverse strength of the penalty.

    Attributes
    ----------
    classes_
        Shape (K,).
    coef_, intercept_
        Shapes (1, columns) and (1,) for two classes, else (K, columns) and (K,).
    """

    def __init__(self, speaks_for: tuple[int, ...], C: float = 1.0) -> None:
        self.speaks_for = speaks_for
        self.C = C

    def fit(self, X: NDArray[np.float64], y: NDArray[Any]) -> Self:
        """Fit coefficients and intercepts.

        Parameters
        ----------
        X
            Shape (patients, columns), z-scored.
        y
            Shape (patients,), classes.
        """
        self.classes_, numbers = np.unique(np.asarray(y), return_inverse=True)
        n_classes, (n_patients, n_columns) = len(self.classes_), X.shape
        rows = 1 if n_classes == 2 else n_classes
        target = np.eye(n_classes)[numbers]
        penalty = 1 / (self.C * n_patients)

        def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            weights = flat.reshape(rows, n_columns + 1)
            logs = _log_probabilities(X, weights)
            residual = (np.exp(logs) - target)[:, -rows:] / n_patients
            gradient = np.column_stack([residual.T @ X + penalty * weights[:, :-1], residual.sum(axis=0)])
            value = -float(logs[target > 0].mean()) + penalty / 2 * float((weights[:, :-1] ** 2).sum())
            return value, gradient.ravel()

        found = minimize(
            loss,
            np.zeros(rows * (n_columns + 1)),
            jac=True,
            method="L-BFGS-B",
            bounds=[bound for row in range(rows) for bound in self._bounds(row if rows > 1 else 1)],
            options={"gtol": 1e-9, "ftol": 0, "maxiter": 1000},
        )
        weights = found.x.reshape(rows, n_columns + 1)
        self.coef_, self.intercept_ = weights[:, :-1], weights[:, -1]
        return self

    def predict_proba(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probabilities, shape (patients, K)."""
        check_is_fitted(self)
        return np.exp(_log_probabilities(X, np.column_stack([self.coef_, self.intercept_])))

    def predict(self, X: NDArray[np.float64]) -> NDArray[Any]:
        """Most probable class, shape (patients,)."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])

    def _bounds(self, label: int) -> list[tuple[float | None, float | None]]:
        """Bounds of the coefficients of one class, then of its intercept."""
        own: tuple[float | None, float | None] = (LEAST_WEIGHT, None)
        bounds = [(None, None) if not spoken else own if spoken == label else (None, 0.0) for spoken in self.speaks_for]
        return [*bounds, (None, None)]


def _log_probabilities(X: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    log_odds = X @ weights[:, :-1].T + weights[:, -1]
    if log_odds.shape[1] == 1:
        log_odds = np.hstack([np.zeros_like(log_odds), log_odds])
    return np.asarray(log_softmax(log_odds, axis=1))
