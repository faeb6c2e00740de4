"""What recalibrating on a few labelled patients would do, over repeated draws of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logit

from sonoher2.core.errors import InputError
from sonoher2.evaluation.arrays import checked_probability
from sonoher2.evaluation.calibration import CLIP, brier, expected_calibration_error, expected_over_observed
from sonoher2.evaluation.logistic import fit_logistic, overlap
from sonoher2.evaluation.recalibration import LogisticRecalibration, Update

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class DrawnFigures:
    """Figures of one update, one per draw, (draws,): of the patients who were not drawn.

    All are NaN where the drawn patients allow no update: one class only, cases and controls apart, or a slope that is
    not positive and would turn the ranking round.

    Attributes
    ----------
    expected, slope, brier, ece
        Events expected per event seen, calibration slope, Brier score, calibration error in ten groups.
    gain
        Brier score of the frozen probabilities of the same patients, less `brier`.
    """

    expected: Floats
    slope: Floats
    brier: Floats
    ece: Floats
    gain: Floats


def update_on_draws(
    outcome: ArrayLike,
    probability: ArrayLike,
    group: ArrayLike,
    *,
    labelled: int,
    updates: tuple[Update, ...],
    draws: int,
    seed: int,
) -> dict[Update, DrawnFigures]:
    """Draw some patients at random, learn each update on them, and judge it on the others.

    The draw does not look at the outcome: a hospital that labels its next 30 patients cannot choose how many of them
    are cases.

    Parameters
    ----------
    outcome, probability
        (n,), of the new cohort by the frozen model.
    group
        (n,): patients who share a picture. Who shares one with a drawn patient is not judged.
    labelled
        Patients in a draw.
    updates
        As in `LogisticRecalibration`.
    draws, seed
        How many; the same seed and groups draw the same patients.

    Raises
    ------
    InputError
        Fewer patients than would be drawn.

    References
    ----------
    How an update pays with the size of the sample: Steyerberg EW et al. Stat Med 2004, 23:2567-2586.
    """
    is_case, p = checked_probability(outcome, probability)
    if labelled >= len(p):
        raise InputError(
            f"{len(p)} patients are too few to draw {labelled} and judge on others", fix="Draw fewer of them"
        )
    _, groups = np.unique(np.asarray(group), return_inverse=True)
    rng = np.random.default_rng(seed)
    rows: dict[Update, list[list[float]]] = {update: [] for update in updates}
    for _ in range(draws):
        # groups in random order: whoever is last among the drawn may leave some of the group behind
        order = np.argsort(rng.permutation(groups.max() + 1)[groups], kind="stable")
        known = order[:labelled]
        others = ~np.isin(groups, groups[known])
        slope = _slope(is_case[others], p[others])
        for update in updates:
            rows[update].append(_judged(update, (is_case, p), known, others, slope))
    return {update: DrawnFigures(*np.array(found).reshape(draws, 5).T) for update, found in rows.items()}


def _judged(
    update: Update, cohort: tuple[Mask, Floats], known: NDArray[np.intp], others: Mask, slope: float
) -> list[float]:
    is_case, p = cohort
    try:
        step = LogisticRecalibration(update).fit(p[known], is_case[known])
    except InputError:
        return [np.nan] * 5
    if step.slope_ <= 0:
        return [np.nan] * 5
    y, updated = is_case[others], step.transform(p[others])
    error = brier(y, updated)
    return [
        expected_over_observed(y, updated).value,
        # b times the old log-odds: their slope is the old one over b
        slope / step.slope_,
        error,
        expected_calibration_error(y, updated),
        brier(y, p[others]) - error,
    ]


def _slope(is_case: Mask, probability: Floats) -> float:
    x = logit(np.clip(probability, CLIP, 1 - CLIP))
    if is_case.all() or not is_case.any() or not overlap(x[is_case], x[~is_case]):
        return np.nan
    return float(fit_logistic(is_case.astype(np.float64), np.column_stack([np.ones(len(x)), x])).coefficients[1])
