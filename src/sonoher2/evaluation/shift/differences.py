"""Whether new patients differ from those that a model was trained on."""

from __future__ import annotations

from math import nan, sqrt

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import f as f_distribution

Floats = NDArray[np.float64]


def mean_difference(mean_a: float, sd_a: float, mean_b: float, sd_b: float) -> float:
    """Standardised difference of two means, b - a, in units of the root mean square of both deviations.

    Above 0.1 in size is commonly called an imbalance. NaN where nothing varies, unless the means agree.

    References
    ----------
    Austin PC. Stat Med 2009, 28:3083-3107.
    """
    spread = sqrt((sd_a**2 + sd_b**2) / 2)
    if spread == 0:
        return 0.0 if mean_a == mean_b else nan
    return (mean_b - mean_a) / spread


def share_difference(shares_a: ArrayLike, shares_b: ArrayLike) -> float:
    """Standardised difference of the shares of the levels of a category; 0 or more.

    The Mahalanobis length of the difference of the shares of all levels but one.

    Parameters
    ----------
    shares_a, shares_b
        (levels,), each summing to 1.

    References
    ----------
    Yang D, Dalton JE. A unified approach to measuring the effect size between two groups. SAS Global Forum 2012, 335.
    """
    a, b = np.asarray(shares_a, dtype=np.float64)[1:], np.asarray(shares_b, dtype=np.float64)[1:]
    spread = (_multinomial(a) + _multinomial(b)) / 2
    squared = float((b - a) @ np.linalg.pinv(spread) @ (b - a))
    return sqrt(max(squared, 0.0))


def _multinomial(shares: Floats) -> Floats:
    return np.asarray(np.diag(shares) - np.outer(shares, shares))


def distance_to_quantiles(values: ArrayLike, quantiles: ArrayLike) -> float:
    """Largest distance between the distribution of values and one that is known by its quantiles.

    Kolmogorov and Smirnov's D, where the first distribution runs straight between evenly spaced quantiles.

    Parameters
    ----------
    values
        (n,), finite.
    quantiles
        (q,), rising, at evenly spaced shares from 0 to 1.

    Returns
    -------
    0 to 1; NaN without a value.

    References
    ----------
    Kolmogorov A. Giorn Ist Ital Attuari 1933, 4:83-91. Smirnov N. Ann Math Stat 1948, 19:279-281.
    """
    sample, known = np.sort(np.asarray(values, dtype=np.float64)), np.asarray(quantiles, dtype=np.float64)
    if not len(sample):
        return nan
    places = np.unique(np.concatenate([sample, known]))
    shares = np.linspace(0, 1, len(known))
    up_to = np.interp(places, known, shares)
    at = np.minimum(np.searchsorted(known, places), len(known) - 1)
    # several quantiles at one value are a step there
    below = np.where(known[at] == places, shares[at], up_to)
    gaps = [
        np.searchsorted(sample, places, side="right") / len(sample) - up_to,
        np.searchsorted(sample, places, side="left") / len(sample) - below,
    ]
    return float(np.abs(gaps).max())


def variance_between_groups(values: ArrayLike, group: ArrayLike) -> tuple[Floats, Floats]:
    """Share of each column's variance that lies between groups (eta squared), with the p value of its F test.

    Parameters
    ----------
    values
        (n, columns), finite.
    group
        (n,), name of each row's group; rows without one (None or NaN) are left out.

    Returns
    -------
    Shares and p values, each (columns,); NaN for a column that does not vary, and with fewer than two groups.

    References
    ----------
    Fisher RA. Statistical Methods for Research Workers, Oliver and Boyd 1925 (analysis of variance).
    """
    table, names = np.asarray(values, dtype=np.float64), pd.Series(np.asarray(group, dtype=object))
    known = names.notna().to_numpy()
    table, codes = table[known], pd.factorize(names[known])[0]
    n, groups = len(table), int(codes.max()) + 1 if len(codes) else 0
    if groups < 2 or n <= groups:
        return np.full(table.shape[1], nan), np.full(table.shape[1], nan)
    members = np.eye(groups)[codes]
    means = (members.T @ table) / members.sum(axis=0)[:, None]
    total = ((table - table.mean(axis=0)) ** 2).sum(axis=0)
    within = ((table - members @ means) ** 2).sum(axis=0)
    # rounding leaves a little variance in a column that has none
    varies = total > 1e-16 * n * np.maximum(np.abs(table).max(axis=0), 1) ** 2
    share = np.full(table.shape[1], nan)
    share[varies] = np.clip(1 - within[varies] / total[varies], 0, 1)
    with np.errstate(divide="ignore"):
        ratio = (share / (groups - 1)) / ((1 - share) / (n - groups))
    return share, np.asarray(f_distribution.sf(ratio, groups - 1, n - groups))
