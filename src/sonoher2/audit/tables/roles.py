"""Columns of a table of features that are no features, by their names."""

from __future__ import annotations

import pandas as pd

from sonoher2.audit.tables.columns import (
    CALL,
    FOLD,
    LABEL,
    MODEL,
    PATIENT,
    SCORE,
    SET,
    class_scores,
    find_column,
    find_columns,
    patient_column,
)
from sonoher2.audit.tables.labels import label_columns
from sonoher2.cohort.drafting.guess_columns import words


def no_features(table: pd.DataFrame) -> tuple[set[str], set[str]]:
    """Columns that say who is in which set with which label; and others that are named like one, a score or a fold.

    A further column that is named like a label, such as ``y``, but holds other numbers than 0 and 1 stays a feature.
    """
    labels = label_columns(table)
    used = {patient_column(table), find_column(table, SET), *labels[:1]} - {None}
    dropped = {name for names in (PATIENT, SET, SCORE, CALL, MODEL, FOLD) for name in find_columns(table, names)}
    pair = class_scores(table)
    if pair and words(pair[0][:-2]) in LABEL + SCORE:
        dropped |= set(pair)
    return {str(name) for name in used}, (dropped | set(labels)) - used
