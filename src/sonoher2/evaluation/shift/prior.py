"""Another share of cases, estimated without labels, and how far that alone can set a new cohort apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sonoher2.core.errors import InputError
from sonoher2.evaluation.calibration import CLIP

Floats = NDArray[np.float64]

SATURATED = 0.01
"""Nearer than this to 0 or 1 a probability is as good as certain, and the correction hardly moves it."""
_TOLERANCE, _MOST_STEPS = 1e-8, 500
"""Inside (0, 1) some dozen steps are enough; a share that goes to 0 gets there by ever smaller ones, for no gain."""


@dataclass(frozen=True)
class PriorShift:
    """Shares of the classes in a new cohort, and the probabilities that follow from them.

    Attributes
    ----------
    shares, low, high
        (classes,): estimate and interval.
    probabilities
        (n, classes), corrected.
    """

    shares: Floats
    low: Floats
    high: Floats
    probabilities: Floats


def correct_prior(
    probabilities: ArrayLike, training: ArrayLike, *, repeats: int = 300, seed: int, confidence: float = 0.95
) -> PriorShift:
    """Estimate the shares of the classes from unlabelled patients, and correct their probabilities for them.

    True only under label shift: cases look here as cases did in training, controls as controls did, and there are more
    or fewer of them. It is an assumption. Other images, other patients or an uncalibrated model break it, and then the
    "shares" hold whatever has changed.

    Parameters
    ----------
    probabilities
        (n, classes) of a model that was calibrated at the shares of `training`; rows sum to 1.
    training
        (classes,) patients, or shares, in training.
    repeats, seed
        Of the bootstrap of the patients, which gives percentile intervals.
    confidence
        Level of the intervals.

    Raises
    ------
    InputError
        There is no patient, or a class without a training patient.

    Notes
    -----
    The fixed point of: new share of class k = mean over the patients of their corrected probability of k, which is
    proportional to p_k * share_k / training_k. The likelihood is concave in the shares; the iteration only rises.

    References
    ----------
    Saerens M, Latinne P, Decaestecker C. Neural Comput 2002, 14:21-41.
    Calibrated probabilities are what it stands on: Alexandari A, Kundaje A, Shrikumar A. Proc ICML 2020, 222-232.
    """
    p = np.clip(np.asarray(probabilities, dtype=np.float64), CLIP, 1 - CLIP)
    known = np.asarray(training, dtype=np.float64)
    if not len(p) or (known <= 0).any():
        raise InputError(
            "there is no patient to estimate shares from, or a class nobody was trained on", fix="Give some of each"
        )
    known = known / known.sum()
    ratios = p / known
    shares = _most_likely(ratios, known)
    rng = np.random.default_rng(seed)
    drawn = [_most_likely(ratios[rng.integers(len(p), size=len(p))], shares) for _ in range(repeats)]
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    return PriorShift(shares, low, high, _posterior(ratios, shares))


def _most_likely(ratios: Floats, start: Floats) -> Floats:
    # a share of 0 would stay 0 for ever
    shares = np.maximum(start, CLIP)
    for _ in range(_MOST_STEPS):
        new: Floats = _posterior(ratios, shares).mean(axis=0)
        if np.abs(new - shares).max() < _TOLERANCE:
            return new
        shares = new
    return shares


def _posterior(ratios: Floats, shares: Floats) -> Floats:
    weighted = ratios * shares
    return np.asarray(weighted / weighted.sum(axis=1, keepdims=True))


def most_told_apart(training: ArrayLike, low: ArrayLike, high: ArrayLike) -> float:
    """Largest AUC with which new patients can be told from training patients if only the shares of classes differ.

    A classifier that does better proves that more has changed.

    Parameters
    ----------
    training
        (classes,) shares in training.
    low, high
        (classes,) limits of the shares among the new patients.

    Notes
    -----
    Under label shift the total variation distance of both groups, in whatever columns, is at most d, half the sum of
    the differences of the shares. No point of the ROC curve is then more than d above the diagonal: the area is at most
    1 - (1 - d)^2 / 2.

    References
    ----------
    That label shift can be tested: Lipton ZC, Wang YX, Smola A. Proc ICML 2018, 3122-3130.
    """
    known = np.asarray(training, dtype=np.float64)
    differences = np.maximum(np.abs(np.asarray(low) - known), np.abs(np.asarray(high) - known))
    return float(1 - (1 - min(1.0, differences.sum() / 2)) ** 2 / 2)
