"""Comparison of AUCs of different patients: of training and test set, or of subgroups."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan, sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from sonoher2.evaluation.compare.comparison import Comparison
from sonoher2.evaluation.compare.interaction import Heterogeneity, heterogeneity
from sonoher2.evaluation.discrimination import auc, placement_variance, placements

Scored = tuple[ArrayLike, ArrayLike]
"""Outcomes (n,) and scores (n,) of the same patients."""


def auc_variance(outcome: ArrayLike, score: ArrayLike) -> float:
    """DeLong's variance of the AUC; NaN with fewer than two patients in a class.

    References
    ----------
    DeLong ER, DeLong DM, Clarke-Pearson DL. Biometrics 1988, 44:837-845.
    """
    return placement_variance(*placements(outcome, score))


def compare_independent(a: Scored, b: Scored, confidence: float = 0.95) -> Comparison:
    """Test that two AUCs of different patients are equal: z = (AUC_a - AUC_b) / sqrt(var_a + var_b).

    Returns
    -------
    NaN where a variance cannot be estimated (fewer than two patients in a class), or where both are 0.

    References
    ----------
    Hanley JA, McNeil BJ. Radiology 1982, 143:29-36 (the ratio), with DeLong's variances.
    """
    difference = auc(*a) - auc(*b)
    error = sqrt(auc_variance(*a) + auc_variance(*b))
    if not error > 0:
        return Comparison(difference, nan, nan, nan, nan)
    half = float(norm.ppf((1 + confidence) / 2)) * error
    z = difference / error
    return Comparison(difference, difference - half, difference + half, z, float(2 * norm.sf(abs(z))))


def auc_heterogeneity(parts: Sequence[Scored]) -> Heterogeneity:
    """Cochran's Q: whether the AUCs of several groups of patients differ by more than chance.

    With w = 1/variance and m the mean of the AUCs weighted by w, Q is the sum of w (AUC - m)²; for two groups it is
    the square of `compare_independent`'s z.

    Returns
    -------
    NaN with fewer than two groups, or where the variance of one is 0 or cannot be estimated.

    References
    ----------
    Cochran WG. Biometrics 1954, 10:101-129.
    """
    areas = np.array([auc(*part) for part in parts])
    variances = np.array([auc_variance(*part) for part in parts])
    if len(parts) < 2 or not (variances > 0).all():
        return Heterogeneity(len(parts), nan, max(len(parts) - 1, 0), nan)
    weights = 1 / variances
    mean = float(np.average(areas, weights=weights))
    return heterogeneity(float((weights * (areas - mean) ** 2).sum()), len(parts))
