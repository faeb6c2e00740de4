"""Updating a frozen model's probabilities for another population: intercept, or intercept and slope."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from sonoher2.core.errors import InputError
from sonoher2.evaluation.arrays import checked_probability
from sonoher2.evaluation.calibration import CLIP
from sonoher2.evaluation.logistic import fit_logistic, overlap

Floats = NDArray[np.float64]
Update = Literal["intercept", "intercept and slope"]


class LogisticRecalibration(BaseEstimator):  # type: ignore[misc]
    """Logistic recalibration: logit of the new probability = a + b * logit of the old one.

    The ranking of patients, and with it the AUC, stays as it is (b > 0).

    Parameters
    ----------
    update
        ``intercept``: b = 1, which mends another prevalence. ``intercept and slope``: also predictions that are too
        extreme or too timid; needs more patients.

    Attributes
    ----------
    intercept_, slope_
        a and b, by maximum likelihood.

    References
    ----------
    Cox DR. Biometrika 1958, 45:562-565. Steyerberg EW et al. Stat Med 2004, 23:2567-2586.
    Vergouwe Y et al. Stat Med 2017, 36:4529-4539.
    """

    def __init__(self, update: Update = "intercept and slope") -> None:
        self.update = update

    def fit(self, probability: ArrayLike, outcome: ArrayLike) -> Self:
        """Fit on patients of the new population.

        Parameters
        ----------
        probability
            (n,), of the frozen model.
        outcome
            (n,), 1 for a case and 0 for a control.

        Raises
        ------
        InputError
            One class only; or, for the slope, cases and controls that do not overlap or scores that are all equal.
        """
        is_case, probabilities = checked_probability(outcome, probability)
        if is_case.all() or not is_case.any():
            raise InputError("the patients to recalibrate with are of one class", fix="Give a larger share of them")
        y, x = is_case.astype(np.float64), _log_odds(probabilities)
        ones = np.ones((len(x), 1))
        if self.update == "intercept":
            self.intercept_, self.slope_ = float(fit_logistic(y, ones, x).coefficients[0]), 1.0
            return self
        if not overlap(x[is_case], x[~is_case]):
            raise InputError(
                "no slope can be fitted: cases and controls do not overlap, or all scores are equal",
                fix="Give a larger share of the patients",
            )
        intercept, slope = fit_logistic(y, np.column_stack([ones, x])).coefficients
        self.intercept_, self.slope_ = float(intercept), float(slope)
        return self

    def transform(self, probability: ArrayLike) -> Floats:
        """Recalibrated probabilities, (n,)."""
        check_is_fitted(self)
        return np.asarray(expit(self.intercept_ + self.slope_ * _log_odds(np.asarray(probability, dtype=np.float64))))


def _log_odds(probability: Floats) -> Floats:
    return np.asarray(logit(np.clip(probability, CLIP, 1 - CLIP)))
