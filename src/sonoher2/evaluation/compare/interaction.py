"""Whether a score means the same in all subgroups."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import logit
from scipy.stats import chi2

from sonoher2.evaluation.arrays import checked_probability
from sonoher2.evaluation.calibration import CLIP
from sonoher2.evaluation.logistic import fit_logistic, overlap


@dataclass(frozen=True)
class Heterogeneity:
    """Test that something is alike in all subgroups.

    Attributes
    ----------
    levels
        Subgroups that took part.
    chi2
        Statistic; NaN where the patients do not determine it.
    degrees
        Of freedom: levels - 1.
    p
        From the chi-squared distribution.
    """

    levels: int
    chi2: float
    degrees: int
    p: float


def heterogeneity(statistic: float, levels: int) -> Heterogeneity:
    """P value of a statistic that is chi-squared with levels - 1 degrees of freedom; NaN with fewer than two levels.

    References
    ----------
    Cochran WG. Biometrics 1954, 10:101-129.
    """
    degrees = levels - 1
    if degrees < 1:
        return Heterogeneity(levels, nan, max(degrees, 0), nan)
    # a likelihood ratio may be below 0 by rounding
    value = max(statistic, 0.0)
    return Heterogeneity(levels, value, degrees, float(chi2.sf(value, degrees)))


def score_by_group(outcome: ArrayLike, probability: ArrayLike, group: ArrayLike, *, minimum: int = 5) -> Heterogeneity:
    """Likelihood ratio test of the interaction of score and subgroup in a logistic regression.

    With x = logit(probability), the model  logit P(outcome) = a + b x + a_g + b_g x  is compared with the one without
    b_g: twice the difference of their log likelihoods is chi-squared with levels - 1 degrees of freedom. A small p
    says that the same score tells more in one subgroup than in another.

    Parameters
    ----------
    outcome, probability
        (n,); probabilities are clipped by `CLIP`.
    group
        (n,), level of each patient; patients without one (None or NaN) are left out.
    minimum
        Cases and controls that a level must have, each, to take part.

    Returns
    -------
    NaN with fewer than two levels, and where no finite model fits best (cases and controls of a level do not overlap).

    References
    ----------
    Hosmer DW, Lemeshow S, Sturdivant RX. Applied Logistic Regression, 3rd ed., Wiley 2013, chapter 3.
    """
    is_case, probabilities = checked_probability(outcome, probability)
    level = usable_levels(is_case, group, minimum)
    known = level >= 0
    levels = int(level.max()) + 1 if len(level) else 0
    if levels < 2:
        return heterogeneity(nan, levels)
    x = logit(np.clip(probabilities[known], CLIP, 1 - CLIP))
    member, case = level[known], is_case[known]
    if not all(overlap(x[case & (member == i)], x[~case & (member == i)]) for i in range(levels)):
        return heterogeneity(nan, levels)
    dummies, y = np.eye(levels)[member], case.astype(np.float64)
    without, full = np.column_stack([dummies, x]), np.column_stack([dummies, dummies * x[:, None]])
    return heterogeneity(2 * (fit_logistic(y, full).log_likelihood - fit_logistic(y, without).log_likelihood), levels)


def usable_levels(is_case: NDArray[np.bool_], group: ArrayLike, minimum: int) -> NDArray[np.int64]:
    """Give each patient the number of their level, (n,): -1 for none or one with too few cases or controls."""
    names = pd.Series(np.asarray(group, dtype=object))
    names = names.where(names.notna(), None).map(str, na_action="ignore")
    cases, sizes = pd.Series(is_case).groupby(names).sum(), names.value_counts()
    enough = sorted(name for name in sizes.index if min(cases[name], sizes[name] - cases[name]) >= max(minimum, 1))
    numbers = {name: number for number, name in enumerate(enough)}
    return np.array([numbers.get(name, -1) for name in names], dtype=np.int64)
