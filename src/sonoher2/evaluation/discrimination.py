"""How well scores separate cases from controls: ROC and precision-recall curves, their areas and intervals."""

from __future__ import annotations

from collections.abc import Callable
from math import nan, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm, rankdata

from sonoher2.core.errors import InputError
from sonoher2.evaluation.arrays import checked, quantile
from sonoher2.evaluation.counts import ScoreCounts, count_by_score, resampling_weights
from sonoher2.evaluation.estimate import UNDEFINED, Estimate

Floats = NDArray[np.float64]
Metric = Callable[[ScoreCounts], Floats]
"""A figure as a function of counts: (..., levels) in, (...) out, so that all bootstrap repeats are computed at once."""


def auc_of_counts(counts: ScoreCounts) -> Floats:
    """Area under the ROC curve by the trapezoidal rule, (...): ties count one half. See `auc`."""
    true_positives, false_positives = counts.true_positives, counts.false_positives
    cases, controls = true_positives[..., -1], false_positives[..., -1]
    controls_below = controls[..., None] - false_positives + counts.controls / 2
    area: Floats = (counts.cases * controls_below).sum(axis=-1) / (cases * controls)
    return area


def average_precision_of_counts(counts: ScoreCounts) -> Floats:
    """Average precision, (...). See `average_precision`."""
    true_positives, positives = counts.true_positives, counts.true_positives + counts.false_positives
    # a bootstrap repeat may hold nobody at the highest levels: 0 of 0 there, and no step in recall either
    precision = true_positives / np.maximum(positives, 1)
    area: Floats = (counts.cases * precision).sum(axis=-1) / true_positives[..., -1]
    return area


def auc(outcome: ArrayLike, score: ArrayLike) -> float:
    """Probability that a case scores higher than a control, ties counting one half; NaN with one class only.

    References
    ----------
    Hanley JA, McNeil BJ. Radiology 1982, 143:29-36 (equal to the Mann-Whitney U divided by cases times controls).
    """
    counts = count_by_score(outcome, score)
    return float(auc_of_counts(counts)) if counts.has_both_classes else nan


def average_precision(outcome: ArrayLike, score: ArrayLike) -> float:
    """Area under the precision-recall curve as a step function; NaN with one class only.

    The sum over distinct scores, from the highest down, of (recall_k - recall_(k-1)) * precision_k. Linear
    interpolation between points would be too optimistic. By chance alone it is about the share of cases.

    References
    ----------
    Davis J, Goadrich M. Proc ICML 2006, 233-240.
    """
    counts = count_by_score(outcome, score)
    return float(average_precision_of_counts(counts)) if counts.has_both_classes else nan


def placements(outcome: ArrayLike, score: ArrayLike) -> tuple[Floats, Floats]:
    """Share of controls that each case exceeds, and share of cases that exceed each control; ties count one half.

    Both have the AUC as their mean. Computed from mid-ranks in O(n log n).

    Returns
    -------
    (cases,) and (controls,).

    References
    ----------
    DeLong ER, DeLong DM, Clarke-Pearson DL. Biometrics 1988, 44:837-845 (V10 and V01).
    Sun X, Xu W. IEEE Signal Process Lett 2014, 21:1389-1393 (mid-ranks).
    """
    is_case, scores = checked(outcome, score)
    ranks = rankdata(scores)
    cases, controls = scores[is_case], scores[~is_case]
    controls_below = ranks[is_case] - rankdata(cases)
    cases_below = ranks[~is_case] - rankdata(controls)
    return controls_below / max(len(controls), 1), 1 - cases_below / max(len(cases), 1)


def placement_variance(of_cases: Floats, of_controls: Floats) -> float:
    """DeLong's variance of a mean of placements, S10/m + S01/n; NaN with fewer than two patients in a class.

    S10 and S01 are the sample variances of the placements of the m cases and of the n controls.

    References
    ----------
    DeLong ER, DeLong DM, Clarke-Pearson DL. Biometrics 1988, 44:837-845.
    """
    if min(len(of_cases), len(of_controls)) < 2:
        return nan
    return float(of_cases.var(ddof=1) / len(of_cases) + of_controls.var(ddof=1) / len(of_controls))


def auc_delong(outcome: ArrayLike, score: ArrayLike, confidence: float = 0.95) -> Estimate:
    """AUC with DeLong's interval, AUC ± z * SE, clipped to [0, 1].

    Where cases and controls do not overlap at all, the variance is 0 and the interval would be a point. Then
    the min(cases, controls) disjoint pairs of a case and a control are that many independent trials, all won, and
    the one open limit is Clopper and Pearson's: (alpha/2)^(1/min(cases, controls)), exact for any distribution
    and conservative. The step to disjoint pairs is this package's own.

    Returns
    -------
    NaN with one class only. NaN limits with a single patient in a class, whose variance cannot be estimated, unless
    cases and controls do not overlap.

    References
    ----------
    DeLong ER, DeLong DM, Clarke-Pearson DL. Biometrics 1988, 44:837-845.
    Clopper CJ, Pearson ES. Biometrika 1934, 26:404-413.

    Examples
    --------
    >>> import sonoher2
    >>> auc = sonoher2.auc_delong([0, 0, 0, 1, 1, 1], [0.1, 0.2, 0.6, 0.3, 0.7, 0.8])
    >>> round(auc.value, 3), round(auc.low, 3), round(auc.high, 3)  # 8 of 9 pairs are in order
    (0.889, 0.581, 1.0)
    """
    of_cases, of_controls = placements(outcome, score)
    if not (len(of_cases) and len(of_controls)):
        return UNDEFINED
    value = auc(outcome, score)
    if value in (0.0, 1.0):
        limit = (1 - quantile(confidence)) ** (1 / min(len(of_cases), len(of_controls)))
        return Estimate(1.0, limit, 1.0) if value == 1 else Estimate(0.0, 0.0, 1 - limit)
    half = float(norm.ppf(quantile(confidence))) * sqrt(placement_variance(of_cases, of_controls))
    low, high = np.clip([value - half, value + half], 0, 1)
    return Estimate(value, float(low), float(high))


