"""What repairs of the probabilities would do at a new hospital: nothing is mended, all is only measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.engine import FRAME, Step
from sonoher2.evaluation.calibration import (
    brier,
    calibration_slope_intercept,
    expected_calibration_error,
    expected_over_observed,
)
from sonoher2.evaluation.labelled_draws import DrawnFigures, update_on_draws
from sonoher2.evaluation.shift.prior import PriorShift, correct_prior
from sonoher2.study.analyses.analysis import Analysis, Scored, is_validation
from sonoher2.study.analyses.performance.uncertainty import class_probabilities
from sonoher2.study.results import columns as c
from sonoher2.study.results.predictions import each_part
from sonoher2.study.results.schema import declare
from sonoher2.study.results.updated import FROZEN, UPDATES

PRIOR_SHIFT = "prior shift"
"""Name of the correction that needs no labels."""
LABELLED = (30, 60, 100)
"""Labelled patients that a new site might have."""
DRAWS = 200
LEAST_OTHERS = 50
"""Patients that are left to judge an update on; with fewer it is not tried."""


def numbered_outcomes(part: pd.DataFrame, training: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """Outcomes of some predictions, each with the number of its class."""
    numbers = {name: number for number, name in enumerate(training)}
    return ((str(name), numbers[str(name)]) for name in part[c.OUTCOME].unique())


def repair_table(
    predictions: pd.DataFrame,
    training: Mapping[str, int],
    groups: pd.Series,
    seed: int,
    confidence: float,
    sizes: Sequence[int] = LABELLED,
) -> pd.DataFrame:
    """Calibration of the frozen model, after the prior shift correction, and after updates on a few labelled patients.

    Parameters
    ----------
    predictions
        Of the new cohort by the frozen model, as in `StudyResult`.
    training
        Training patients by class, the classes in order.
    seed, confidence
        Of the draws; level of the intervals.
    groups
        By patient: who shares a picture has the same number.
    sizes
        Numbers of labelled patients; those that leave fewer than `LEAST_OTHERS` others are left out.

    Returns
    -------
    As `REPAIRS.schema` declares.
    """
    rows: list[dict[str, object]] = []
    for (signature,), part in each_part(predictions, [c.SIGNATURE]):
        patients, labels, p = class_probabilities(part, list(training))
        prior = correct_prior(p, list(training.values()), repeats=1, seed=seed)
        for outcome, number in numbered_outcomes(part, training):
            place: dict[str, object] = {c.SIGNATURE: signature, c.OUTCOME: outcome}
            is_case = labels == number
            rows += [{**place, **one} for one in _of_all(is_case, p[:, number], prior, number, confidence)]
            for size in sizes:
                if len(p) - size < LEAST_OTHERS:
                    continue
                drawn = update_on_draws(
                    is_case,
                    p[:, number],
                    groups.loc[patients],
                    labelled=size,
                    updates=UPDATES,
                    draws=DRAWS,
                    seed=seed,
                )
                count = {c.LABELLED: size, c.N: len(p) - size}
                rows += [{**place, c.UPDATE: name, **count, **_spread(one, confidence)} for name, one in drawn.items()]
    return pd.DataFrame(rows, columns=list(REPAIRS_SCHEMA.names))


def _of_all(
    is_case: NDArray[np.bool_], frozen: NDArray[np.float64], prior: PriorShift, number: int, confidence: float
) -> Iterator[dict[str, object]]:
    """Rows of what needs no label: judged on all patients, with intervals of these."""
    before = brier(is_case, frozen)
    for name, score in ((FROZEN, frozen), (PRIOR_SHIFT, prior.probabilities[:, number])):
        expected = expected_over_observed(is_case, score, confidence)
        slope, _ = calibration_slope_intercept(is_case, score, confidence)
        error = brier(is_case, score)
        yield {
            **{c.UPDATE: name, c.LABELLED: 0, c.N: len(score)},
            **{c.EXPECTED: expected.value, c.low(c.EXPECTED): expected.low, c.high(c.EXPECTED): expected.high},
            **{c.SLOPE: slope.value, c.low(c.SLOPE): slope.low, c.high(c.SLOPE): slope.high},
            **{c.BRIER: error, c.ECE: expected_calibration_error(is_case, score)},
            c.WORSE: np.nan if name == FROZEN else float(error > before),
        }


def _spread(found: DrawnFigures, confidence: float) -> dict[str, object]:
    """Median over the draws, and the range that holds the share `confidence` of them."""
    fitted = ~np.isnan(found.brier)
    row: dict[str, object] = {c.UNFITTED: float(np.mean(~fitted))}
    row[c.WORSE] = float(np.mean(found.gain[fitted] < 0)) if fitted.any() else np.nan
    for name in (c.EXPECTED, c.SLOPE, c.BRIER, c.ECE):
        # an undefined figure of a draw, such as a slope where cases and controls are apart, is left out
        known = getattr(found, name)[~np.isnan(getattr(found, name))]
        ends = [(1 - confidence) / 2, 0.5, (1 + confidence) / 2]
        low, middle, high = np.quantile(known, ends) if len(known) else [np.nan] * 3
        row |= {name: float(middle), c.low(name): float(low), c.high(name): float(high)}
    return row


def _repairs(scored: Scored) -> pd.DataFrame:
    groups = scored.measured.cohort.patients[c.GROUP]
    return scored.context.run(
        STEP, scored.predictions, training_patients(scored), groups, scored.study.seed, scored.confidence
    )


def training_patients(scored: Scored) -> dict[str, int]:
    """Training patients by class, in the order of the classes."""
    counts = {} if scored.bundle is None else scored.bundle.schema.training_patients
    return {name: counts[name] for name in scored.classes}


REPAIRS_SCHEMA = declare(
    "Calibration before and after repairs",
    *(c.SIGNATURE, c.OUTCOME, c.UPDATE, c.LABELLED, c.N, c.UNFITTED),
    *(c.EXPECTED, c.SLOPE, c.BRIER, c.ECE, c.WORSE),
    ends=[c.EXPECTED, c.SLOPE, c.BRIER, c.ECE],
)
STEP = Step("repairs", repair_table, FRAME)
REPAIRS = Analysis("repairs", "external", REPAIRS_SCHEMA, _repairs, is_validation)
