"""TIME001 and TIME002: clinical columns that could not have been known, or that give the label away."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from sonoher2.cohort.guess import usual_timing, words
from sonoher2.config import TIMINGS, ClinicalColumn
from sonoher2.errors import InputError
from sonoher2.evaluation.predictability import predict_outcome
from sonoher2.study.checks.facts import ONE_CLASS, Facts
from sonoher2.study.checks.outcome import Outcome, found, passed, skipped

NEARLY_THE_LABEL, AT_LEAST = 0.95, 0.85
"""AUC of a column that is nearly the label, and the lower limit of its interval."""
_BIOPSY = r".*\b(her ?2|erbb2|ihc|fish|immunohistochem\w*|biopsy|core needle|subtype|luminal)\b.*"
# a margin by itself is the lesion's, which a sonographer describes
_POST_OP = (
    r".*\b(p[tnm]\d?|post ?op\w*|surgical|specimen|(resection|excision) margins?|margins? (status|involve\w*)"
    r"|recurrence|relapse|survival|follow ?up|death|pcr)\b.*"
)


def late_columns(facts: Facts) -> Outcome:
    """TIME001: columns whose name says that they are known only after the prediction is made."""
    columns = facts.config.clinical.columns
    if not columns:
        return skipped("TIME001", "the study has no clinical columns")
    last = TIMINGS.index(facts.config.timing)
    late = [name for name, column in columns.items() if max(_named(name), _named(column.column or name)) > last]
    if not late:
        return passed("TIME001")
    what = f"{', '.join(late)} would be known only after a {facts.config.timing} prediction, going by the name"
    return found("TIME001", "error", what, "clinical.columns")


def _named(name: str) -> int:
    """Position in `TIMINGS` of the time that a column's name speaks of; 0, the earliest, when it says nothing."""
    if re.fullmatch(_POST_OP, words(name)):
        return TIMINGS.index("post-op")
    if re.fullmatch(_BIOPSY, words(name)):
        return TIMINGS.index("biopsy")
    return TIMINGS.index(usual_timing(name) or TIMINGS[0])


def label_columns(facts: Facts) -> Outcome:
    """TIME002: single clinical columns whose out-of-fold AUC is above 0.95."""
    columns = facts.cohort.clinical
    if not columns:
        return skipped("TIME002", "the study has no clinical columns")
    here = facts.looked_at
    patients = facts.cohort.patients[here]
    if facts.of_one_class:
        return skipped("TIME002", ONE_CLASS)
    telling = []
    for name, declared in columns.items():
        for outcome in facts.cohort.outcomes:
            try:
                result = predict_outcome(
                    numeric_columns(patients[name], declared),
                    patients["label"] == outcome,
                    patients["group"],
                    seed=facts.config.seed,
                    permutations=1,
                )
            except InputError as error:
                return skipped("TIME002", error.what)
            if result.auc.value > NEARLY_THE_LABEL and result.auc.low > AT_LEAST:
                telling.append(f"{name} (AUC {result.auc.value:.2f} for {facts.cohort.classes[outcome]})")
    if not telling:
        return passed("TIME002")
    return found("TIME002", "error", f"one column alone tells the label: {', '.join(telling)}", "clinical.columns")


def numeric_columns(values: pd.Series, declared: ClinicalColumn) -> pd.DataFrame:
    """One clinical column as finite numbers, (patients, columns): categories as 0 and 1, missing values marked."""
    if declared.kind == "category":
        return dummies(values)
    known = values.astype(np.float64)
    filled = known.fillna(known.mean() if known.notna().any() else 0.0)
    table = pd.DataFrame({str(values.name): filled})
    return table.assign(missing=known.isna().astype(float)) if known.isna().any() else table


def dummies(values: pd.Series) -> pd.DataFrame:
    """Levels of a column as 0 and 1, a missing value as a level of its own."""
    return pd.get_dummies(values.astype(object).where(values.notna(), "missing").astype(str), dtype=np.float64)