def bootstrap(
    metric: Metric, outcome: ArrayLike, score: ArrayLike, repeats: int, seed: int, confidence: float = 0.95
) -> Estimate:
    """Figure with its percentile bootstrap interval, patients drawn with replacement within each class.

    Parameters
    ----------
    metric
        `auc_of_counts`, `average_precision_of_counts` or any function of `ScoreCounts`.
    outcome, score
        (n,).
    repeats
        Number of bootstrap samples.
    seed
        Of the random draws; the same seed gives the same samples for every metric.
    confidence
        Level of the interval.

    Returns
    -------
    NaN with one class only.

    References
    ----------
    Efron B, Tibshirani RJ. An Introduction to the Bootstrap. Chapman & Hall 1993, ch. 13.
    """
    counts = count_by_score(outcome, score)
    if not counts.has_both_classes:
        return UNDEFINED
    weights = resampling_weights(np.asarray(outcome), repeats, seed)
    samples = metric(count_by_score(outcome, score, weights))
    return percentile_estimate(float(metric(counts)), samples, confidence)


def percentile_estimate(value: float, samples: Floats, confidence: float) -> Estimate:
    """Point estimate with the central percentiles of its bootstrap `samples`, (repeats,).

    Samples that are all alike, such as the F1 of a threshold that no case reaches, show no spread: the limits are NaN,
    since an interval that is a point would claim certainty.

    References
    ----------
    Efron B, Tibshirani RJ. An Introduction to the Bootstrap. Chapman & Hall 1993, ch. 13.
    """
    upper = quantile(confidence)
    if np.ptp(samples) == 0:
        return Estimate(value, np.nan, np.nan)
    low, high = np.quantile(samples, [1 - upper, upper])
    return Estimate(value, float(low), float(high))


def macro_auc(label: ArrayLike, score: ArrayLike, *, repeats: int, seed: int, confidence: float = 0.95) -> Estimate:
    """Mean over classes of the AUC of each class against the rest, with a percentile bootstrap interval.

    Parameters
    ----------
    label
        (n,), class of each patient, 0 to K-1.
    score
        (n, K), score of each class.
    repeats, seed, confidence
        As in `bootstrap`; patients are drawn within each class.

    Returns
    -------
    NaN when a class has no patient.

    Raises
    ------
    InputError
        When a label has no column of scores.

    References
    ----------
    Provost F, Domingos P. CeDER working paper IS-00-04, 2000 (one against the rest), here with equal weights.
    """
    labels, scores = np.asarray(label), np.asarray(score, dtype=np.float64)
    classes = range(scores.shape[1])
    if not np.isin(labels, classes).all():
        raise InputError(f"a label is not one of the {len(classes)} columns of scores", fix="Code classes as 0 to K-1")
    if not all((labels == k).any() for k in classes):
        return UNDEFINED

    def mean_auc(weight: NDArray[np.int64] | None) -> Floats:
        areas = [auc_of_counts(count_by_score(labels == k, scores[:, k], weight)) for k in classes]
        return np.asarray(np.mean(areas, axis=0))

    samples = mean_auc(resampling_weights(labels, repeats, seed))
    return percentile_estimate(float(mean_auc(None)), samples, confidence)


def roc_points(outcome: ArrayLike, score: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Corners of the ROC curve, one for each distinct score, from (0, 0) to (1, 1).

    Returns
    -------
    False positive rate, true positive rate and threshold (positive when score >= threshold; the first is infinite),
    each (levels + 1,).

    Raises
    ------
    InputError
        With one class only.

    References
    ----------
    Fawcett T. Pattern Recognit Lett 2006, 27:861-874.
    """
    counts = _with_both_classes(outcome, score)
    false_positives, true_positives = counts.false_positives, counts.true_positives
    return (
        np.concatenate([[0.0], false_positives / false_positives[-1]]),
        np.concatenate([[0.0], true_positives / true_positives[-1]]),
        np.concatenate([[np.inf], counts.score]),
    )


def pr_points(outcome: ArrayLike, score: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Corners of the precision-recall curve, one for each distinct score, recall rising.

    Draw it as steps: the precision at a recall is that of the next point with at least this recall.

    Returns
    -------
    Recall, precision and threshold, each (levels,).

    Raises
    ------
    InputError
        With one class only.

    References
    ----------
    Davis J, Goadrich M. Proc ICML 2006, 233-240.
    """
    counts = _with_both_classes(outcome, score)
    true_positives = counts.true_positives
    return (
        true_positives / true_positives[-1],
        true_positives / (true_positives + counts.false_positives),
        counts.score,
    )


def _with_both_classes(outcome: ArrayLike, score: ArrayLike) -> ScoreCounts:
    counts = count_by_score(outcome, score)
    if not counts.has_both_classes:
        raise InputError("the patients are all cases or all controls", fix="A curve needs both")
    return counts
