"""Whether predicted probabilities agree with observed frequencies."""

from __future__ import annotations

import warnings
from math import nan

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import logit
from scipy.stats import norm
from statsmodels.nonparametric.smoothers_lowess import lowess

from sonoher2.core.errors import InputError
from sonoher2.evaluation import columns as c
from sonoher2.evaluation.arrays import checked_probability, quantile
from sonoher2.evaluation.estimate import UNDEFINED, Estimate, wilson
from sonoher2.evaluation.logistic import LogisticFit, fit_logistic, overlap

Floats = NDArray[np.float64]

CLIP = 1e-6
"""Probabilities are moved into [CLIP, 1 - CLIP] before their logit is taken, which is infinite at 0 and 1."""


def brier(outcome: ArrayLike, probability: ArrayLike) -> float:
    """Mean squared distance of probability and outcome; 0 is perfect, prevalence * (1 - prevalence) uninformed.

    References
    ----------
    Brier GW. Mon Weather Rev 1950, 78:1-3.
    """
    is_case, probabilities = checked_probability(outcome, probability)
    return float(np.mean((probabilities - is_case) ** 2)) if len(is_case) else nan


def scaled_brier(outcome: ArrayLike, probability: ArrayLike) -> float:
    """1 - Brier / (prevalence * (1 - prevalence)): 1 perfect, 0 as good as the prevalence; NaN with one class only.

    References
    ----------
    Steyerberg EW et al. Epidemiology 2010, 21:128-138.
    """
    is_case, _ = checked_probability(outcome, probability)
    prevalence = is_case.mean() if len(is_case) else 0.0
    return 1 - brier(outcome, probability) / float(prevalence * (1 - prevalence)) if 0 < prevalence < 1 else nan


def calibration_slope_intercept(
    outcome: ArrayLike, probability: ArrayLike, confidence: float = 0.95
) -> tuple[Estimate, Estimate]:
    """Logistic recalibration: slope, and intercept as calibration in the large; Wald intervals.

    The slope b is that of logit P(outcome) = a + b * logit(p): 1 is right, less than 1 means predictions too
    extreme. The intercept is a of logit P(outcome) = a + logit(p): 0 is right, more means predictions too low.

    Parameters
    ----------
    outcome, probability
        (n,); probabilities are clipped by `CLIP`.
    confidence
        Level of the intervals.

    Returns
    -------
    Slope and intercept. Both NaN with one class only; the slope NaN where no finite one fits best (cases and
    controls do not overlap, or all probabilities are equal).

    References
    ----------
    Cox DR. Biometrika 1958, 45:562-565. Van Calster B et al. BMC Med 2019, 17:230.

    Examples
    --------
    >>> import sonoher2
    >>> label, probability = [0, 0, 0, 1, 0, 1, 1, 1], [0.2, 0.2, 0.2, 0.2, 0.8, 0.8, 0.8, 0.8]
    >>> slope, intercept = sonoher2.calibration_slope_intercept(label, probability)
    >>> round(slope.value, 3), round(abs(intercept.value), 3)  # observed 1/4 and 3/4: logit 3 over logit 4
    (0.792, 0.0)
    """
    is_case, probabilities = checked_probability(outcome, probability)
    if is_case.all() or not is_case.any():
        return UNDEFINED, UNDEFINED
    y, x = is_case.astype(np.float64), logit(np.clip(probabilities, CLIP, 1 - CLIP))
    ones = np.ones((len(x), 1))
    intercept = _last_coefficient(fit_logistic(y, ones, x), confidence)
    if not overlap(x[is_case], x[~is_case]):
        return UNDEFINED, intercept
    return _last_coefficient(fit_logistic(y, np.column_stack([ones, x])), confidence), intercept


def _last_coefficient(fit: LogisticFit, confidence: float) -> Estimate:
    value, half = float(fit.coefficients[-1]), float(norm.ppf(quantile(confidence)) * fit.errors[-1])
    return Estimate(value, value - half, value + half)


