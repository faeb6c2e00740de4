"""What each further part adds: reclassification and discrimination improvement of nested signatures."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sonoher2.evaluation.compare.reclassification import Gain, categorical_nri, continuous_nri, idi
from sonoher2.signatures.registry import nested_pairs
from sonoher2.study.analyses.analysis import Analysis
from sonoher2.study.results import columns as c
from sonoher2.study.results.outcomes import outcome_scores
from sonoher2.study.results.predictions import each_part
from sonoher2.study.results.schema import declare


def added_value_table(predictions: pd.DataFrame, thresholds: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Net reclassification and integrated discrimination improvement of every nested pair.

    Parameters
    ----------
    predictions, thresholds
        As in `StudyResult`.
    confidence
        Level of the intervals.

    Returns
    -------
    `set, outcome, old, new, measure, cases, controls, total` and `..._low`, `..._high` of the last three. Measures:
    ``NRI`` at both signatures' frozen thresholds, ``continuous NRI``, ``IDI``.
    """
    frozen = thresholds.set_index([c.SIGNATURE, c.OUTCOME])[c.THRESHOLD]
    rows: list[dict[str, object]] = []
    for (subset, outcome), part in each_part(predictions, [c.SET, c.OUTCOME]):
        # the same patients in the same order for every signature
        by_name = {name: rows.sort_values(c.PATIENT_ID) for (name,), rows in each_part(part, [c.SIGNATURE])}
        for old, new in nested_pairs(list(by_name)):
            y, before = outcome_scores(by_name[old], outcome)
            _, after = outcome_scores(by_name[new], outcome)
            was, now = (
                np.asarray(score >= float(frozen.loc[(name, outcome)]), dtype=np.float64)
                for name, score in ((old, before), (new, after))
            )
            gains = {
                "NRI": categorical_nri(y, was, now, confidence=confidence),
                "continuous NRI": continuous_nri(y, before, after, confidence),
                "IDI": idi(y, before, after, confidence),
            }
            place = {c.SET: subset, c.OUTCOME: outcome, c.OLD: old, c.NEW: new}
            rows += [{**place, c.MEASURE: name, **_columns(gain)} for name, gain in gains.items()]
    return pd.DataFrame(rows)


def _columns(gain: Gain) -> dict[str, float]:
    parts = {c.CASES: gain.cases, c.CONTROLS: gain.controls, c.TOTAL: gain.total}
    return {
        f"{name}{end}": value
        for name, estimate in parts.items()
        for end, value in (("", estimate.value), ("_low", estimate.low), ("_high", estimate.high))
    }


SCHEMA = declare(
    "Reclassification",
    *(c.SET, c.OUTCOME, c.OLD, c.NEW, c.MEASURE, c.CASES, c.CONTROLS, c.TOTAL),
    ends=[c.CASES, c.CONTROLS, c.TOTAL],
)
ANALYSIS = Analysis(
    "added_value",
    "performance",
    SCHEMA,
    lambda scored: added_value_table(scored.predictions, scored.thresholds, scored.confidence),
)
