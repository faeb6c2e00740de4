"""Updating a frozen model's probabilities on a share of a new cohort, judged on the rest of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.cohort.split import split_patients
from sonoher2.config.split import RandomSplit
from sonoher2.core.columns import TRAIN
from sonoher2.core.errors import InputError, UsageError
from sonoher2.evaluation.calibration import brier, calibration_slope_intercept
from sonoher2.evaluation.discrimination import auc_delong
from sonoher2.evaluation.recalibration import LogisticRecalibration, Update
from sonoher2.study.results import columns as c
from sonoher2.study.results.outcomes import outcome_scores
from sonoher2.study.results.updated import FROZEN, UPDATES, Updated


def update_predictions(
    predictions: pd.DataFrame, patients: pd.DataFrame, share: float, seed: int, confidence: float
) -> Updated:
    """Learn logistic recalibrations on a share of the patients and judge them on the others.

    Parameters
    ----------
    predictions
        Of the new cohort by the frozen model, as in `StudyResult`.
    patients
        As `Cohort.patients`; the share is drawn within each class, and patients who share a picture stay together.
    share
        In (0, 1).
    seed
        Of the draw.
    confidence
        Level of the intervals.

    Raises
    ------
    UsageError
        The share is not between 0 and 1.
    InputError
        The share holds too few patients to learn from.
    """
    if not 0 < share < 1:
        raise UsageError(f"{share:g} is no share of patients to recalibrate on; give one between 0 and 1, such as 0.3")
    sets = split_patients(patients, RandomSplit(test_share=1 - share), seed).sets
    learners = sets.index[sets == TRAIN]
    parts = list(_updates(predictions, predictions[c.PATIENT_ID].isin(learners), confidence))
    labels = predictions.drop_duplicates(c.PATIENT_ID).set_index(c.PATIENT_ID)[c.LABEL].loc[learners]
    updated = pd.concat([part for part, _ in parts], ignore_index=True)
    figures = pd.DataFrame([row for _, row in parts])
    events = {str(name): int(count) for name, count in labels.value_counts().sort_index().items()}
    return Updated(share, len(learners), events, updated, figures)


def _updates(
    predictions: pd.DataFrame, learning: pd.Series, confidence: float
) -> Iterator[tuple[pd.DataFrame, dict[str, object]]]:
    """Predictions of the other patients under each update, with its row of figures.

    A slope that is not positive would turn the ranking round, and where cases and controls lie apart or all scores are
    equal there is none. No update is made then: the part is empty, and the row says no more than which update it is
    and whom it would have been judged on.

    Raises
    ------
    InputError
        The patients to learn from are of one class.
    """
    for (_, outcome), rows in predictions.groupby([c.SIGNATURE, c.OUTCOME], sort=False):
        known, others = rows[learning.loc[rows.index]], rows[~learning.loc[rows.index]]
        y, score = outcome_scores(known, str(outcome))
        plain = others[[c.PATIENT_ID, c.LABEL, c.OUTCOME, c.SIGNATURE]]
        frozen = plain.assign(**{c.UPDATE: FROZEN}).assign(**{c.SCORE: others[c.SCORE]})
        yield frozen, _figures(frozen, (0.0, 1.0), confidence)
        for update in UPDATES:
            part, step = plain.assign(**{c.UPDATE: update, c.SCORE: np.nan}), _learned(update, score, y)
            if step is None:
                yield part.iloc[:0], _place(part, (np.nan, np.nan))
            else:
                part[c.SCORE] = step.transform(others[c.SCORE].to_numpy())
                yield part, _figures(part, (step.intercept_, step.slope_), confidence)


def _learned(update: Update, score: NDArray[np.float64], y: NDArray[np.int_]) -> LogisticRecalibration | None:
    """Learn an update of scores (n,) from outcomes (n,); None where there is no positive slope."""
    step = LogisticRecalibration(update)
    try:
        step.fit(score, y)
    except InputError:
        if update == UPDATES[0]:
            raise
        return None
    return step if step.slope_ > 0 else None


def _figures(part: pd.DataFrame, coefficients: tuple[float, float], confidence: float) -> dict[str, object]:
    y, score = outcome_scores(part, str(part[c.OUTCOME].iloc[0]))
    slope, intercept = calibration_slope_intercept(y, score, confidence)
    estimates = {c.AUC: auc_delong(y, score, confidence), c.SLOPE: slope, c.INTERCEPT: intercept}
    return {
        **_place(part, coefficients),
        c.EXPECTED: float(score.sum() / y.sum()) if y.any() else np.nan,
        **{
            f"{name}{end}": value
            for name, found in estimates.items()
            for end, value in (("", found.value), ("_low", found.low), ("_high", found.high))
        },
        c.BRIER: brier(y, score),
    }


def _place(part: pd.DataFrame, coefficients: tuple[float, float]) -> dict[str, object]:
    """Which update of what, and its patients: all that can be said of one that was not made."""
    first = part.iloc[0]
    return {
        **{name: first[name] for name in (c.SIGNATURE, c.OUTCOME, c.UPDATE)},
        **dict(zip((c.A, c.B), coefficients, strict=True)),
        **{c.N: len(part), c.EVENTS: int((part[c.LABEL] == first[c.OUTCOME]).sum())},
    }