def calibration_curve(
    outcome: ArrayLike, probability: ArrayLike, groups: int = 10, confidence: float = 0.95
) -> pd.DataFrame:
    """Predicted and observed share of cases in groups of about equal size, by predicted probability.

    Group borders are quantiles; equal probabilities are never parted, so that there may be fewer groups.

    Returns
    -------
    One row per group, rising: `predicted` (mean), `observed` (share of cases), `low`, `high` (`estimate.wilson`), `n`.

    Raises
    ------
    InputError
        Without a patient or with less than one group.

    References
    ----------
    Van Calster B et al. BMC Med 2019, 17:230. The intervals: see `estimate.wilson`.

    Examples
    --------
    >>> import sonoher2
    >>> label, probability = [0, 0, 0, 1, 0, 1, 1, 1], [0.2, 0.2, 0.2, 0.2, 0.8, 0.8, 0.8, 0.8]
    >>> curve = sonoher2.calibration_curve(label, probability, groups=2)
    >>> curve["observed"].tolist(), curve["n"].tolist()
    ([0.25, 0.75], [4, 4])
    """
    is_case, probabilities = checked_probability(outcome, probability)
    group = _groups(probabilities, groups)
    rows = [_group_row(is_case[group == g], probabilities[group == g], confidence) for g in np.unique(group)]
    return pd.DataFrame(rows)


def _groups(probabilities: Floats, groups: int) -> NDArray[np.intp]:
    """Give each patient the number of the group, (n,)."""
    if groups < 1 or not len(probabilities):
        raise InputError(f"{len(probabilities)} patients cannot form {groups} groups", fix="Give at least one of each")
    borders = np.unique(np.quantile(probabilities, np.arange(1, groups) / groups))
    return np.searchsorted(borders, probabilities)


def _group_row(is_case: NDArray[np.bool_], probabilities: Floats, confidence: float) -> dict[str, float]:
    observed = wilson(int(is_case.sum()), len(is_case), confidence)
    return {
        c.PREDICTED_SHARE: float(probabilities.mean()),
        c.OBSERVED_SHARE: observed.value,
        c.LOW: observed.low,
        c.HIGH: observed.high,
        c.N: len(is_case),
    }


def smooth_calibration_curve(outcome: ArrayLike, probability: ArrayLike, fraction: float = 2 / 3) -> pd.DataFrame:
    """Observed share of cases as a smooth function of the predicted probability, by lowess.

    No robustness iterations, which would discard the rarer class as outliers.

    Parameters
    ----------
    outcome, probability
        (n,).
    fraction
        Share of the patients that each local line is fitted to.

    Returns
    -------
    One row per distinct probability, rising: `predicted`, `observed` (clipped to [0, 1]). Empty with fewer than
    three distinct probabilities, which no curve goes through.

    References
    ----------
    Cleveland WS. J Am Stat Assoc 1979, 74:829-836. Austin PC, Steyerberg EW. Stat Med 2014, 33:517-535.
    """
    is_case, probabilities = checked_probability(outcome, probability)
    at = np.unique(probabilities)
    if len(at) < 3:
        return pd.DataFrame({c.PREDICTED_SHARE: [], c.OBSERVED_SHARE: []}, dtype=np.float64)
    with warnings.catch_warnings():
        # a window that holds a single distinct probability has no local line; its NaN is dropped below
        warnings.simplefilter("ignore", RuntimeWarning)
        smooth = lowess(is_case.astype(np.float64), probabilities, frac=fraction, it=0, xvals=at)
    table = pd.DataFrame({c.PREDICTED_SHARE: at, c.OBSERVED_SHARE: np.clip(smooth, 0, 1)})
    return table.dropna(ignore_index=True)


def expected_calibration_error(outcome: ArrayLike, probability: ArrayLike, groups: int = 10) -> float:
    """Mean distance of predicted and observed share over the groups of `calibration_curve`, weighted by their size.

    References
    ----------
    Naeini MP et al. Proc AAAI 2015, 2901-2907; groups of equal size as in Nixon J et al. CVPR workshops 2019.
    """
    is_case, probabilities = checked_probability(outcome, probability)
    excess = np.bincount(_groups(probabilities, groups), weights=probabilities - is_case)
    return float(np.abs(excess).sum() / len(is_case))


def expected_over_observed(outcome: ArrayLike, probability: ArrayLike, confidence: float = 0.95) -> Estimate:
    """Cases that the probabilities expect, per case seen: 1 is right, more means predictions too high.

    The interval is that of the count of cases, on the logarithmic scale. Undefined without a case.

    Parameters
    ----------
    outcome, probability
        (n,).
    confidence
        Level of the interval.

    References
    ----------
    Debray TPA et al. BMJ 2017, 356:i6460, with the standard error of log(O/E): sqrt((1 - O / n) / O).
    """
    is_case, probabilities = checked_probability(outcome, probability)
    seen = int(is_case.sum())
    if not seen:
        return UNDEFINED
    value = float(probabilities.sum()) / seen
    half = float(norm.ppf(quantile(confidence))) * ((1 - seen / len(is_case)) / seen) ** 0.5
    return Estimate(value, value * float(np.exp(-half)), value * float(np.exp(half)))
