"""What chance alone gives: labels permuted among patients, and how a figure compares with those of permuted labels."""

from __future__ import annotations

from collections.abc import Iterator
from math import nan, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t

from sonoher2.core.errors import InputError
from sonoher2.evaluation.arrays import quantile
from sonoher2.evaluation.estimate import UNDEFINED, Estimate


def permute_labels(labels: ArrayLike, groups: ArrayLike, sets: ArrayLike, seed: int) -> NDArray[np.int64]:
    """Labels permuted among the patients of each set.

    Where a patient's data say nothing about the label, the labels of one set are exchangeable: each of these
    permutations was as likely as the labels that are there. Labels do not move between sets, for the sets were drawn
    with the labels in view (stratified), or differ in prevalence (by date or site); so each set keeps its cases, and
    the figure of the real labels its own null distribution. Patients of one group are not exchangeable with others:
    groups change places whole, with groups of their own size, and the labels within a group are shuffled.

    Parameters
    ----------
    labels
        (patients,), 0 to K-1.
    groups
        (patients,), patients who share a picture have one number; a group lies in one set.
    sets
        (patients,), name of each patient's set.
    seed
        Of the permutation.

    Returns
    -------
    (patients,).

    References
    ----------
    Permutation within blocks, and of blocks as a whole: Winkler AM et al. NeuroImage 2015, 123:253-268.
    """
    rng = np.random.default_rng(seed)
    known, group, name = np.asarray(labels, dtype=np.int64), np.asarray(groups), np.asarray(sets)
    permuted = known.copy()
    for subset in np.unique(name):
        rows = np.flatnonzero(name == subset)
        for blocks in blocks_by_size(group[rows]):
            own = known[rows[blocks]]
            permuted[rows[blocks]] = rng.permuted(own[rng.permutation(len(own))], axis=1)
    return permuted


def blocks_by_size(groups: NDArray[np.generic]) -> Iterator[NDArray[np.intp]]:
    """Give the positions of groups, (groups, size), for one size after another: groups that may change places."""
    _, member, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    order = np.argsort(member, kind="stable")
    for size in np.unique(sizes):
        yield order[sizes[member[order]] == size].reshape(-1, size)


def permutation_p(real: float, null: ArrayLike) -> float:
    """One-sided p value of a figure: (1 + permutations that reach it) / (1 + permutations).

    It is never 0 and is valid for any number of permutations; with 20 it cannot fall below 1/21 = 0.048.

    Parameters
    ----------
    real
        The figure of the real labels; larger means stronger.
    null
        (permutations,), the same figure of permuted labels.

    Returns
    -------
    NaN when `real` is NaN or there is no permutation.

    References
    ----------
    Phipson B, Smyth GK. Stat Appl Genet Mol Biol 2010, 9:39.
    """
    values = np.asarray(null, dtype=np.float64)
    if np.isnan(real) or not len(values):
        return nan
    # a figure of permuted labels that equals the real one but for rounding counts as reaching it
    return float((1 + np.count_nonzero(values >= real - 1e-12)) / (1 + len(values)))


def mean_of_runs(values: ArrayLike, confidence: float = 0.95) -> Estimate:
    """Mean of independent runs with Student's interval.

    Parameters
    ----------
    values
        (runs,).
    confidence
        Level of the interval.

    Returns
    -------
    NaN without a run; limits NaN with a single one.

    References
    ----------
    Student. Biometrika 1908, 6:1-25.
    """
    runs = np.asarray(values, dtype=np.float64)
    if not len(runs):
        return UNDEFINED
    mean = float(runs.mean())
    half = float(t.ppf(quantile(confidence), len(runs) - 1)) * standard_error(runs) if len(runs) > 1 else nan
    return Estimate(mean, mean - half, mean + half)


def standard_error(values: ArrayLike) -> float:
    """Give the standard error of the mean of independent runs, (runs,); NaN with fewer than two."""
    runs = np.asarray(values, dtype=np.float64)
    return float(runs.std(ddof=1) / sqrt(len(runs))) if len(runs) > 1 else nan


def recovered_share(auc: float, best: float) -> float:
    """Share of what can be known that a score knows: (AUC - 1/2) / (best possible AUC - 1/2).

    Both are Gini coefficients but for the factor 2, so this is the ratio of two Gini coefficients.

    Raises
    ------
    InputError
        The best possible AUC is no better than chance.

    References
    ----------
    Gini = 2 AUC - 1: Hand DJ, Till RJ. Mach Learn 2001, 45:171-186.
    """
    if best <= 0.5:
        raise InputError(
            f"the best possible AUC is {best:g}, no better than chance", fix="Plant a stronger signal, or more patients"
        )
    return (auc - 0.5) / (best - 0.5)
