"""LASSO logistic regression along a path of penalties (Tibshirani, J R Stat Soc B 1996, 58:267-288)."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from sonoher2.selection.base import ClassSelector, f_statistic

N_ALPHAS = 30
TOLERANCE = 1e-4
LEAST_SHARE = 0.01
"""The weakest penalty as a share of the strongest, which is the least that leaves no feature."""


@dataclass(frozen=True)
class LassoPath:
    """Coefficients and cross-validated error along the penalties of a LASSO logistic regression.

    Attributes
    ----------
    features
        Names of the candidate features.
    alphas
        Shape (alphas,): penalties, strongest first; the objective is mean log-loss + alpha times the penalty.
    coefficients
        Shape (features, alphas): coefficients of z-scored features. More than two classes: the length of the
        feature's vector of class coefficients (grouped penalty).
    cv_error
        Shape (alphas,): binomial (multinomial) deviance per patient, -2 log-likelihood / n, mean over folds.
    cv_error_sd
        Shape (alphas,): standard error of that mean over folds.
    chosen
        Index of the chosen penalty, the one of the least `cv_error`.
    """

    features: tuple[str, ...]
    alphas: NDArray[np.float64]
    coefficients: NDArray[np.float64]
    cv_error: NDArray[np.float64]
    cv_error_sd: NDArray[np.float64]
    chosen: int


class LassoSelector(ClassSelector):
    """Keeps features with a coefficient at the penalty of the least cross-validated deviance.

    More than two classes: multinomial, with one penalty on the length of a feature's class coefficients (grouped
    LASSO), so that a feature is in for all classes or for none. When no feature has a coefficient there, the one
    of the largest F statistic is kept and `fallback_` says so. The deviance serves to choose the penalty only:
    the features reached this step by looking at the same patients' classes.

    Parameters
    ----------
    n_folds
        Folds of the cross-validation; fewer when the smallest class has fewer patients.
    random_state
        Seed of the folds.

    Attributes
    ----------
    path_
        The `LassoPath`.
    support_, fallback_
        As in `ClassSelector`.
    """

    def __init__(self, n_folds: int = 5, random_state: int = 0) -> None:
        self.n_folds = n_folds
        self.random_state = random_state

    def _support(self, X: NDArray[np.float64], y: NDArray[np.int64]) -> NDArray[np.bool_]:
        alphas = penalties(X, y)
        errors = self._errors(X, y, alphas)
        coefficients, _ = lasso_path(X, y, alphas)
        # a single column of the two-class model keeps its sign; several classes are shown by their length
        shown = coefficients[:, :, 0] if coefficients.shape[2] == 1 else np.linalg.norm(coefficients, axis=2)
        mean, spread = errors.mean(axis=0), errors.std(axis=0, ddof=1) / np.sqrt(len(errors))
        chosen = int(np.argmin(mean))
        names = getattr(self, "feature_names_in_", [f"x{column}" for column in range(X.shape[1])])
        self.path_ = LassoPath(tuple(map(str, names)), alphas, shown.T, mean, spread, chosen)
        support = shown[chosen] != 0
        self.fallback_ = not support.any()
        if self.fallback_:
            support[np.argmax(f_statistic(X, y))] = True
        return np.asarray(support)

    def _errors(self, X: NDArray[np.float64], y: NDArray[np.int64], alphas: NDArray[np.float64]) -> NDArray[np.float64]:
        """Deviance by fold and penalty; made to rise, so that nothing stays, when a class has only one patient."""
        folds = min(self.n_folds, int(np.bincount(y).min()))
        if folds < 2:
            return np.tile(np.arange(len(alphas), dtype=np.float64), (2, 1))
        splitter = StratifiedKFold(folds, shuffle=True, random_state=self.random_state)
        return np.array([_fold_deviance(X, y, alphas, *rows) for rows in splitter.split(X, y)])


def penalties(X: NDArray[np.float64], y: NDArray[np.int64]) -> NDArray[np.float64]:
    """Penalties on a logarithmic scale, strongest first: the first is the least that leaves every coefficient 0."""
    targets = _targets(y)
    gradient = (X - X.mean(axis=0)).T @ (targets - targets.mean(axis=0)) / len(y)
    strongest = max(float(np.linalg.norm(gradient, axis=1).max()), 1e-12) * (1 + 1e-9)  # rounding lets nothing in
    return strongest * np.geomspace(1.0, LEAST_SHARE, N_ALPHAS)


def lasso_path(
    X: NDArray[np.float64], y: NDArray[np.int64], alphas: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Minimise mean log-loss + alpha * sum of the lengths of the features' coefficients, alpha by alpha.

    The Hessian of the log-loss is replaced by its fixed upper bound (Böhning, Ann Inst Stat Math 1992, 44:197-200),
    a multiple of X'X, and each bounded problem is solved by coordinate descent (Friedman, Hastie and Tibshirani,
    J Stat Softw 2010, 33(1)), started from the solution of the penalty before.

    Parameters
    ----------
    X
        Shape (patients, features).
    y
        Shape (patients,), 0 to K-1.
    alphas
        Shape (alphas,), falling.

    Returns
    -------
    coefficients
        Shape (alphas, features, 1) for two classes, of the second one; else (alphas, features, K).
    intercepts
        Shape (alphas, 1) or (alphas, K).
    """
    mean = X.mean(axis=0)
    centred = np.ascontiguousarray((X - mean).T)
    gram = centred @ centred.T / len(y)
    coefficients, intercepts = _descend(centred, np.ascontiguousarray(_targets(y).T), gram, alphas)
    return coefficients.transpose(0, 2, 1), intercepts - coefficients @ mean


