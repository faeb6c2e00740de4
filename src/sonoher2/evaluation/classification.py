"""Figures of the decisions "positive when score >= threshold"."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sonoher2.evaluation.arrays import checked
from sonoher2.evaluation.counts import ScoreCounts
from sonoher2.evaluation.estimate import Estimate, wilson


@dataclass(frozen=True)
class Confusion:
    """Decisions against the truth, as counts of patients.

    Attributes
    ----------
    tp, fp, tn, fn
        True positives, false positives, true negatives, false negatives.

    Notes
    -----
    Proportions come with Wilson's interval (see `estimate.wilson`). What is 0 divided by 0 is NaN.

    References
    ----------
    Sensitivity and specificity: Altman DG, Bland JM. BMJ 1994, 308:1552; predictive values: BMJ 1994, 309:102.
    Brodersen KH et al. Proc ICPR 2010, 3121-3124. Matthews BW. Biochim Biophys Acta 1975, 405:442-451.
    van Rijsbergen CJ. Information Retrieval, 2nd ed., Butterworths 1979.
    """

    tp: int
    fp: int
    tn: int
    fn: int

    def sensitivity(self, confidence: float = 0.95) -> Estimate:
        """TP / (TP + FN): share of cases called positive (recall)."""
        return wilson(self.tp, self.tp + self.fn, confidence)

    def specificity(self, confidence: float = 0.95) -> Estimate:
        """TN / (TN + FP): share of controls called negative."""
        return wilson(self.tn, self.tn + self.fp, confidence)

    def ppv(self, confidence: float = 0.95) -> Estimate:
        """TP / (TP + FP): share of positives that are cases (precision), at this set's prevalence."""
        return wilson(self.tp, self.tp + self.fp, confidence)

    def npv(self, confidence: float = 0.95) -> Estimate:
        """TN / (TN + FN): share of negatives that are controls, at this set's prevalence."""
        return wilson(self.tn, self.tn + self.fn, confidence)

    def accuracy(self, confidence: float = 0.95) -> Estimate:
        """(TP + TN) / n: share of right decisions."""
        return wilson(self.tp + self.tn, self.tp + self.fp + self.tn + self.fn, confidence)

    @property
    def balanced_accuracy(self) -> float:
        """(sensitivity + specificity) / 2 (Brodersen et al. 2010)."""
        return (self.sensitivity().value + self.specificity().value) / 2

    @property
    def f1(self) -> float:
        """2 TP / (2 TP + FP + FN), harmonic mean of PPV and sensitivity (van Rijsbergen 1979); NaN without cases."""
        return 2 * self.tp / (2 * self.tp + self.fp + self.fn) if self.tp + self.fn else nan

    @property
    def mcc(self) -> float:
        """Correlation of decision and truth (Matthews 1975).

        0 when all decisions are alike, NaN with one class only.
        """
        cases, controls = self.tp + self.fn, self.tn + self.fp
        if not (cases and controls):
            return nan
        positives, negatives = self.tp + self.fp, self.tn + self.fn
        product = self.tp * self.tn - self.fp * self.fn
        return product / sqrt(positives * negatives * cases * controls) if positives and negatives else 0.0


def confusion_at(outcome: ArrayLike, score: ArrayLike, threshold: float) -> Confusion:
    """Count decisions at a threshold, which itself is positive.

    Parameters
    ----------
    outcome, score
        (n,).
    threshold
        Learned on other patients.
    """
    is_case, scores = checked(outcome, score)
    positive = scores >= threshold
    return Confusion(
        tp=int((positive & is_case).sum()),
        fp=int((positive & ~is_case).sum()),
        tn=int((~positive & ~is_case).sum()),
        fn=int((~positive & is_case).sum()),
    )


def f1_of_counts(counts: ScoreCounts, threshold: float) -> NDArray[np.float64]:
    """F1 at a threshold, (...), for `discrimination.bootstrap`; see `Confusion.f1`.

    References
    ----------
    van Rijsbergen CJ. Information Retrieval, 2nd ed., Butterworths 1979.
    """
    positive = counts.score >= threshold
    true_positives = counts.cases[..., positive].sum(axis=-1)
    positives = true_positives + counts.controls[..., positive].sum(axis=-1)
    value: NDArray[np.float64] = 2 * true_positives / (positives + counts.cases.sum(axis=-1))
    return value
