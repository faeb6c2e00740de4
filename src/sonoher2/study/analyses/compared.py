"""Scores of the same patients under another condition, against those as they were given."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sonoher2.evaluation.compare.comparison import delong_test
from sonoher2.evaluation.discrimination import auc_delong
from sonoher2.study.results import columns as c
from sonoher2.study.results.outcomes import outcome_scores

Row = dict[str, float | str]
"""One row of a table."""
COMPARED = (
    *(c.SIGNATURE, c.OUTCOME, c.N, c.EVENTS, c.AUC, c.DIFFERENCE, c.LOW, c.HIGH),
    *(c.MOVED, c.SWITCHED),
)
"""Columns of `compared_rows`, without the ends of the AUC's interval."""


def compared_rows(
    given: pd.DataFrame,
    changed: pd.DataFrame,
    limits: pd.Series,
    confidence: float,
    given_limits: pd.Series | None = None,
) -> list[Row]:
    """One row per signature and outcome: changed scores of the same patients against the given ones.

    Parameters
    ----------
    given, changed
        Predictions of one set.
    limits
        Frozen threshold by signature and outcome.
    confidence
        Level of the intervals.
    given_limits
        Thresholds of the given scores, where they are of another model than the changed ones.

    Returns
    -------
    `signature, outcome, n, events, auc, auc_low, auc_high` of the changed scores, `difference, low, high` (AUC minus
    that of the given ones), `moved` (mean absolute change of the score) and `switched` (share of patients who change
    sides of the threshold).
    """
    rows: list[dict[str, float | str]] = []
    for signature, outcome in given[[c.SIGNATURE, c.OUTCOME]].drop_duplicates().itertuples(index=False, name=None):
        part = given[(given[c.SIGNATURE] == signature) & (given[c.OUTCOME] == outcome)]
        other = changed[(changed[c.SIGNATURE] == signature) & (changed[c.OUTCOME] == outcome)]
        y, before = outcome_scores(part, outcome)
        _, after = outcome_scores(other, outcome)
        area, test = auc_delong(y, after, confidence), delong_test(y, after, before, confidence)
        limit = float(limits[signature, outcome])
        given_limit = limit if given_limits is None else float(given_limits[signature, outcome])
        rows.append(
            {
                c.SIGNATURE: signature,
                c.OUTCOME: outcome,
                c.N: len(y),
                c.EVENTS: int(y.sum()),
                c.AUC: area.value,
                c.low(c.AUC): area.low,
                c.high(c.AUC): area.high,
                c.DIFFERENCE: test.difference,
                c.LOW: test.low,
                c.HIGH: test.high,
                c.MOVED: float(np.abs(after - before).mean()),
                c.SWITCHED: float(((after >= limit) != (before >= given_limit)).mean()),
            }
        )
    return rows
