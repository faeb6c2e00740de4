"""Comparison of AUCs of different patients: of training and test set, or of subgroups."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan, sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

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


def larger_auc_p(a: Scored, b: Scored) -> float:
    """One-sided p value that the AUC of a is not larger than that of b, for few patients and high AUCs too.

    DeLong's variances vanish as an AUC comes near 1, and a small test set whose AUC is high by chance would then be
    told from the training set's with certainty. Here both variances are taken at one AUC, as the hypothesis says:
    the mean of both, weighted by cases * controls / (cases + controls), with Hanley and McNeil's formula.

    Returns
    -------
    NaN where a set has one class only, or both AUCs are 1.

    References
    ----------
    Hanley JA, McNeil BJ. Radiology 1982, 143:29-36, formulas 1 and 2.
    """
    areas = [auc(*part) for part in (a, b)]
    counts = [(int(np.sum(np.asarray(y))), len(np.asarray(y)) - int(np.sum(np.asarray(y)))) for y, _ in (a, b)]
    if any(not cases or not controls for cases, controls in counts):
        return nan
    weights = [cases * controls / (cases + controls) for cases, controls in counts]
    pooled = float(np.average(areas, weights=weights))
    variance = sum(hanley_variance(pooled, cases, controls) for cases, controls in counts)
    difference = areas[0] - areas[1]
    return float(norm.sf(difference / sqrt(variance))) if variance > 0 else nan


def hanley_variance(area: float, cases: int, controls: int) -> float:
    """Variance of an AUC by Hanley and McNeil, for scores whose negative is exponentially distributed.

    References
    ----------
    Hanley JA, McNeil BJ. Radiology 1982, 143:29-36, formulas 1 and 2.
    """
    both_cases, both_controls = area / (2 - area), 2 * area**2 / (1 + area)
    spread = (cases - 1) * (both_cases - area**2) + (controls - 1) * (both_controls - area**2)
    return (area * (1 - area) + spread) / (cases * controls)


def auc_heterogeneity(parts: Sequence[Scored]) -> Heterogeneity:
    """Cochran's Q: whether the AUCs of several groups of patients differ by more than chance.

    With w = 1/variance and m the mean of the AUCs weighted by w, Q is the sum of w (AUC - m)²; for two groups it is
    the square of z = (AUC_a - AUC_b) / sqrt(var_a + var_b).

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
