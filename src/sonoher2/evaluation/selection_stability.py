"""How alike the sets of features are that the same selection keeps on different patients."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from sonoher2.evaluation.estimate import UNDEFINED, Estimate


def nogueira_index(kept: ArrayLike, confidence: float = 0.95) -> Estimate:
    """Stability of a selection: 1 when every run keeps the same features, about 0 when each draws them at random.

    Parameters
    ----------
    kept
        (runs, features), True for a feature that the run kept.
    confidence
        Level of the interval, which holds for many independent runs; runs on draws of the same patients are less than
        independent.

    Returns
    -------
    Not determined with fewer than two runs, or when all runs keep nothing or everything.

    References
    ----------
    Nogueira S, Sechidis K, Brown G. J Mach Learn Res 2018, 18(174):1-54: definition 4 and theorem 7.
    """
    matrix = np.asarray(kept, dtype=bool).astype(np.float64)
    runs, features = matrix.shape
    sizes = matrix.sum(axis=1)
    mean = sizes.mean() / features
    if runs < 2 or not 0 < mean < 1:
        return UNDEFINED
    frequency = matrix.mean(axis=0)
    chance = mean * (1 - mean)
    spread = (runs / (runs - 1) * frequency * (1 - frequency)).mean()
    index = 1 - spread / chance
    shares = sizes / features
    each = (
        matrix @ frequency / features - shares * mean + index / 2 * (2 * shares * mean - shares - mean + 1)
    ) / chance
    error = np.sqrt(4 / runs**2 * ((each - each.mean()) ** 2).sum())
    reach = norm.ppf(0.5 + confidence / 2) * error
    return Estimate(float(index), float(index - reach), float(min(index + reach, 1.0)))
