"""Nomograms: a logistic model drawn as scales of points (Iasonos et al., J Clin Oncol 2008, 26:1364-1370)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoher2.core.errors import InputError

PROBABILITY_TICKS = (0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)


@dataclass(frozen=True)
class NomogramTerm:
    """What one variable adds to the log-odds of a logistic model.

    Attributes
    ----------
    name, unit
        Of the variable, as a reader knows it.
    labels
        The values shown: numbers of a numeric variable in rising order, else level names.
    log_odds
        Shape (labels,): what each of them adds to the log-odds.
    """

    name: str
    unit: str
    labels: tuple[str, ...]
    log_odds: NDArray[np.float64]


@dataclass(frozen=True)
class NomogramAxis:
    """The scale of one variable.

    Attributes
    ----------
    name, unit
        Of the variable.
    labels
        Its ticks, as text.
    points
        Shape (labels,): points of each tick; the least is 0.
    """

    name: str
    unit: str
    labels: tuple[str, ...]
    points: NDArray[np.float64]


@dataclass(frozen=True)
class Nomogram:
    """A logistic model as scales: read the points of every variable, add them, read the probability.

    Attributes
    ----------
    axes
        One per variable; the widest spans 0 to 100 points.
    total_points, probability
        Shape (ticks,) each: the lower double scale, both rising.
    """

    axes: tuple[NomogramAxis, ...]
    total_points: NDArray[np.float64]
    probability: NDArray[np.float64]


def build_nomogram(terms: Sequence[NomogramTerm], intercept: float) -> Nomogram:
    """Scale the terms of a logistic model to points.

    Parameters
    ----------
    terms
        One per variable; the model's log-odds are `intercept` plus one entry of each term.
    intercept
        Log-odds when every term adds nothing.

    Returns
    -------
    The nomogram. A model whose variables add nothing gets a single probability and scales of zeros.
    """
    lows, per_point = points_scale(terms)
    axes = tuple(
        NomogramAxis(term.name, term.unit, term.labels, (term.log_odds - low) / per_point)
        for term, low in zip(terms, lows, strict=True)
    )
    least = intercept + sum(lows)
    most = sum(float(axis.points.max()) for axis in axes)
    ticks = np.array(PROBABILITY_TICKS)
    totals = (np.log(ticks / (1 - ticks)) - least) / per_point
    shown = (totals >= 0) & (totals <= most)
    if shown.sum() >= 2:
        return Nomogram(axes, totals[shown], ticks[shown])
    # so narrow a range holds no two round probabilities: show its ends
    ends = np.array([0.0, most]) if most > 0 else np.array([0.0])
    return Nomogram(axes, ends, 1 / (1 + np.exp(-(least + per_point * ends))))


def points_scale(terms: Sequence[NomogramTerm]) -> tuple[list[float], float]:
    """Least log-odds of each term, where its points begin; and the log-odds of one point."""
    widest = max((float(np.ptp(term.log_odds)) for term in terms), default=0.0)
    return [float(term.log_odds.min()) for term in terms], widest / 100 if widest > 0 else 1.0


def patient_points(nomogram: Nomogram, values: Mapping[str, float | str]) -> dict[str, float]:
    """Points of one patient by variable; numbers are read between the ticks and beyond them on a straight line.

    Parameters
    ----------
    nomogram
        From `build_nomogram`.
    values
        By variable: a number, or the name of a level.

    Raises
    ------
    InputError
        A variable is missing, or a level is not on its axis.
    """
    return {axis.name: _points(axis, values) for axis in nomogram.axes}


def total_probability(nomogram: Nomogram, total: float) -> float:
    """Probability at a sum of points; the log-odds are straight in the points."""
    if len(nomogram.total_points) < 2:
        return float(nomogram.probability[0])
    log_odds = np.log(nomogram.probability / (1 - nomogram.probability))
    return float(1 / (1 + math.exp(-_on_line(total, nomogram.total_points, log_odds))))


def tick_labels(ticks: NDArray[np.float64]) -> tuple[str, ...]:
    """Write ticks with as many digits, six at least, as it takes to read them back: points are read between labels."""
    least = 1e-6 * float(np.diff(ticks).min()) if len(ticks) > 1 else 0.0
    for digits in range(6, 18):
        labels = tuple(f"{tick:.{digits}g}" for tick in ticks)
        if all(abs(float(label) - tick) <= least for label, tick in zip(labels, ticks, strict=True)):
            break
    return labels


def round_ticks(low: float, high: float, about: int = 6) -> NDArray[np.float64]:
    """Round numbers (steps of 1, 2 or 5 times a power of ten) that cover `low` to `high`.

    Returns
    -------
    Shape (ticks,), rising; the one value when `low` equals `high`.
    """
    if not high > low:
        return np.array([low])
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    count = np.arange(math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9) + 1)
    return np.asarray(count * step, np.float64)


def _points(axis: NomogramAxis, values: Mapping[str, float | str]) -> float:
    value = values.get(axis.name)
    if isinstance(value, str):
        if value in axis.labels:
            return float(axis.points[axis.labels.index(value)])
        raise InputError(f"'{value}' is not a level of {axis.name}", fix=f"Use one of: {', '.join(axis.labels)}")
    if value is None or math.isnan(value):
        raise InputError(f"{axis.name} is missing", fix="A nomogram needs every variable; predict with the model")
    if len(axis.labels) < 2:
        return 0.0
    return _on_line(value, np.array([float(label) for label in axis.labels]), axis.points)


def _on_line(at: float, x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Value at `at` of the straight line through the first and last of the points."""
    return float(y[0] + (at - x[0]) * (y[-1] - y[0]) / (x[-1] - x[0]))
