"""Comparison of two scores of the same patients, and correction for several comparisons."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from sonoher2.evaluation.arrays import quantile
from sonoher2.evaluation.discrimination import auc, placement_variance, placements


@dataclass(frozen=True)
class Comparison:
    """Difference of two AUCs of the same patients.

    Attributes
    ----------
    difference
        AUC of a minus AUC of b.
    low, high
        Confidence interval of the difference.
    z, p
        DeLong's statistic and its two-sided p value.
    """

    difference: float
    low: float
    high: float
    z: float
    p: float


def delong_test(outcome: ArrayLike, score_a: ArrayLike, score_b: ArrayLike, confidence: float = 0.95) -> Comparison:
    """DeLong's test that two correlated ROC curves have the same area.

    The difference of two AUCs is the mean difference of the patients' placements, so its variance follows from
    these differences just as one AUC's variance follows from the placements (equal to L S L' of the paper).

    Parameters
    ----------
    outcome
        (n,).
    score_a, score_b
        (n,), scores of the same patients in the same order.
    confidence
        Level of the interval.

    Returns
    -------
    z = 0 and p = 1 for scores that rank the patients alike. NaN when the variance cannot be estimated: fewer than two
    patients in a class, or two different AUCs without any variation (each perfect, reversed or constant).

    References
    ----------
    DeLong ER, DeLong DM, Clarke-Pearson DL. Biometrics 1988, 44:837-845.

    Examples
    --------
    >>> import sonoher2
    >>> label, a, b = [0, 0, 0, 1, 1, 1], [0.1, 0.2, 0.6, 0.3, 0.7, 0.8], [0.5, 0.2, 0.6, 0.3, 0.4, 0.8]
    >>> compared = sonoher2.delong_test(label, a, b)
    >>> round(compared.difference, 3)  # 8 against 5 of 9 pairs in order
    0.333
    """
    cases_a, controls_a = placements(outcome, score_a)
    cases_b, controls_b = placements(outcome, score_b)
    if not (len(cases_a) and len(controls_a)):
        return Comparison(nan, nan, nan, nan, nan)
    difference = auc(outcome, score_a) - auc(outcome, score_b)
    error = sqrt(placement_variance(cases_a - cases_b, controls_a - controls_b))
    if error == 0:
        return Comparison(0.0, 0.0, 0.0, 0.0, 1.0) if difference == 0 else Comparison(difference, nan, nan, nan, nan)
    half = float(norm.ppf(quantile(confidence))) * error
    z = difference / error
    return Comparison(difference, difference - half, difference + half, z, float(2 * norm.sf(abs(z))))


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """P values adjusted for their number so that the chance of any false finding stays at the level.

    Parameters
    ----------
    p_values
        (tests,); NaN stays NaN and does not count as a test.

    References
    ----------
    Holm S. Scand J Stat 1979, 6:65-70.
    """
    values = np.asarray(p_values, dtype=np.float64)
    adjusted = np.full_like(values, nan)
    known = ~np.isnan(values)
    # statsmodels' multipletests collects garbage at every call, which costs more than all the rest of a check
    order = np.flatnonzero(known)[np.argsort(values[known])]
    times = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(times * values[order]), 1)
    return adjusted
