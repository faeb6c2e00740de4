"""All figures of one score in one set of patients, as one row of the report's main table."""

from __future__ import annotations

from functools import partial

from numpy.typing import ArrayLike

from sonoher2.evaluation.arrays import checked_probability
from sonoher2.evaluation.calibration import brier, calibration_slope_intercept
from sonoher2.evaluation.classification import confusion_at, f1_of_counts
from sonoher2.evaluation.discrimination import auc_delong, auc_of_counts, average_precision_of_counts, bootstrap
from sonoher2.evaluation.estimate import Estimate


def _with_interval(*names: str) -> tuple[str, ...]:
    return tuple(name + end for name in names for end in ("", "_low", "_high"))


METRICS: tuple[str, ...] = (
    "n",
    "events",
    *_with_interval("auc"),
    "auc_boot_low",
    "auc_boot_high",
    *_with_interval("auprc"),
    "threshold",
    *_with_interval("sensitivity", "specificity", "ppv", "npv", "f1", "accuracy"),
    "brier",
    *_with_interval("calibration_slope", "calibration_intercept"),
)
"""Columns of `metric_row`, in order.

Formula and citation of each are with its function: `discrimination.auc_delong` (auc), `discrimination.bootstrap`
(auc_boot, and the limits of auprc and f1), `discrimination.average_precision` (auprc), `classification.Confusion`
(sensitivity to accuracy), `estimate.wilson` (their limits but f1's), `calibration.brier` and
`calibration.calibration_slope_intercept`. A threshold comes from `thresholds`.
"""


def metric_row(
    outcome: ArrayLike, score: ArrayLike, threshold: float, *, repeats: int, seed: int, confidence: float
) -> dict[str, float]:
    """Every figure that is reported of one score in one set.

    Parameters
    ----------
    outcome
        (n,), 1 for a case and 0 for a control.
    score
        (n,), probabilities of the outcome.
    threshold
        Positive when score >= threshold; learned on training patients.
    repeats, seed
        Of the bootstrap.
    confidence
        Level of all intervals.

    Returns
    -------
    By the names of `METRICS`, in their order; NaN for what these patients do not determine, e.g. the AUC with one
    class only.
    """
    is_case, _ = checked_probability(outcome, score)
    resample = partial(bootstrap, outcome=outcome, score=score, repeats=repeats, seed=seed, confidence=confidence)
    confusion = confusion_at(outcome, score, threshold)
    slope, intercept = calibration_slope_intercept(outcome, score, confidence)
    auc_boot = resample(auc_of_counts)
    row = {
        "n": float(len(is_case)),
        "events": float(is_case.sum()),
        **_columns("auc", auc_delong(outcome, score, confidence)),
        "auc_boot_low": auc_boot.low,
        "auc_boot_high": auc_boot.high,
        **_columns("auprc", resample(average_precision_of_counts)),
        "threshold": threshold,
        **_columns("sensitivity", confusion.sensitivity(confidence)),
        **_columns("specificity", confusion.specificity(confidence)),
        **_columns("ppv", confusion.ppv(confidence)),
        **_columns("npv", confusion.npv(confidence)),
        **_columns("f1", resample(partial(f1_of_counts, threshold=threshold))),
        **_columns("accuracy", confusion.accuracy(confidence)),
        "brier": brier(outcome, score),
        **_columns("calibration_slope", slope),
        **_columns("calibration_intercept", intercept),
    }
    return {name: row[name] for name in METRICS}


def _columns(name: str, estimate: Estimate) -> dict[str, float]:
    return {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
