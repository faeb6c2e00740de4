"""Checks of the two arrays that every function of this package takes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sonoher2.core.errors import InputError


def checked(outcome: ArrayLike, score: ArrayLike) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Outcomes as true or false and scores as numbers, once it is sure that they can be used.

    Parameters
    ----------
    outcome
        (n,), 1 for a case and 0 for a control.
    score
        (n,), larger means more likely a case.

    Raises
    ------
    InputError
        When lengths differ, an outcome is neither 0 nor 1, or a score is missing or infinite.
    """
    labels, scores = np.asarray(outcome), np.asarray(score, dtype=np.float64)
    if labels.ndim != 1 or labels.shape != scores.shape:
        raise InputError(
            f"outcomes have shape {labels.shape} and scores {scores.shape}",
            fix="Give one outcome and score per patient",
        )
    if not np.isin(labels, (0, 1)).all():
        raise InputError("an outcome is neither 0 nor 1", fix="Code cases as 1 and controls as 0")
    if not np.isfinite(scores).all():
        raise InputError("a score is missing or infinite", fix="Leave out patients without a score")
    return labels.astype(np.bool_), scores


def checked_probability(outcome: ArrayLike, probability: ArrayLike) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Do as `checked`, and require probabilities in [0, 1].

    Raises
    ------
    InputError
        As `checked`, and when a probability is outside [0, 1].
    """
    cases, probabilities = checked(outcome, probability)
    if ((probabilities < 0) | (probabilities > 1)).any():
        raise InputError("a probability is outside [0, 1]", fix="Give probabilities of the outcome, not scores")
    return cases, probabilities
