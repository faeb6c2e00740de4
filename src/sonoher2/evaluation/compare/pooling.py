"""One AUC over several sites, with the spread between them."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit
from scipy.stats import norm, t

from sonoher2.evaluation.arrays import quantile
from sonoher2.evaluation.estimate import UNDEFINED, Estimate

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Pooled:
    """Random-effects mean of one figure over sites.

    Attributes
    ----------
    mean
        With its interval.
    prediction_low, prediction_high
        Where the figure of a further site is expected; NaN with fewer than three sites.
    tau2
        Variance between sites, on the scale of the pooling.
    i2
        Share of the variation that is between sites, 0 to 1.
    sites
        How many were pooled.
    """

    mean: Estimate
    prediction_low: float
    prediction_high: float
    tau2: float
    i2: float
    sites: int


def random_effects(values: ArrayLike, variances: ArrayLike, confidence: float = 0.95) -> Pooled:
    """Pool estimates of several sites.

    The variance between sites is DerSimonian and Laird's; the interval is Hartung and Knapp's, whose t distribution
    with sites - 1 degrees of freedom keeps its level with few sites, and is never shorter than with their factor q
    at 1. The prediction interval is that of Higgins and others, t with sites - 2 degrees of freedom.

    Parameters
    ----------
    values, variances
        (sites,), an estimate and its sampling variance, positive.
    confidence
        Level of the intervals.

    Returns
    -------
    NaN with fewer than two sites.

    References
    ----------
    DerSimonian R, Laird N. Control Clin Trials 1986, 7:177-188. Hartung J, Knapp G. Stat Med 2001, 20:3875-3889.
    Röver C, Knapp G, Friede T. BMC Med Res Methodol 2015, 15:99 (q at least 1).
    Higgins JPT, Thompson SG. Stat Med 2002, 21:1539-1558 (I squared).
    Higgins JPT, Thompson SG, Spiegelhalter DJ. J R Stat Soc A 2009, 172:137-159.
    """
    effects, errors = np.asarray(values, dtype=np.float64), np.asarray(variances, dtype=np.float64)
    sites = len(effects)
    if sites < 2:
        return Pooled(UNDEFINED, nan, nan, nan, nan, sites)
    tau2, i2 = _between_sites(effects, errors)
    weights = 1 / (errors + tau2)
    mean = float(np.average(effects, weights=weights))
    q = float((weights * (effects - mean) ** 2).sum() / (sites - 1))
    error = sqrt(max(q, 1.0) / weights.sum())
    level = quantile(confidence)
    half = float(t.ppf(level, sites - 1)) * error
    spread = float(t.ppf(level, sites - 2)) * sqrt(tau2 + 1 / weights.sum()) if sites > 2 else nan
    return Pooled(Estimate(mean, mean - half, mean + half), mean - spread, mean + spread, tau2, i2, sites)


def _between_sites(effects: Floats, errors: Floats) -> tuple[float, float]:
    """DerSimonian and Laird's variance between sites, and Higgins and Thompson's I squared; neither below 0."""
    weights, freedom = 1 / errors, len(effects) - 1
    cochran = float((weights * (effects - np.average(effects, weights=weights)) ** 2).sum())
    scale = float(weights.sum() - (weights**2).sum() / weights.sum())
    excess = max(cochran - freedom, 0.0)
    return excess / scale, excess / cochran if cochran else 0.0


def poolable(auc: Estimate) -> bool:
    """Whether the AUC of a site has a standard error on the logit scale: it is defined and not perfect."""
    return 0 < auc.value < 1 and auc.high > auc.low


def pooled_auc(aucs: list[Estimate], confidence: float = 0.95) -> Pooled:
    """Pool the AUCs of several sites on the logit scale, where they are closer to normal.

    Parameters
    ----------
    aucs
        Of each site, with DeLong's interval at the same level; sites whose AUC has no standard error (undefined, or
        perfect) are left out; see `poolable`.
    confidence
        Level of these intervals and of the results.

    References
    ----------
    Snell KIE, Ensor J, Debray TPA, Moons KGM, Riley RD. Stat Methods Med Res 2018, 27:3505-3522 (the logit).
    Debray TPA et al. BMJ 2017, 356:i6460.
    """
    usable = [auc for auc in aucs if poolable(auc)]
    value = np.array([auc.value for auc in usable])
    # the delta method; of an interval that was clipped at 0 or 1 the other half tells the error
    half = np.array([max(auc.high - auc.value, auc.value - auc.low) for auc in usable])
    error = half / float(norm.ppf(quantile(confidence))) / (value * (1 - value))
    found = random_effects(logit(value), error**2, confidence)
    limits = expit([found.mean.value, found.mean.low, found.mean.high, found.prediction_low, found.prediction_high])
    mean, low, high, further_low, further_high = map(float, limits)
    return Pooled(Estimate(mean, low, high), further_low, further_high, found.tau2, found.i2, found.sites)
