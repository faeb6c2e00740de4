"""Selection and a plain model run again on another tool's features, in the fold and, on purpose, out of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression, OrthogonalMatchingPursuit
from threadpoolctl import threadpool_limits

from sonoher2.audit.tables.pool import Pooled
from sonoher2.classifiers.folds import fold_numbers
from sonoher2.evaluation.discrimination import auc
from sonoher2.selection.pipeline import SelectionPipeline
from sonoher2.selection.prepare import MedianZScore

FOLDS = 5
MOST_FEATURES = 20
"""Features by which a model's scores are explained."""


@dataclass(frozen=True)
class Rerun:
    """The same selection and model, run twice.

    Attributes
    ----------
    scores
        (training patients,), out of fold: selection and model had not seen the patient.
    training
        (training patients,) labels.
    in_fold
        Test AUC when training patients alone are selected on.
    on_all
        Test AUC when all patients are selected on: what leakage gives on these data.
    """

    scores: NDArray[np.float64]
    training: NDArray[np.int64]
    in_fold: float
    on_all: float


def rerun(data: Pooled, seed: int = 0) -> Rerun:
    """Select by Mann-Whitney test, correlation, mRMR and LASSO, then fit a ridge logistic model.

    Parameters
    ----------
    data
        The features.
    seed
        Of the folds.
    """
    inside = data.training
    X, y = data.X[inside], data.y[inside]
    with threadpool_limits(limits=1):
        folds = fold_numbers(y, None, FOLDS, seed)
        scores = np.empty(len(y))
        for fold in range(folds.max() + 1):
            held = folds == fold
            scores[held] = _scores(X[~held], y[~held], X[~held], y[~held], X[held])
        tested = [_scores(shown, labels, X, y, data.X[~inside]) for shown, labels in ((X, y), (data.X, data.y))]
    in_fold, on_all = (auc(data.y[~inside], score) for score in tested)
    return Rerun(scores, y, in_fold, on_all)


def _scores(
    shown: pd.DataFrame, labels: NDArray[np.int64], X: pd.DataFrame, y: NDArray[np.int64], new: pd.DataFrame
) -> NDArray[np.float64]:
    """Scores of new patients by a model on X, y whose features were selected on `shown`, `labels`."""
    selection = SelectionPipeline().fit(shown, labels)
    model = LogisticRegression(C=0.1, max_iter=1000).fit(selection.transform(X), y)
    return np.asarray(model.decision_function(selection.transform(new)))


def features_behind(data: Pooled, scores: pd.Series) -> tuple[NDArray[np.bool_], float]:
    """Features that a model's scores rest on: those that explain the scores best; no label is looked at.

    Parameters
    ----------
    data
        The features.
    scores
        Index `patient_id`; of one model.

    Returns
    -------
    (features,), True for one that is behind the scores; and the share of the scores' variance that they explain.

    References
    ----------
    Orthogonal matching pursuit: Pati YC et al. Proc Asilomar Conf 1993, 40-44.
    """
    own = scores.reindex(data.patients)
    known = own.notna().to_numpy()
    X = np.asarray(MedianZScore().fit_transform(data.X))[known]
    target = own[known].rank().to_numpy(copy=True)
    for side in (True, False):
        # training scores may be out of fold, or of the fit itself: on another scale than those of the test set
        rows = data.training[known] == side
        if rows.any():
            target[rows] = (target[rows] - target[rows].mean()) / max(float(target[rows].std()), 1e-9)
    count = min(MOST_FEATURES, X.shape[1], int(known.sum()) // 5)
    with threadpool_limits(limits=1):
        fit = OrthogonalMatchingPursuit(n_nonzero_coefs=count).fit(X, target)
    return fit.coef_ != 0, float(fit.score(X, target))
