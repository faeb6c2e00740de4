"""Outer cross-validation: every training patient is scored by signatures that never saw that patient."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone

from sonoher2.classifiers.folds import fold_numbers
from sonoher2.signatures.set import SignatureSet


def outer_folds(y: ArrayLike, groups: ArrayLike | None, n_folds: int, seed: int) -> NDArray[np.int64]:
    """Fold in which each patient is held out, stratified by class, patients of one group together.

    Parameters
    ----------
    y
        Shape (patients,), classes.
    groups
        Shape (patients,), or None.
    n_folds
        How many; fewer when the smallest class has fewer groups.
    seed
        Of the draw.

    Returns
    -------
    Shape (patients,), 0 to folds-1.
    """
    return fold_numbers(y, groups, n_folds, seed)


def fit_fold(
    signatures: SignatureSet,
    X: pd.DataFrame,
    y: NDArray[np.int64],
    groups: NDArray[np.int64] | None,
    train: NDArray[np.intp],
    test: NDArray[np.intp],
) -> dict[str, NDArray[np.float64]]:
    """Fit on some patients, score others.

    Parameters
    ----------
    signatures
        Unfitted; left as it is.
    X
        Patients by (feature group, name).
    y, groups
        Shape (patients,).
    train, test
        Rows of the patients to fit on and to score.

    Returns
    -------
    Probabilities by signature, each of shape (test patients, K).
    """
    fitted = clone(signatures).fit(X.iloc[train], y[train], None if groups is None else groups[train])
    return fitted.predict_proba(X.iloc[test])  # type: ignore[no-any-return]


def cross_fit(
    signatures: SignatureSet,
    X: pd.DataFrame,
    y: NDArray[np.int64],
    groups: NDArray[np.int64] | None,
    n_folds: int,
    seed: int,
) -> dict[str, NDArray[np.float64]]:
    """Out-of-fold probabilities of all patients by signature, each of shape (patients, K); see `fit_fold`."""
    folds = outer_folds(y, groups, n_folds, seed)
    out: dict[str, NDArray[np.float64]] = {}
    for fold in range(folds.max() + 1):
        train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        for name, probability in fit_fold(signatures, X, y, groups, train, test).items():
            out.setdefault(name, np.empty((len(y), probability.shape[1])))[test] = probability
    return out
