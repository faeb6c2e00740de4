"""What a cohort of a given size can show at all."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist


def auc_half_width(auc: float, positives: int, negatives: int, confidence: float = 0.95) -> float:
    """Expect a half-width of the confidence interval of an AUC.

    The standard error is that of Hanley and McNeil, Radiology 1982, doi 10.1148/radiology.143.1.7063747, which takes
    the scores of both classes as exponential.

    Parameters
    ----------
    auc
        Expected AUC, above 0.5 and below 1.
    positives, negatives
        Patients of each class, at least 1.
    confidence
        Of the interval.
    """
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = auc * (1 - auc) + (positives - 1) * (q1 - auc**2) + (negatives - 1) * (q2 - auc**2)
    return NormalDist().inv_cdf(0.5 + confidence / 2) * sqrt(variance / (positives * negatives))
