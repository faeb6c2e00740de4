"""What the selection steps share: the support mask, class labels as numbers, and the association with the class."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from sonoher2.selection.ranks import column_ranks

FALLBACK_FEATURES = 5
"""How many features are kept when none passes a filter, so that a study of pure noise still runs to its end."""


class ClassSelector(SelectorMixin, BaseEstimator):  # type: ignore[misc]
    """A filter that looks at the class; a subclass says which columns stay in `_support`.

    Attributes
    ----------
    support_
        Shape (features,), True for a feature that stays.
    fallback_
        True when no feature passed and the best ones were kept all the same.
    """

    support_: NDArray[np.bool_]
    fallback_: bool

    @property
    def uses_ranks(self) -> bool:
        """Whether it looks at ranks instead of values."""
        return False

    def fit(self, X: ArrayLike, y: ArrayLike, *, ranks: NDArray[np.float64] | None = None) -> Self:
        """Learn which features stay.

        Parameters
        ----------
        X
            Shape (patients, features), finite.
        y
            Shape (patients,), classes.
        ranks
            `column_ranks` of X, where they are known: steps after one another need not rank twice.
        """
        values, labels = validate_data(self, X, y, dtype=np.float64, ensure_min_samples=2)
        check_classification_targets(labels)
        self.fallback_ = False
        if self.uses_ranks:
            values = column_ranks(values) if ranks is None else ranks
        self.support_ = self._support(values, class_numbers(labels))
        return self

    def _support(self, X: NDArray[np.float64], y: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Say which columns stay, of values or of ranks."""
        raise NotImplementedError

    def _get_support_mask(self) -> NDArray[np.bool_]:
        check_is_fitted(self)
        return self.support_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


def class_numbers(y: ArrayLike) -> NDArray[np.int64]:
    """Classes as 0, 1, ... in sorted order; a ValueError when there is only one class."""
    classes, numbers = np.unique(np.asarray(y), return_inverse=True)
    if len(classes) < 2:
        raise ValueError(f"y holds only one class, {classes[0]!r}; at least two are needed")
    return numbers.astype(np.int64)


def class_share(X: NDArray[np.float64], y: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of each column's variance that lies between the classes (eta squared).

    On ranks it is the Kruskal-Wallis statistic divided by n - 1; on values the F statistic rises with it.

    Parameters
    ----------
    X
        Shape (patients, features).
    y
        Shape (patients,), 0 to K-1.

    Returns
    -------
    Shape (features,), 0 to 1; 0 for a constant column.
    """
    centred = X - X.mean(axis=0)
    members = np.eye(int(y.max()) + 1)[y]
    sums = members.T @ centred
    between = (sums**2 / members.sum(axis=0)[:, None]).sum(axis=0)
    total = np.einsum("ij,ij->j", centred, centred)
    varies = total > 1e-20 * np.maximum(1.0, (X**2).sum(axis=0))
    return np.where(varies, np.minimum(between / np.where(varies, total, 1.0), 1.0), 0.0)


def f_statistic(X: NDArray[np.float64], y: NDArray[np.int64]) -> NDArray[np.float64]:
    """One-way analysis of variance of each column; finite also when the classes are perfectly apart."""
    classes = int(y.max()) + 1
    share = np.minimum(class_share(X, y), 1 - 1e-12)
    return np.asarray(share / (classes - 1) / ((1 - share) / max(len(y) - classes, 1)))


def unit_columns(X: NDArray[np.float64]) -> NDArray[np.float64]:
    """Columns centred and of length 1, so that a product of two is their correlation; constant ones become 0."""
    centred = X - X.mean(axis=0)
    length = np.sqrt(np.einsum("ij,ij->j", centred, centred))
    return np.asarray(centred / np.where(length > 1e-10 * np.sqrt(len(X)), length, np.inf))
