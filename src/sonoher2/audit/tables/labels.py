"""Labels of another tool's tables, and columns that are the label once more."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sonoher2.audit.tables.columns import LABEL, find_columns, is_binary
from sonoher2.core.errors import InputError

KNOWN = 10
"""Rows by which a column is told to be the label: fewer may agree by chance."""


def binary(cells: pd.Series, where: str) -> pd.Series:
    """Labels or calls as 0 and 1; NaN where missing.

    Raises
    ------
    InputError
        There are other values.
    """
    found = pd.to_numeric(cells, errors="coerce")
    if (found.isna() & cells.notna()).any() or not found.dropna().isin([0, 1]).all():
        shown = ", ".join(sorted(cells.dropna().astype(str).unique())[:5])
        raise InputError(f"a label is neither 0 nor 1 ({shown})", where=where, fix="Code cases as 1 and controls as 0")
    return found


def label_columns(table: pd.DataFrame) -> list[str]:
    """Columns of labels, the best known first: a further one counts if it holds 0 and 1 only."""
    first, *others = find_columns(table, LABEL) or [""]
    return [first, *(name for name in others if is_binary(table[name]))] if first else []


def label_column(table: pd.DataFrame, path: Path) -> str | None:
    """Name of the column of labels; None where there is none.

    Raises
    ------
    InputError
        Another column of labels says something else.
    """
    first, *others = label_columns(table) or [""]
    for other in others:
        own, further = (binary(table[name], f"{path}, column '{name}'") for name in (first, other))
        differ = int((own.notna() & further.notna() & (own != further)).sum())
        if differ:
            what = f"the columns '{first}' and '{other}' are both named like a label, and differ in {differ} rows"
            raise InputError(what, where=str(path), fix="Keep the one that was predicted")
    return first or None


def copies_of_label(features: pd.DataFrame, label: pd.Series) -> tuple[list[str], list[str]]:
    """Features that are the label: it, 1 less it, or two other numbers of which cases have one and controls the other.

    Parameters
    ----------
    features
        (rows, features).
    label
        (rows,) of 0, 1 or NaN.

    Returns
    -------
    Their names; and sentences that say so.
    """
    names, notes = [], []
    of_cases, of_controls = (features[label == k] for k in (1, 0))
    one_each = of_cases.nunique().eq(1) & of_controls.nunique().eq(1)
    for name in features.columns[one_each]:
        known = features[name].notna() & label.notna()
        case, control = float(of_cases[name].max()), float(of_controls[name].max())
        if case != control and known.sum() >= KNOWN:
            names.append(str(name))
            is_label = "equals the label" if {case, control} == {0, 1} else "is the label in other numbers"
            notes.append(f"Column '{name}' {is_label} and is not read as a feature.")
    return names, notes
