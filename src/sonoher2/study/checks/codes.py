"""MISS002: numbers that stand for a missing value, such as -9 or 999, and are read as numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sonoher2.config.clinical import ClinicalColumn
from sonoher2.study.checks.facts import Facts, FactsCheck
from sonoher2.study.checks.outcome import Outcome

NEGATIVE = (-1.0, -7.0, -8.0, -9.0, -77.0, -88.0, -99.0, -777.0, -888.0, -999.0, -9999.0, -99999.0)
POSITIVE = (99.0, 999.0, 9999.0, 99999.0, 888.0, 8888.0, 777.0, 7777.0, 99.9, 999.9)
"""Codes of statistics programs and of registries for what is unknown, not done or not told."""
WORDS = frozenset(f"{code:g}" for code in (*NEGATIVE[1:], *POSITIVE) if abs(code) not in (1.0, 7.0, 8.0))
"""The same as levels of a category."""
REPEATED = 3
"""From so many times on, a code counts that is the largest value and stands apart by a standard deviation."""


def coded_values(facts: Facts) -> Outcome:
    """MISS002: clinical columns with a value that looks like a code and not like a measurement."""
    clinical = facts.cohort.clinical
    if not clinical:
        return MISS002.skipped("the study has no clinical columns")
    told = []
    for name, column in clinical.items():
        values = facts.cohort.patients[name]
        codes = values[is_coded(values, column)].value_counts()
        told += [f"{name} ({_shown(code)} in {count} of {len(values)})" for code, count in codes.items()]
    if not told:
        return MISS002.passed()
    return MISS002.found(
        "warning", f"numbers that may stand for a missing value: {', '.join(told)}", "clinical.columns"
    )


def _shown(code: object) -> str:
    return f"{code:g}" if isinstance(code, float) else str(code)


def is_coded(values: pd.Series, column: ClinicalColumn) -> pd.Series:
    """Which values look like a code of a missing one, (patients,) bool.

    A negative code counts where no other value is negative; any code that is further from all others than these are
    from each other; and one that is repeated, larger than all others and apart from them by their standard deviation.
    """
    if column.kind == "category":
        return values.astype(object).map(lambda level: isinstance(level, str) and level.strip() in WORDS).astype(bool)
    if column.kind != "number":
        return pd.Series(False, index=values.index)
    numbers = values.astype(np.float64)
    suspects = numbers.isin([*NEGATIVE, *POSITIVE])
    others = numbers[~suspects & numbers.notna()]
    if others.empty:
        return pd.Series(False, index=values.index)
    codes = [code for code in numbers[suspects].unique() if _stands_apart(code, others, int((numbers == code).sum()))]
    return numbers.isin(codes)


def _stands_apart(code: float, others: pd.Series, count: int) -> bool:
    low, high = others.min(), others.max()
    if code < 0 <= low:
        return True
    away = max(low - code, code - high)
    return bool(away > high - low or (count >= REPEATED and away > others.std()))


MISS002 = FactsCheck(
    "MISS002",
    "Numbers that stand for missing values",
    "Name these spellings under `missing`, or say `low` and `high`",
    coded_values,
)
