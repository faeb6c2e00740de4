"""Whether deciding by the model does more good than treating everybody or nobody."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from sonoher2.core.errors import InputError
from sonoher2.evaluation import columns as c
from sonoher2.evaluation.arrays import checked_probability


def net_benefit(outcome: ArrayLike, probability: ArrayLike, thresholds: ArrayLike) -> pd.DataFrame:
    """Net benefit of treating patients whose probability is at least the threshold.

    With threshold probability t, the net benefit is TP/n - FP/n * t / (1 - t): true positives per patient, less the
    false positives at the exchange rate that a decision maker with this threshold accepts. The threshold here is
    the decision maker's, not one learned from data.

    Parameters
    ----------
    outcome, probability
        (n,).
    thresholds
        (thresholds,), in [0, 1); or one.

    Returns
    -------
    One row per threshold: `threshold`, `model`, `treat_all`, `treat_none` (always 0).

    Raises
    ------
    InputError
        Without a patient or when a threshold is outside [0, 1).

    References
    ----------
    Vickers AJ, Elkin EB. Med Decis Making 2006, 26:565-574.

    Examples
    --------
    >>> import sonoher2
    >>> curve = sonoher2.net_benefit([0, 0, 1, 1], [0.1, 0.6, 0.4, 0.9], thresholds=[0.5])
    >>> curve[["model", "treat_all", "treat_none"]].values.tolist()  # 1/4 - 1/4 at odds of 1
    [[0.0, 0.0, 0.0]]
    """
    is_case, probabilities = checked_probability(outcome, probability)
    at = np.atleast_1d(np.asarray(thresholds, dtype=np.float64))
    if not len(is_case):
        raise InputError("there is no patient", fix="A decision curve needs at least one")
    if not ((at >= 0) & (at < 1)).all():
        raise InputError("a threshold probability is outside [0, 1)", fix="Give thresholds from 0 to below 1")
    treated = probabilities[None, :] >= at[:, None]
    price, prevalence = at / (1 - at), is_case.mean()
    return pd.DataFrame(
        {
            c.THRESHOLD: at,
            c.MODEL: (treated & is_case).mean(axis=1) - (treated & ~is_case).mean(axis=1) * price,
            c.TREAT_ALL: prevalence - (1 - prevalence) * price,
            c.TREAT_NONE: 0.0,
        }
    )
