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
    first = np.ones(rows.shape, bool)
    np.not_equal(ordered[:, 1:], ordered[:, :-1], out=first[:, 1:])
    starts = np.flatnonzero(first)
    count = np.diff(starts, append=rows.size)
    mean = starts % max(len(X), 1) + (count + 1) / 2
    ranks = np.empty(rows.shape)
    np.put_along_axis(ranks, order, np.repeat(mean, count).reshape(rows.shape), axis=1)
    return np.ascontiguousarray(ranks.T)
