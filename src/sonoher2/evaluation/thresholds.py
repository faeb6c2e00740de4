"""Operating thresholds, learned on the out-of-fold scores of training patients and then frozen.

The rule is: positive when score >= threshold. Thresholds between two neighbouring training scores classify the
training patients alike; the one returned is halfway, so that a new patient's rounding does not decide. A threshold
that calls every training patient positive is the lowest score; one that calls none positive is just above the highest.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sonoher2.core.errors import InputError
from sonoher2.evaluation.counts import count_by_score

Floats = NDArray[np.float64]


def youden_threshold(outcome: ArrayLike, score: ArrayLike) -> float:
    """Threshold of the largest sensitivity + specificity - 1; of equally good ones the lowest, i.e. the most sensitive.

    Raises
    ------
    InputError
        With one class only.

    References
    ----------
    Youden WJ. Cancer 1950, 3:32-35.
    """
    sensitivity, specificity, threshold = _operating_points(outcome, score)
    youden = sensitivity + specificity
    # equal indices may differ in the last bits, being sums of two fractions
    return float(threshold[np.flatnonzero(youden >= youden.max() - 1e-12)[-1]])


def threshold_at_sensitivity(outcome: ArrayLike, score: ArrayLike, at_least: float) -> float:
    """Highest threshold, hence the largest specificity, whose sensitivity is at least `at_least`.

    Raises
    ------
    InputError
        With one class only, or when `at_least` is not in (0, 1].

    References
    ----------
    Pepe MS. The Statistical Evaluation of Medical Tests for Classification and Prediction. OUP 2003.
    """
    _check_share(at_least, "sensitivity")
    sensitivity, _, threshold = _operating_points(outcome, score)
    return float(threshold[np.flatnonzero(sensitivity >= at_least)[0]])


def threshold_at_specificity(outcome: ArrayLike, score: ArrayLike, at_least: float) -> float:
    """Lowest threshold, hence the largest sensitivity, whose specificity is at least `at_least`.

    Raises
    ------
    InputError
        With one class only, or when `at_least` is not in (0, 1].

    References
    ----------
    Pepe MS. The Statistical Evaluation of Medical Tests for Classification and Prediction. OUP 2003.
    """
    _check_share(at_least, "specificity")
    _, specificity, threshold = _operating_points(outcome, score)
    return float(threshold[np.flatnonzero(specificity >= at_least)[-1]])


def _check_share(share: float, name: str) -> None:
    if not 0 < share <= 1:
        raise InputError(f"a {name} of {share:g} cannot be reached", fix="Ask for more than 0 and at most 1")


def _operating_points(outcome: ArrayLike, score: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Sensitivity, specificity and threshold, each (levels + 1,), from nobody positive to everybody positive."""
    counts = count_by_score(outcome, score)
    if not counts.has_both_classes:
        raise InputError("the patients are all cases or all controls", fix="Learning a threshold needs both")
    true_positives = np.concatenate([[0], counts.true_positives])
    false_positives = np.concatenate([[0], counts.false_positives])
    sensitivity = true_positives / true_positives[-1]
    specificity = (false_positives[-1] - false_positives) / false_positives[-1]
    nobody = np.nextafter(counts.score[0], np.inf)
    return sensitivity, specificity, np.concatenate([[nobody], _halfway_down(counts.score)])


def _halfway_down(score: Floats) -> Floats:
    """Midpoint between each score and the next lower one; the score itself where no number lies between."""
    lower = np.append(score[1:], score[-1])
    middle = score / 2 + lower / 2
    return np.where((middle > lower) & (middle <= score), middle, score)