def _fold_deviance(
    X: NDArray[np.float64],
    y: NDArray[np.int64],
    alphas: NDArray[np.float64],
    train: NDArray[np.intp],
    test: NDArray[np.intp],
) -> NDArray[np.float64]:
    """Deviance per held-out patient, shape (alphas,)."""
    coefficients, intercepts = lasso_path(X[train], y[train], alphas)
    log_odds = X[test] @ coefficients + intercepts[:, None, :]
    if log_odds.shape[2] == 1:
        log_odds = np.concatenate([np.zeros_like(log_odds), log_odds], axis=2)
    log_sum = np.logaddexp.reduce(log_odds, axis=2)
    own = log_odds[:, np.arange(len(test)), y[test]]
    return np.asarray(2 * (log_sum - own).mean(axis=1))


def _targets(y: NDArray[np.int64]) -> NDArray[np.float64]:
    """Classes as columns of 0 and 1; only the second one for two classes."""
    members = np.eye(int(y.max()) + 1)[y]
    return members[:, 1:] if members.shape[1] == 2 else members


@numba.njit(cache=True)
def _probabilities(log_odds):  # type: ignore[no-untyped-def]  # numba infers the types
    """Shape (columns, patients): logistic of one column, softmax of several."""
    columns, patients = log_odds.shape
    if columns == 1:
        return 1.0 / (1.0 + np.exp(-log_odds))
    out = np.empty_like(log_odds)
    for i in range(patients):
        top, total = log_odds[:, i].max(), 0.0
        for k in range(columns):
            out[k, i] = np.exp(log_odds[k, i] - top)
            total += out[k, i]
        for k in range(columns):
            out[k, i] /= total
    return out


@numba.njit(cache=True)
def _bounded_step(beta, gradient, gram, bound, alpha):  # type: ignore[no-untyped-def]
    """Minimise the bounded problem around `beta` by coordinate descent; changes `beta`, returns the largest change."""
    columns, n_features = beta.shape
    start, slope = beta.copy(), gradient.copy()
    goal = np.empty(columns)
    for _ in range(10):
        largest = 0.0
        for j in range(n_features):
            curvature = bound * gram[j, j]
            if curvature <= 1e-12:
                continue
            length = 0.0
            for k in range(columns):
                goal[k] = beta[k, j] - slope[k, j] / curvature
                length += goal[k] ** 2
            length = np.sqrt(length)
            shrink = 0.0 if length <= alpha / curvature else 1.0 - alpha / (curvature * length)
            for k in range(columns):
                change = shrink * goal[k] - beta[k, j]
                if change != 0.0:
                    beta[k, j] += change
                    largest = max(largest, abs(change))
                    for i in range(n_features):
                        slope[k, i] += bound * change * gram[j, i]
        if largest < 0.1 * TOLERANCE:
            break
    return np.abs(beta - start).max()


@numba.njit(cache=True)
def _descend(X, targets, gram, alphas):  # type: ignore[no-untyped-def]
    """Solutions of all penalties: X centred, (features, patients); targets (columns, patients); see `lasso_path`."""
    n_features, patients = X.shape
    columns = targets.shape[0]
    bound = 0.25 if columns == 1 else 0.5
    coefficients = np.zeros((len(alphas), columns, n_features))
    intercepts = np.zeros((len(alphas), columns))
    beta, intercept = np.zeros((columns, n_features)), np.zeros((columns, 1))
    for a in range(len(alphas)):
        for _ in range(200):
            residual = _probabilities(beta @ X + intercept) - targets
            gradient = residual @ X.T / patients
            shift = residual.sum(axis=1) / (patients * bound)
            intercept[:, 0] -= shift
            moved = _bounded_step(beta, gradient, gram, bound, alphas[a])
            if max(moved, np.abs(shift).max()) < TOLERANCE:
                break
        coefficients[a] = beta
        intercepts[a] = intercept[:, 0]
    return coefficients, intercepts
