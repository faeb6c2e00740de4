"""TIME001 and TIME002: clinical columns that could not have been known, or that give the label away."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sonoher2.cohort.drafting.variable_names import Knowledge, known_from
from sonoher2.cohort.tables.table import plain
from sonoher2.config.base import TIMINGS, Timing
from sonoher2.config.clinical import ClinicalColumn
from sonoher2.config.study import StudyConfig
from sonoher2.config.target import ColumnTarget, Her2Target
from sonoher2.core.errors import InputError
from sonoher2.evaluation.shift.predictability import predict_outcome
from sonoher2.study.checks.facts import ONE_CLASS, Facts, FactsCheck
from sonoher2.study.checks.outcome import Outcome
from sonoher2.study.results import columns as c

MISSING = "missing"
"""Column, and level, that marks values that are missing."""
NEARLY_THE_LABEL, AT_LEAST = 0.95, 0.85
"""AUC of a column that is nearly the label, and the lower limit of its interval."""
MOST_VALUES = 12
"""Different numbers of a column that may be codes."""
_WHEN: dict[Knowledge, Timing] = {
    "her2": "biopsy", "treatment": "post-op", "outcome": "post-op", "surgery": "post-op", "biopsy": "biopsy",
}  # fmt: skip


def late_columns(facts: Facts) -> Outcome:
    """TIME001: columns that tell the label, or whose name says that they are known only after the prediction."""
    columns = facts.config.clinical.columns
    if not columns:
        return TIME001.skipped("the study has no clinical columns")
    late: dict[str, list[str]] = {}
    for name, column in columns.items():
        reason = _too_late(name, column, facts.config)
        if reason:
            late.setdefault(reason, []).append(name)
    if not late:
        return TIME001.passed()
    parts = [f"{', '.join(names)} {reason}" for reason, names in late.items()]
    return TIME001.found("error", f"{'; '.join(parts)}, going by the name", "clinical.columns")


def _too_late(name: str, column: ClinicalColumn, study: StudyConfig) -> str:
    """Why a column may not predict the target; empty when it may."""
    source = column.column or name
    if plain(source) in map(plain, study.target.columns):
        return "would be the label itself"
    names = [name, source, *filter(None, [column.contains])]
    never = next(filter(None, (_never(one, study.target) for one in names)), "")
    last = TIMINGS.index(study.timing)
    late = any(_named(one) > last for one in names)
    return never or (f"would be known only after a {study.timing} prediction" if late else "")


def _never(name: str, target: Her2Target | ColumnTarget) -> str:
    """Why a column of this name may predict the target at no timing; empty when it may."""
    basis = known_from(name)
    if basis == "outcome":
        return "would be known only after any prediction"
    if isinstance(target, ColumnTarget) and known_from(target.column) != "her2":
        return ""
    return {"her2": "would tell HER2 itself at any timing", "treatment": "would follow from HER2 at any timing"}.get(
        basis or "", ""
    )


def _named(name: str) -> int:
    """Position in `TIMINGS` of the time that a column's name speaks of; 0, the earliest, when it says nothing."""
    basis = known_from(name)
    return TIMINGS.index(TIMINGS[0] if basis is None else _WHEN[basis])


def label_columns(facts: Facts) -> Outcome:
    """TIME002: single clinical columns whose out-of-fold AUC is above 0.95."""
    columns = facts.cohort.clinical
    if not columns:
        return TIME002.skipped("the study has no clinical columns")
    here = facts.looked_at
    patients = facts.cohort.patients[here]
    if facts.of_one_class:
        return TIME002.skipped(ONE_CLASS)
    telling = []
    for name, declared in columns.items():
        for outcome in facts.cohort.outcomes:
            try:
                areas = [
                    predict_outcome(
                        reading, patients[c.LABEL] == outcome, patients[c.GROUP], seed=facts.config.seed, permutations=1
                    ).auc
                    for reading in _readings(patients[name], declared)
                ]
            except InputError as error:
                return TIME002.skipped(error.what)
            area = max(areas, key=lambda one: one.value)
            if area.value > NEARLY_THE_LABEL and area.low > AT_LEAST:
                telling.append(f"{name} (AUC {area.value:.2f} for {facts.cohort.classes[outcome]})")
    if not telling:
        return TIME002.passed()
    return TIME002.found("error", f"one column alone tells the label: {', '.join(telling)}", "clinical.columns")


def _readings(values: pd.Series, declared: ClinicalColumn) -> list[pd.DataFrame]:
    """Look at a column by its order, which no single wild value hides, and at each of a few values by itself."""
    columns = numeric_columns(values, declared)
    if declared.kind == "category":
        return [columns]
    name = str(values.name)
    ranked = columns.assign(**{name: columns[name].rank()})
    return [ranked, dummies(values)] if values.nunique() <= MOST_VALUES else [ranked]


def numeric_columns(values: pd.Series, declared: ClinicalColumn) -> pd.DataFrame:
    """One clinical column as finite numbers, (patients, columns): categories as 0 and 1, missing values marked."""
    if declared.kind == "category":
        return dummies(values)
    known = values.astype(np.float64)
    filled = known.fillna(known.mean() if known.notna().any() else 0.0)
    table = pd.DataFrame({str(values.name): filled})
    return table.assign(**{MISSING: known.isna().astype(float)}) if known.isna().any() else table


def dummies(values: pd.Series) -> pd.DataFrame:
    """Levels of a column as 0 and 1, a missing value as a level of its own."""
    return pd.get_dummies(values.astype(object).where(values.notna(), MISSING).astype(str), dtype=np.float64)


TIME001 = FactsCheck(
    "TIME001",
    "A column known only after the prediction",
    "Remove the column, or set the study's `timing` to when it is known",
    late_columns,
)
TIME002 = FactsCheck(
    "TIME002",
    "A clinical column that is nearly the label",
    "Find out how it is made; remove it if it rests on the label",
    label_columns,
)
