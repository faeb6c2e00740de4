"""Checks of the two arrays that every function of this package takes."""

from __future__ import annotations

from typing import Any

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
        When lengths differ, an outcome is neither 0 nor 1, or a score is missing or infinite; or both are Series that
        name the same rows in another order.
    """
    require_same_rows(outcome, score)
    labels, scores = _numbers(outcome, "an outcome is"), _numbers(score, "a score is")
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


def require_same_rows(*columns: object) -> None:
    """Refuse Series whose rows stand in different orders: they are counted by place, and not by name.

    Raises
    ------
    InputError
        As said.
    """
    indexes = [column.index for column in columns if hasattr(column, "index") and hasattr(column, "to_numpy")]
    for other in indexes[1:]:
        if not indexes[0].equals(other) and len(other) == len(indexes[0]) and set(other) == set(indexes[0]):
            raise InputError(
                "outcomes and scores have the same rows in another order",
                fix="Bring them into one order, such as score.loc[outcome.index]",
            )


def _numbers(values: ArrayLike, what: str) -> NDArray[Any]:
    """Numbers or yes and no of an array.

    Raises
    ------
    InputError
        One is missing or no number.
    """
    if hasattr(values, "isna") and np.asarray(values.isna()).any():
        raise InputError(f"{what} missing", fix="Leave out patients without one")
    try:
        return np.asarray(np.asarray(values), dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{what} not a number", fix="Code cases as 1 and controls as 0; scores are numbers") from None


def quantile(confidence: float) -> float:
    """Upper quantile of an interval: 0.975 for a level of 0.95.

    Raises
    ------
    InputError
        The level is not between 0 and 1.
    """
    if not 0 < confidence < 1:
        raise InputError(f"{confidence:g} is no level of an interval", fix="Give one between 0 and 1, such as 0.95")
    return (1 + confidence) / 2


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
