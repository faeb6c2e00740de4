"""Redundant features: of two that say the same, the better one stays."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sonoher2.selection.base import ClassSelector, class_share, unit_columns


class CorrelationFilter(ClassSelector):
    """Drops a feature that correlates too strongly with one of a stronger association with the class.

    Features are visited by falling association (eta squared, of the ranks for ``spearman``; equals by column
    order); each visited feature stays and drops all later ones that correlate with it beyond the limit. Hence no
    pair beyond the limit is left, and of such a pair the stronger stays.

    Parameters
    ----------
    method
        ``spearman`` or ``pearson``.
    max_correlation
        Largest absolute correlation between two features that stay.

    Attributes
    ----------
    support_, fallback_
        As in `ClassSelector`; at least one feature always stays.
    """

    def __init__(self, method: Literal["spearman", "pearson"] = "spearman", max_correlation: float = 0.9) -> None:
        self.method = method
        self.max_correlation = max_correlation

    @property
    def uses_ranks(self) -> bool:
        """Whether it looks at ranks instead of values."""
        return self.method == "spearman"

    def _support(self, X: NDArray[np.float64], y: NDArray[np.int64]) -> NDArray[np.bool_]:
        if self.method not in ("spearman", "pearson"):
            raise ValueError(f"method must be 'spearman' or 'pearson', got {self.method!r}")
        units = unit_columns(X)
        too_close = np.abs(units.T @ units) > self.max_correlation
        # rounded, so that features equal but for the last digit keep the columns' order on every machine
        order = np.argsort(-np.round(class_share(X, y), 12), kind="stable")
        return greedy_independent(too_close, order)


def greedy_independent(too_close: NDArray[np.bool_], order: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Visit items in `order`; each one not yet dropped stays and drops those that are too close to it.

    Parameters
    ----------
    too_close
        Shape (items, items), symmetric.
    order
        Shape (items,).

    Returns
    -------
    Shape (items,), True for those that stay.
    """
    stays = np.zeros(len(order), bool)
    dropped = np.zeros(len(order), bool)
    for item in order:
        if not dropped[item]:
            stays[item] = True
            dropped |= too_close[item]
    return stays
