"""Minimum redundancy, maximum relevance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoher2.selection.base import ClassSelector, f_statistic, unit_columns

LEAST_REDUNDANCY = 1e-3


class Mrmr(ClassSelector):
    """Picks features one by one, each the most relevant for its redundancy with those already picked.

    The criterion is FCQ: the F statistic of the class divided by the mean absolute Pearson correlation with the
    features already picked (Zhao, Anand and Wang, IEEE DSAA 2019, 442-452; after Ding and Peng, J Bioinform Comput
    Biol 2005, 3:185-205). The first is the feature of the largest F.

    Parameters
    ----------
    n_features
        How many to pick; all when there are fewer.

    Attributes
    ----------
    order_
        Shape (picked,), columns as they were picked.
    support_, fallback_
        As in `ClassSelector`.
    """

    def __init__(self, n_features: int = 30) -> None:
        self.n_features = n_features

    def _support(self, X: NDArray[np.float64], y: NDArray[np.int64]) -> NDArray[np.bool_]:
        if self.n_features < 1:
            raise ValueError(f"n_features must be at least 1, got {self.n_features}")
        self.order_ = fcq_order(X, y, min(self.n_features, X.shape[1]))
        support = np.zeros(X.shape[1], bool)
        support[self.order_] = True
        return support


def fcq_order(X: NDArray[np.float64], y: NDArray[np.int64], count: int) -> NDArray[np.intp]:
    """Columns in the order in which FCQ picks them.

    Parameters
    ----------
    X
        Shape (patients, features).
    y
        Shape (patients,), 0 to K-1.
    count
        How many to pick.

    Returns
    -------
    Shape (count,).
    """
    relevance, units = f_statistic(X, y), unit_columns(X)
    redundancy = np.zeros(X.shape[1])
    left = np.ones(X.shape[1], bool)
    picked = [int(np.argmax(relevance))]
    while len(picked) < count:
        left[picked[-1]] = False
        redundancy += np.abs(units.T @ units[:, picked[-1]])
        score = relevance / np.maximum(redundancy / len(picked), LEAST_REDUNDANCY)
        picked.append(int(np.argmax(np.where(left, score, -1.0))))
    return np.array(picked, np.intp)
