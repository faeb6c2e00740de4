"""Net reclassification and integrated discrimination: secondary measures of what one score adds to another.

Read them beside the difference in AUC, never instead of it. Both can rise when a useless marker is added to a model,
and their usual tests reject far too often, above all where the scores are poorly calibrated; no p value is given here
for that reason.

References
----------
Hilden J, Gerds TA. Stat Med 2014, 33:3405-3414. Kerr KF et al. Epidemiology 2014, 25:114-121.
Pepe MS, Fan J, Feng Z, Gerds T, Hilden J. Stat Biosci 2015, 7:282-295.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from sonoher2.evaluation.arrays import checked, checked_probability, quantile
from sonoher2.evaluation.estimate import UNDEFINED, Estimate

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Gain:
    """What a new score adds to an old one, among cases, among controls, and in sum.

    Attributes
    ----------
    cases, controls
        Positive where the new score is better.
    total
        Their sum, each class with equal weight whatever the prevalence.
    """

    cases: Estimate
    controls: Estimate
    total: Estimate


def categorical_nri(outcome: ArrayLike, old: ArrayLike, new: ArrayLike, confidence: float = 0.95) -> Gain:
    """Net reclassification improvement over categories of risk.

    Among cases the share that moves up less the share that moves down; among controls the reverse. With two
    categories these are the gains in sensitivity and in specificity.

    Parameters
    ----------
    outcome
        (n,), 1 for a case and 0 for a control.
    old, new
        (n,), category of each patient by either score, a higher number for a higher risk.
    confidence
        Level of the Wald intervals.

    Returns
    -------
    NaN with one class only.

    References
    ----------
    Pencina MJ et al. Stat Med 2008, 27:157-172; variance without the null hypothesis: Stat Med 2011, 30:11-21.
    """
    is_case, before = checked(outcome, old)
    _, after = checked(outcome, new)
    return _gain(is_case, np.sign(after - before), confidence)


def continuous_nri(outcome: ArrayLike, old: ArrayLike, new: ArrayLike, confidence: float = 0.95) -> Gain:
    """Net reclassification improvement without categories: any rise or fall of the probability counts as a move.

    From -2 to 2. It weighs a rise of 0.001 like one of 0.5, so that it is large for small gains.

    Parameters
    ----------
    outcome
        (n,).
    old, new
        (n,), probabilities by either score.
    confidence
        Level of the Wald intervals.

    References
    ----------
    Pencina MJ, D'Agostino RB Sr, Steyerberg EW. Stat Med 2011, 30:11-21.
    """
    is_case, before = checked_probability(outcome, old)
    _, after = checked_probability(outcome, new)
    return _gain(is_case, np.sign(after - before), confidence)


def idi(outcome: ArrayLike, old: ArrayLike, new: ArrayLike, confidence: float = 0.95) -> Gain:
    """Integrated discrimination improvement: mean rise of the probability in cases plus mean fall in controls.

    Parameters
    ----------
    outcome
        (n,).
    old, new
        (n,), probabilities by either score.
    confidence
        Level of the Wald intervals.

    References
    ----------
    Pencina MJ et al. Stat Med 2008, 27:157-172.
    """
    is_case, before = checked_probability(outcome, old)
    _, after = checked_probability(outcome, new)
    return _gain(is_case, after - before, confidence)


def _gain(is_case: NDArray[np.bool_], change: Floats, confidence: float) -> Gain:
    """Mean change of cases, mean change of controls turned round, and their sum."""
    if is_case.all() or not is_case.any():
        return Gain(UNDEFINED, UNDEFINED, UNDEFINED)
    up, down = change[is_case], -change[~is_case]
    z = float(norm.ppf(quantile(confidence)))
    errors = [sqrt(part.var() / len(part)) for part in (up, down)]
    values = [float(part.mean()) for part in (up, down)]
    return Gain(
        _wald(values[0], z * errors[0]),
        _wald(values[1], z * errors[1]),
        _wald(sum(values), z * sqrt(errors[0] ** 2 + errors[1] ** 2)),
    )


def _wald(value: float, half: float) -> Estimate:
    return Estimate(value, value - half, value + half)
