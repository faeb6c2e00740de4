"""Before selection: features that do not vary, missing values, the z-score."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.feature_selection import SelectorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from sonoher2.core.errors import InputError


class VarianceFilter(SelectorMixin, BaseEstimator):  # type: ignore[misc]
    """Drops features that are constant (to 8 digits) or missing in more than a share of the patients.

    Parameters
    ----------
    max_missing
        Largest share of missing values of a feature that stays.
    """

    def __init__(self, max_missing: float = 0.5) -> None:
        self.max_missing = max_missing

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Learn which features vary.

        Parameters
        ----------
        X
            Shape (patients, features), NaN where missing.
        y
            Ignored.

        Raises
        ------
        InputError
            No feature varies.
        """
        values = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", ensure_min_samples=2)
        missing = np.isnan(values)
        low = np.where(missing, np.inf, values).min(axis=0)
        high = np.where(missing, -np.inf, values).max(axis=0)
        varies = high - low > 1e-8 * np.maximum(np.abs(low), np.abs(high))
        self.support_: NDArray[np.bool_] = varies & (missing.mean(axis=0) <= self.max_missing)
        if not self.support_.any():
            raise InputError(
                "no feature varies between the training patients", fix="Check the images, the masks and the features"
            )
        return self

    def _get_support_mask(self) -> NDArray[np.bool_]:
        check_is_fitted(self)
        return self.support_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class MedianZScore(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Fills missing values with the median, then subtracts the mean and divides by the standard deviation.

    Attributes
    ----------
    median_, mean_, scale_
        Shape (features,) each; `scale_` is 1 for a constant feature, `median_` 0 for one that is all missing.
    """

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Learn medians, means and standard deviations.

        Parameters
        ----------
        X
            Shape (patients, features), NaN where missing.
        y
            Ignored.
        """
        values = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan")
        self.median_ = _medians(values)
        filled = np.where(np.isnan(values), self.median_, values)
        self.mean_ = filled.mean(axis=0)
        deviation = filled.std(axis=0)
        self.scale_ = np.where(deviation > 1e-10 * np.abs(self.mean_), deviation, 1.0)
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float64]:
        """Fill and scale; shape (patients, features)."""
        check_is_fitted(self)
        values = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False)
        return np.asarray((np.where(np.isnan(values), self.median_, values) - self.mean_) / self.scale_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _medians(X: NDArray[np.float64]) -> NDArray[np.float64]:
    """Median of each column without its missing values, 0 when all are missing."""
    known = len(X) - np.isnan(X).sum(axis=0)
    ordered = np.sort(X, axis=0)  # missing values come last
    columns = np.arange(X.shape[1])
    middle = (ordered[np.maximum(known - 1, 0) // 2, columns] + ordered[known // 2 * (known > 1), columns]) / 2
    return np.where(known > 0, middle, 0.0)
