"""How alike two measurements order the same things."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import spearmanr


def rank_correlation(first: ArrayLike, second: ArrayLike) -> float:
    """Spearman's rank correlation of two arrays of one shape; NaN where one of them does not vary.

    Parameters
    ----------
    first, second
        Of any shape, finite.
    """
    a, b = np.ravel(first), np.ravel(second)
    flat = np.ptp(a) == 0 or np.ptp(b) == 0
    return float("nan") if flat else float(spearmanr(a, b).statistic)
