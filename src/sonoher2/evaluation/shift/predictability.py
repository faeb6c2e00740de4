"""How well a few columns alone predict an outcome: the test for shortcuts that a model could take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sonoher2.core.errors import InputError
from sonoher2.evaluation.arrays import checked
from sonoher2.evaluation.compare.permutation import blocks_by_size
from sonoher2.evaluation.discrimination import auc_delong
from sonoher2.evaluation.estimate import UNDEFINED, Estimate

Floats = NDArray[np.float64]

PENALTY = 10.0
"""Ridge penalty on standardised columns, as of ten further patients."""
DECIMALS = 12
"""Scores that differ less are rounding, and count as ties."""


@dataclass(frozen=True)
class Predictability:
    """What some columns alone tell of the outcome.

    Attributes
    ----------
    auc
        Of the out-of-fold scores, with DeLong's interval; NaN with one class only.
    p
        Share of permuted outcomes that are predicted as well or better; NaN with one class only.
    score
        (n,), out-of-fold.
    """

    auc: Estimate
    p: float
    score: Floats


def predict_outcome(
    columns: ArrayLike,
    outcome: ArrayLike,
    group: ArrayLike | None = None,
    *,
    seed: int = 0,
    folds: int = 5,
    permutations: int = 999,
    confidence: float = 0.95,
) -> Predictability:
    """Cross-validated AUC of a linear discriminant on `columns` and their squares, with its permutation test.

    Everything is fitted in the fold. The discriminant is a ridge regression on the outcome: as it is linear in the
    outcome, all permuted outcomes are predicted in one fit. Scores are counted from the mean of the fold's training
    patients, else a fold with few cases would score them higher than one with many. Folds are drawn without a look
    at the outcome, so that observed and permuted outcomes are treated alike and the test is exact.

    Parameters
    ----------
    columns
        (n, columns), finite; categories as 0 and 1.
    outcome
        (n,), 1 for a case and 0 for a control.
    group
        (n,), patients of one group stay in one fold and change outcomes whole, with groups of their size; None: each
        patient alone.
    seed
        Of the folds and of the permutations.
    folds, permutations
        How many.
    confidence
        Level of the interval.

    Raises
    ------
    InputError
        A column holds a value that is missing or infinite, or there are fewer patients or groups than folds.

    References
    ----------
    Ojala M, Garriga GC. J Mach Learn Res 2010, 11:1833-1863 (permutation test of a classifier).
    Phipson B, Smyth GK. Stat Appl Genet Mol Biol 2010, 9:39 (p = (b + 1) / (m + 1)).
    Hastie T, Tibshirani R, Friedman J. The Elements of Statistical Learning, 2nd ed., Springer 2009, section 4.2
    (regression on the outcome gives the direction of the linear discriminant).
    """
    X = np.asarray(columns, dtype=np.float64)
    is_case, _ = checked(outcome, np.zeros(len(X)))
    if not np.isfinite(X).all():
        raise InputError("a column holds a missing or infinite value", fix="Fill it in or leave the patient out")
    rng = np.random.default_rng(seed)
    members = np.arange(len(X)) if group is None else np.asarray(group)
    fold = _deal(members, folds, rng)
    if is_case.all() or not is_case.any():
        return Predictability(UNDEFINED, float("nan"), np.zeros(len(X)))
    targets = np.column_stack([is_case, _shuffled(is_case, members, permutations, rng)])
    scores = _out_of_fold(X, targets.astype(np.float64), fold)
    areas = _aucs(targets, scores)
    p = (1 + int((areas[1:] >= areas[0]).sum())) / (1 + permutations)
    return Predictability(auc_delong(is_case, scores[:, 0], confidence), p, scores[:, 0])


def _deal(group: NDArray[np.generic], folds: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Fold of each patient, (n,): groups are shuffled and dealt out in turn."""
    _, members = np.unique(group, return_inverse=True)
    count = int(members.max()) + 1 if len(members) else 0
    if count < folds:
        raise InputError(f"{count} patients or groups cannot fill {folds} folds", fix="Use fewer folds")
    return np.asarray((rng.permutation(count) % folds)[members], dtype=np.int64)


def _shuffled(
    is_case: NDArray[np.bool_], group: NDArray[np.generic], permutations: int, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Permuted outcomes, (n, permutations): groups of one size change places, and their members among themselves."""
    shuffled = np.empty((len(is_case), permutations), bool)
    for rows in blocks_by_size(group):
        places = rng.permuted(np.tile(np.arange(len(rows))[:, None], permutations), axis=0)
        drawn = is_case[rows][places]
        shuffled[rows] = (drawn if rows.shape[1] == 1 else rng.permuted(drawn, axis=2)).transpose(0, 2, 1)
    return shuffled


def _out_of_fold(X: Floats, targets: Floats, fold: NDArray[np.int64]) -> Floats:
    scores = np.empty_like(targets)
    for number in range(int(fold.max()) + 1):
        held_out = fold == number
        model = _discriminant().fit(X[~held_out], targets[~held_out])
        scores[held_out] = model.predict(X[held_out]) - targets[~held_out].mean(axis=0)
    return np.round(scores, DECIMALS)


def _discriminant() -> Pipeline:
    return make_pipeline(StandardScaler(), FunctionTransformer(_with_squares), StandardScaler(), Ridge(PENALTY))


def _with_squares(X: Floats) -> Floats:
    return np.hstack([X, X**2])


def _aucs(targets: NDArray[np.bool_], scores: Floats) -> Floats:
    """AUC of each column of scores for the same column of outcomes, from mid-ranks (Mann-Whitney's U)."""
    cases = targets.sum(axis=0)
    rank_sums = np.where(targets, rankdata(scores, axis=0), 0.0).sum(axis=0)
    area: Floats = (rank_sums - cases * (cases + 1) / 2) / (cases * (len(targets) - cases))
    return area
