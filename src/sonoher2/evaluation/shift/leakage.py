"""Traces that leakage leaves in finished tables: arrays in, figures out."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from sonoher2.evaluation.compare.permutation import permutation_p
from sonoher2.evaluation.thresholds import youden_threshold

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

ROUNDING = 2e-4
"""Tables are written with four decimals or more."""
CONTROLS = 10
"""Features that were not selected and that one selected feature is compared with."""


@dataclass(frozen=True)
class ScaleCount:
    """How many features of a table are exactly standardised, or exactly in [0, 1], over which patients.

    Attributes
    ----------
    features
        Features that vary.
    everyone
        Scaled over training and test patients together, and not over the training patients alone.
    training
        Scaled over the training patients alone, and not over everyone.
    apart
        Scaled over the training patients and, once more, over the others alone.
    """

    features: int
    everyone: int
    training: int
    apart: int


def count_scaled(values: ArrayLike, training: ArrayLike) -> ScaleCount:
    """Count the features by whose patients their scale was learned on.

    A z-score has mean 0 and standard deviation 1 (divided by n or by n - 1), a min-max scale the ends 0 and 1, exactly
    over the patients it was fitted on and over no others.

    Parameters
    ----------
    values
        (patients, features); NaN where missing.
    training
        (patients,), True for a training patient.

    Notes
    -----
    This package's own count. `ROUNDING` is how far a mean, a deviation or an end may be off.
    """
    table, inside = np.asarray(values, dtype=np.float64), np.asarray(training, dtype=np.bool_)
    table = table[:, _varies(table)]
    everyone, own, others = _is_scaled(table), _is_scaled(table[inside]), _is_scaled(table[~inside])
    # where both sets have mean 0 and deviation 1, so has the whole
    on_all, on_training = everyone & ~own, own & ~everyone & ~others
    return ScaleCount(table.shape[1], int(on_all.sum()), int(on_training.sum()), int((own & others).sum()))


def _varies(table: Floats) -> Mask:
    low = np.where(np.isnan(table), np.inf, table).min(axis=0)
    high = np.where(np.isnan(table), -np.inf, table).max(axis=0)
    varies: Mask = high > low
    return varies


def _is_scaled(table: Floats) -> Mask:
    """(features,): whether each is a z-score or a min-max scale of these very patients."""
    known = ~np.isnan(table)
    count = np.maximum(known.sum(axis=0), 1)
    filled = np.where(known, table, 0.0)
    mean = filled.sum(axis=0) / count
    squares = (np.where(known, filled - mean, 0.0) ** 2).sum(axis=0)
    by_n, by_less = np.sqrt(squares / count), np.sqrt(squares / np.maximum(count - 1, 1))
    z_score = _is(mean, 0) & (_is(by_n, 1) | _is(by_less, 1))
    low = np.where(known, table, np.inf).min(axis=0, initial=np.inf)
    high = np.where(known, table, -np.inf).max(axis=0, initial=-np.inf)
    scaled: Mask = z_score | (_is(low, 0) & _is(high, 1))
    return scaled


def _is(values: Floats, target: float) -> Mask:
    close: Mask = np.abs(values - target) < ROUNDING
    return close


def rank_association(values: ArrayLike, outcome: ArrayLike) -> Floats:
    """Standardised Mann-Whitney statistic of each feature, (features,): about standard normal without association.

    Equal to sqrt(n - 1) times the correlation of outcome and ranks, which holds the correction for ties; 0 for a
    constant feature.

    Parameters
    ----------
    values
        (patients, features), finite.
    outcome
        (patients,), 1 for a case and 0 for a control.

    References
    ----------
    Mann HB, Whitney DR. Ann Math Stat 1947, 18:50-60.
    Conover WJ, Iman RL. Am Stat 1981, 35:124-129 (a rank test as the usual statistic of ranks).
    """
    y = np.asarray(outcome, dtype=np.float64)
    return np.asarray(_unit_ranks(values).T @ _unit(y) * np.sqrt(len(y) - 1))


def _unit_ranks(values: ArrayLike) -> Floats:
    ranks = rankdata(np.asarray(values, dtype=np.float64), axis=0)
    return np.apply_along_axis(_unit, 0, ranks) if ranks.size else ranks


def _unit(column: Floats) -> Floats:
    """Centred and of length 1; zeros for a constant column."""
    centred = column - column.mean()
    length = float(np.sqrt(centred @ centred))
    return np.asarray(centred / length if length > 1e-9 else centred * 0.0)


@dataclass(frozen=True)
class SelectionExcess:
    """How much better selected features do among the test patients than others that did as well in training.

    Attributes
    ----------
    features
        Selected features that have others to compare with.
    selected, others
        Mean standardised association among the test patients, in the direction that it has in training.
    p
        One-sided, by permuting the labels of the test patients; NaN with fewer than three features.
    """

    features: int
    selected: float
    others: float
    p: float


def selection_excess(
    values: ArrayLike, outcome: ArrayLike, training: ArrayLike, selected: ArrayLike, *, repeats: int = 2000, seed: int
) -> SelectionExcess:
    """Test whether the labels of the test patients had a say in the selection of features.

    A selection that saw training patients alone knows nothing of the test patients: among features that are as
    strongly associated with the label in training, the selected ones can then be expected to do no better in the test
    set than the others. So each selected feature is compared with up to `CONTROLS` features that were not selected
    although their association in training is at least as strong. A selection that saw everyone prefers, of features
    equal in training, those that do well in the test set too. Real signal does not give an excess: what is truly and
    strongly associated stands at the top in training and has no such others.

    Parameters
    ----------
    values
        (patients, features), finite: all features that could be selected.
    outcome
        (patients,), 1 for a case and 0 for a control.
    training
        (patients,), True for a training patient.
    selected
        (features,), True for a selected feature.
    repeats, seed
        Of the permutation of the test patients' labels.

    Notes
    -----
    This package's own test; `docs/audit.md` gives its power and its false alarms in simulations.

    With z_j the `rank_association` of feature j among the test patients, times the sign that it has in training, the
    statistic is the mean of z_j - (mean of z_i over i in N_j) over the selected features j whose N_j is not empty. N_j
    are the features i that were not selected and have |training association of i| >= |training association of j|; of
    more than `CONTROLS` the weakest. `selected` is the mean of the first term and `others` that of the second.
    p = (1 + permutations that reach the statistic) / (1 + repeats), see `permutation.permutation_p`.

    References
    ----------
    That a selection on all patients flatters the test set: Ambroise C, McLachlan GJ. Proc Natl Acad Sci USA 2002,
    99:6562-6566. The p value: Phipson B, Smyth GK. Stat Appl Genet Mol Biol 2010, 9:39.
    """
    table, y = np.asarray(values, dtype=np.float64), np.asarray(outcome, dtype=np.int64)
    inside, chosen = np.asarray(training, dtype=np.bool_), np.asarray(selected, dtype=np.bool_)
    trained = rank_association(table[inside], y[inside])
    weights, pairs = _contrast(np.abs(trained), chosen)
    if pairs < 3:
        return SelectionExcess(pairs, nan, nan, nan)
    ranks = _unit_ranks(table[~inside]) * np.sign(trained)
    tested = ranks.T @ _unit(y[~inside].astype(np.float64)) * np.sqrt((~inside).sum() - 1)
    contrast = ranks @ weights
    rng = np.random.default_rng(seed)
    shuffled = rng.permuted(np.tile(y[~inside].astype(np.float64), (repeats, 1)), axis=1)
    # every shuffle has the same mean and length: the products rank as the associations do
    p = permutation_p(float(contrast @ y[~inside]), shuffled @ contrast)
    return SelectionExcess(pairs, float(tested @ np.maximum(weights, 0)), float(tested @ np.maximum(-weights, 0)), p)


def _contrast(strength: Floats, chosen: Mask) -> tuple[Floats, int]:
    """Weights (features,): selected features with others to compare with sum to 1, these others to -1."""
    weights = np.zeros(len(strength))
    others = np.flatnonzero(~chosen)
    others = others[np.argsort(strength[others], kind="stable")]
    pairs = 0
    for feature in np.flatnonzero(chosen):
        start = int(np.searchsorted(strength[others], strength[feature]))
        near = others[start : start + CONTROLS]
        if len(near):
            pairs += 1
            weights[feature] += 1
            weights[near] -= 1 / len(near)
    return weights / max(pairs, 1), pairs


@dataclass(frozen=True)
class ThresholdTrace:
    """Where a threshold may come from.

    Attributes
    ----------
    best_in_test
        It reaches the largest Youden index that any threshold has among the test patients.
    from_training
        It classifies the test patients as the Youden threshold of the training patients does.
    chance
        How often a Youden threshold of resampled training patients is the best in the test set, too.
    """

    best_in_test: bool
    from_training: bool
    chance: float


def trace_threshold(
    training: tuple[ArrayLike, ArrayLike],
    test: tuple[ArrayLike, ArrayLike],
    threshold: float,
    *,
    repeats: int = 500,
    seed: int,
) -> ThresholdTrace:
    """Tell a threshold that was learned on the test patients from one that was learned in training.

    Parameters
    ----------
    training, test
        Outcomes (patients,) and scores (patients,) of the two sets.
    threshold
        Positive when score >= threshold.
    repeats, seed
        Of the bootstrap of the training patients, within each class.

    Notes
    -----
    The three signs, and `chance` as the share of resampled training sets, are this package's own.

    References
    ----------
    Youden WJ. Cancer 1950, 3:32-35. Thresholds optimised on the evaluated patients flatter: Leeflang MMG et al.
    Clin Chem 2008, 54:729-737. Efron B, Tibshirani RJ. An Introduction to the Bootstrap. Chapman & Hall 1993.
    """
    own, score = np.asarray(test[0], dtype=np.bool_), np.asarray(test[1], dtype=np.float64)
    best = _youden(own, score, youden_threshold(own, score)) - 1e-12
    labels, scores = np.asarray(training[0], dtype=np.int64), np.asarray(training[1], dtype=np.float64)
    same = np.array_equal(score >= threshold, score >= youden_threshold(labels, scores))
    rng = np.random.default_rng(seed)
    by_class = [np.flatnonzero(labels == k) for k in (0, 1)]
    hits = 0
    for _ in range(repeats):
        drawn = np.concatenate([rng.choice(members, len(members)) for members in by_class])
        hits += _youden(own, score, youden_threshold(labels[drawn], scores[drawn])) >= best
    return ThresholdTrace(_youden(own, score, threshold) >= best, same, hits / repeats)


def _youden(is_case: Mask, score: Floats, threshold: float) -> float:
    positive = score >= threshold
    return float(positive[is_case].mean() - positive[~is_case].mean())
