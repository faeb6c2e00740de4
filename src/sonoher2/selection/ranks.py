"""Ranks of many columns at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def column_ranks(X: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks within each column from 1 on, equal values sharing their mean rank; (patients, features), X finite.

    The same numbers as from `scipy.stats.rankdata`, several times as fast on a table: columns are sorted as rows, and
    no order among equal values is kept.
    """
    rows = np.ascontiguousarray(X.T)
    order = np.argsort(rows, axis=1)
    ordered = np.take_along_axis(rows, order, axis=1)
    equal = ordered[:, 1:] == ordered[:, :-1]
    tied = equal.any(axis=1)
    in_order = np.empty(rows.shape)
    in_order[~tied] = np.arange(1.0, len(X) + 1)
    in_order[tied] = _mean_ranks(equal[tied])
    ranks = np.empty(rows.shape)
    np.put_along_axis(ranks, order, in_order, axis=1)
    return np.ascontiguousarray(ranks.T)


def _mean_ranks(equal: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Ranks of sorted rows, (rows, values), from which values equal the one before, (rows, values - 1)."""
    first = np.ones((equal.shape[0], equal.shape[1] + 1), bool)
    np.logical_not(equal, out=first[:, 1:])
    starts = np.flatnonzero(first)
    count = np.diff(starts, append=first.size)
    mean = starts % first.shape[1] + (count + 1) / 2
    return np.repeat(mean, count).reshape(first.shape)
