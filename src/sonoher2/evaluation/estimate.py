"""A figure with its confidence interval, and the interval of a proportion."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

from sonoher2.evaluation.arrays import quantile


@dataclass(frozen=True)
class Estimate:
    """A figure and its confidence interval; all three are NaN where the data do not determine it.

    Attributes
    ----------
    value
        Point estimate.
    low, high
        Limits of the interval.
    """

    value: float
    low: float
    high: float


UNDEFINED = Estimate(nan, nan, nan)


def wilson(count: int, total: int, confidence: float = 0.95) -> Estimate:
    """Proportion with Wilson's score interval, which stays within [0, 1] and is not a point at 0 or 1.

    Parameters
    ----------
    count, total
        `count` of `total` patients; a `total` of 0 gives NaN.
    confidence
        Level of the interval, e.g. 0.95.

    Raises
    ------
    InputError
        The level is not between 0 and 1.

    References
    ----------
    Wilson EB. J Am Stat Assoc 1927, 22:209-212. Recommended by Brown, Cai & DasGupta, Stat Sci 2001, 16:101-133.
    """
    if total == 0:
        return UNDEFINED
    # slow to import, and a prediction needs none
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(count, total, alpha=2 * (1 - quantile(confidence)), method="wilson")
    return Estimate(count / total, float(low), float(high))
