"""Prediction sets: the classes that a patient's scores leave possible, at a chosen coverage for each class.

A set of one class is an answer; a set of two says "don't know"; an empty one says that the patient resembles no
class. The promise is of coverage: whatever the scores are worth, among patients like those learned from, the set holds
the true class as often as asked. Poor scores pay with more sets of two.
"""

from __future__ import annotations

from math import floor

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sonoher2.core.errors import InputError
from sonoher2.evaluation import columns as c
from sonoher2.evaluation.estimate import wilson

Floats = NDArray[np.float64]


def conformal_quantiles(label: ArrayLike, probability: ArrayLike, coverage: float, slack: float = 0.0) -> Floats:
    """Least probability at which each class belongs to the set (class-conditional, or Mondrian, conformal).

    With n_k patients of class k, the quantile is the r-th smallest of their probabilities of k, r = floor((n_k + 1)
    (1 - coverage)): then a further patient of class k who is exchangeable with them is covered with at least the
    asked probability. The nonconformity measure is 1 minus the probability of the class. With fewer than
    1 / (1 - coverage) - 1 patients of a class nothing can be excluded, and the quantile is 0.

    Parameters
    ----------
    label
        (n,), class of each patient, 0 to K-1.
    probability
        (n, K), out-of-fold: no patient's scores come from a model that saw that patient.
    coverage
        In (0, 1), e.g. 0.9.
    slack
        Quantiles are lowered by this much, down to 0. Patients with the same few values (a BI-RADS category alone) have
        one score in the final model but scores that differ a little between the models of the folds: a quantile
        among these would part them, and might leave out a whole category. The price is a slightly higher coverage.

    Returns
    -------
    (K,).

    Notes
    -----
    The proof needs one model for all scores. Out-of-fold scores come from one model per fold and new patients' from
    the final model (cross-conformal prediction): the coverage then holds approximately, which is why it is checked on
    the test set. The slack is this package's own.

    References
    ----------
    Vovk V. Conditional validity of inductive conformal predictors. Mach Learn 2013, 92:349-376.
    Vovk V. Cross-conformal predictors. Ann Math Artif Intell 2015, 74:9-28.
    Angelopoulos AN, Bates S. Conformal prediction: a gentle introduction. Found Trends Mach Learn 2023, 16:494-591.
    """
    labels, probabilities = _checked(label, probability)
    if not 0 < coverage < 1:
        raise InputError(f"a coverage of {coverage:g} cannot be had", fix="Ask for more than 0 and less than 1")
    quantiles = np.zeros(probabilities.shape[1])
    for k in range(len(quantiles)):
        own = np.sort(probabilities[labels == k, k])
        # a product such as 10 * 0.1 must not fall just below its whole number
        rank = floor((len(own) + 1) * (1 - coverage) + 1e-9)
        quantiles[k] = max(own[rank - 1] - slack, 0.0) if rank else 0.0
    return quantiles


def prediction_sets(probability: ArrayLike, quantiles: ArrayLike) -> NDArray[np.bool_]:
    """Say which classes belong to each patient's set: (n, K) from probabilities (n, K) and conformal quantiles (K,).

    References
    ----------
    See `conformal_quantiles`.
    """
    return np.asarray(np.asarray(probability) >= np.asarray(quantiles), dtype=np.bool_)


def set_coverage(label: ArrayLike, sets: NDArray[np.bool_], confidence: float = 0.95) -> pd.DataFrame:
    """How often sets hold the true class and how much they say, for each class and for all patients.

    Parameters
    ----------
    label
        (n,), class of each patient, 0 to K-1.
    sets
        (n, K), from `prediction_sets`.
    confidence
        Level of Wilson's intervals.

    Returns
    -------
    One row per class, then one of all patients with `label` -1: `label, n, coverage, low, high, single, several,
    empty, right`: shares of sets with one class, with several and with none, and how often a set of one class is right.

    References
    ----------
    The intervals: see `estimate.wilson`. Coverage within each class: Vovk V. Mach Learn 2013, 92:349-376.
    """
    labels, _ = _checked(label, sets)
    groups = {k: labels == k for k in range(sets.shape[1])} | {-1: np.ones(len(labels), dtype=np.bool_)}
    return pd.DataFrame([{c.LABEL: k} | _coverage(labels[rows], sets[rows], confidence) for k, rows in groups.items()])


def _coverage(labels: NDArray[np.int64], sets: NDArray[np.bool_], confidence: float) -> dict[str, float]:
    held, size, n = sets[np.arange(len(labels)), labels], sets.sum(axis=1), len(labels)
    covered = wilson(int(held.sum()), n, confidence)
    single = size == 1
    return {
        c.N: n,
        c.COVERAGE: covered.value,
        c.LOW: covered.low,
        c.HIGH: covered.high,
        c.SINGLE: wilson(int(single.sum()), n).value,
        c.SEVERAL: wilson(int((size > 1).sum()), n).value,
        c.EMPTY: wilson(int((size == 0).sum()), n).value,
        c.RIGHT: wilson(int(held[single].sum()), int(single.sum())).value,
    }


def _checked(label: ArrayLike, columns: ArrayLike) -> tuple[NDArray[np.int64], Floats]:
    labels, values = np.asarray(label), np.asarray(columns, dtype=np.float64)
    if values.ndim != 2 or labels.shape != values.shape[:1] or not np.isin(labels, range(values.shape[1])).all():
        raise InputError("labels and columns of classes do not fit", fix="Code classes as 0 to K-1, one column each")
    if not np.isfinite(values).all():
        raise InputError("a probability is missing or infinite", fix="Leave out patients without a score")
    return labels.astype(np.int64), values
