"""The probabilities of a frozen model after an update on a share of a second cohort."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from sonoher2.evaluation.recalibration import Update

FROZEN = "frozen"
UPDATES: tuple[Update, ...] = ("intercept", "intercept and slope")


@dataclass(frozen=True)
class Updated:
    """The frozen probabilities and their updates, for the patients that no update was learned on.

    Attributes
    ----------
    share
        Share of the cohort that the updates were learned on.
    learned_on, events
        Patients, and by class.
    predictions
        `patient_id, label, outcome, signature, update, score`; `update` is `FROZEN` or one of `UPDATES`.
        No rows of an update that was not made.
    figures
        One row per signature, outcome and update: `a, b` (learned), `n, events, expected` (events predicted per event
        seen), and `auc`, `slope`, `intercept` with `_low` and `_high`, `brier`. An update whose slope would not have
        been positive was not made: `a`, `b` and what follows from them are NaN.
    """

    share: float
    learned_on: int
    events: dict[str, int]
    predictions: pd.DataFrame
    figures: pd.DataFrame = field(repr=False)
