"""Where a new patient stands among the training patients: similar scores, nearest cases, and beyond them all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.bundle.reference import Reference
from sonoher2.evaluation.estimate import wilson

SIMILAR = 50
"""Training patients whose scores are nearest, at most; never more than a quarter of them all."""
CONFIDENCE = 0.95
NEAREST = 5
"""Cases that are shown, and over whom the distance to the training patients is averaged."""
INSIDE = 0.99
"""Share of the training patients who lie at most as far from their own nearest as the limit says."""


@dataclass(frozen=True)
class Similar:
    """What became of the training patients with the most similar scores.

    Attributes
    ----------
    signature, outcome
        Whose score.
    patients, events
        How many there are, and how many of them have the outcome.
    share, low, high
        Of the events, with Wilson's interval.
    confidence
        Of the interval.
    """

    signature: str
    outcome: str
    patients: int
    events: int
    share: float
    low: float
    high: float
    confidence: float = CONFIDENCE


@dataclass(frozen=True)
class Neighbour:
    """A training patient, by number.

    Attributes
    ----------
    case
        Number in the bundle's reference.
    distance
        Root mean squared difference in standard deviations; see `nearest_cases`.
    label
        True class.
    score
        Out-of-fold probability by the signature that is explained.
    """

    case: int
    distance: float
    label: str
    score: float


@dataclass(frozen=True)
class Distance:
    """How far a patient lies from the training patients in one space.

    Attributes
    ----------
    space
        Signature whose features are meant.
    distance
        Mean distance to the `NEAREST` training patients.
    limit
        The distance that `INSIDE` of the training patients keep from one another.
    """

    space: str
    distance: float
    limit: float

    @property
    def outside(self) -> bool:
        """Whether the patient lies farther out than nearly all training patients."""
        return self.distance > self.limit


def similar_scores(reference: Reference, signature: str, outcome: str, probability: float) -> Similar:
    """Count events among the training patients whose out-of-fold scores are nearest in log-odds.

    The interval says how well the training patients determine the observed share; it holds at another hospital only
    as far as its patients are like these.
    """
    scores = reference.scores[signature, outcome].to_numpy(np.float64)
    count = max(1, min(SIMILAR, len(scores) // 4))
    away = np.abs(_log_odds(scores) - _log_odds(np.array(probability)))
    nearest = np.argsort(away, kind="stable")[:count]
    events = int((reference.labels.iloc[nearest] == outcome).sum())
    share = wilson(events, count, CONFIDENCE)
    return Similar(signature, outcome, count, events, share.value, share.low, share.high)


def nearest_cases(
    reference: Reference, spaces: dict[str, pd.DataFrame], signature: str, outcome: str
) -> tuple[Neighbour, ...]:
    """Find the training patients that resemble a patient most.

    Parameters
    ----------
    reference
        The training patients.
    spaces
        By name of the space, (1, columns): where to compare, and the patient. Each space counts alike, whatever its
        number of columns.
    signature, outcome
        Whose score is shown.
    """
    squares = [_distances(reference.spaces[name][list(row)], row) ** 2 for name, row in spaces.items()]
    away = np.sqrt(np.mean(squares, axis=0))
    nearest = np.argsort(away, kind="stable")[:NEAREST]
    scores = reference.scores[signature, outcome]
    return tuple(
        Neighbour(int(reference.labels.index[i]), float(away[i]), str(reference.labels.iloc[i]), float(scores.iloc[i]))
        for i in nearest
    )


def distance_from_training(reference: Reference, space: str, row: pd.DataFrame) -> Distance:
    """Measure how far a patient (1, columns) lies from the training patients in one space of features."""
    seen = reference.spaces[space].to_numpy(np.float64)
    return Distance(
        space,
        _mean_of_nearest(_distances(reference.spaces[space], row)[None])[0],
        float(np.quantile(_own_distances(seen), INSIDE)),
    )


def outside_range(values: pd.Series, ranges: dict[str, tuple[float, float]]) -> list[str]:
    """Name the numbers that no training patient reached.

    Parameters
    ----------
    values
        The patient's, by column; NaN where not given.
    ranges
        Least and largest training value, by column.
    """
    return [name for name, (low, high) in ranges.items() if values[name] < low or values[name] > high]


def _log_odds(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    inside = np.clip(probability, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(inside / (1 - inside)))


def _distances(seen: pd.DataFrame, row: pd.DataFrame) -> NDArray[np.float64]:
    """Root mean squared difference of a row (1, columns) to each of the rows seen, shape (cases,)."""
    difference = seen.to_numpy(np.float64) - row[list(seen)].to_numpy(np.float64)
    return np.asarray(np.sqrt((difference**2).mean(axis=1)))


def _own_distances(seen: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean distance of each row to its nearest others."""
    squares = (seen**2).sum(axis=1)
    between = np.maximum(squares[:, None] + squares - 2 * seen @ seen.T, 0) / seen.shape[1]
    np.fill_diagonal(between, np.inf)
    return _mean_of_nearest(np.sqrt(between))


def _mean_of_nearest(distances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of the `NEAREST` smallest of each row, fewer where there are fewer."""
    count = min(NEAREST, int(np.isfinite(distances[0]).sum()))
    return np.asarray(np.sort(distances, axis=1)[:, :count].mean(axis=1))
