"""Folds that keep the patients of one group together, and the measure by which models are compared in them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from sonoher2.core.errors import InputError


def fold_numbers(y: ArrayLike, groups: ArrayLike | None, n_folds: int, seed: int) -> NDArray[np.int64]:
    """Fold in which each patient is held out, stratified by class.

    Parameters
    ----------
    y
        Shape (patients,), classes.
    groups
        Shape (patients,); patients of one group are held out together. None: each patient alone.
    n_folds
        How many; fewer when the smallest class has fewer groups, two at least.
    seed
        Of the draw.

    Returns
    -------
    Shape (patients,), 0 to folds-1.

    Raises
    ------
    InputError
        A class has fewer than two patients (or groups of patients).
    """
    _, labels = np.unique(np.asarray(y), return_inverse=True)
    members = np.arange(len(labels)) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    smallest = min(len(np.unique(members[labels == label])) for label in range(labels.max() + 1))
    if smallest < 2 or labels.max() == 0:
        raise InputError(
            "cross-validation needs at least two classes with two patients each",
            fix="Add patients, or choose a target with fewer classes",
        )
    folds = min(n_folds, smallest)
    if len(np.unique(members)) == len(members):
        splits = StratifiedKFold(folds, shuffle=True, random_state=seed).split(labels, labels)
    else:
        splits = StratifiedGroupKFold(folds, shuffle=True, random_state=seed).split(labels, labels, members)
    numbers = np.empty(len(labels), np.int64)
    for number, (train, held_out) in enumerate(splits):
        numbers[held_out] = number
        if len(np.unique(labels[train])) <= labels.max():
            raise InputError(
                "one group of patients holds nearly all of a class, so no fold can do without it",
                fix="Look at the near-duplicate images, or use fewer folds",
            )
    return numbers


def macro_auc(y: NDArray[np.int64], scores: NDArray[np.float64]) -> float:
    """Area under the ROC curve; more than two classes: mean of each class against the rest.

    Parameters
    ----------
    y
        Shape (patients,), 0 to K-1.
    scores
        Shape (patients, 1) for two classes, of the second one; else (patients, K).

    Returns
    -------
    0 to 1; NaN when a class is absent.
    """
    if scores.shape[1] == 1:
        return _auc(y == 1, scores[:, 0])
    return float(np.mean([_auc(y == label, scores[:, label]) for label in range(scores.shape[1])]))


def _auc(cases: NDArray[np.bool_], score: NDArray[np.float64]) -> float:
    n_cases, n_controls = int(cases.sum()), int((~cases).sum())
    if not n_cases or not n_controls:
        return float("nan")
    return float((rankdata(score)[cases].sum() - n_cases * (n_cases + 1) / 2) / (n_cases * n_controls))
