"""Rows of a table that are no patients, and identifiers that a spreadsheet has damaged."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence

import pandas as pd

from sonoher2.cohort.reading.text import EXACT_DIGITS
from sonoher2.cohort.table import place
from sonoher2.errors import Finding, InputError
from sonoher2.spelling import folded, plain

_SUMMARY = frozenset(
    {
        "mean", "median", "average", "avg", "total", "totals", "subtotal", "sub-total", "grand total", "sum", "sd",
        "std", "std dev", "standard deviation", "min", "max", "minimum", "maximum", "range", "count", "n", "%",
        "percent", "percentage", "iqr", "mean ± sd", "mean±sd",
        "合计", "总计", "共计", "小计", "总数", "总和", "平均", "平均值", "平均数", "均值", "中位数", "标准差",
        "最大值", "最小值", "例数", "计数", "百分比",
    }
)  # fmt: skip
"""What stands in place of a patient in a row that sums up others, compared without regard to case."""
_NOTE = re.compile(
    r"(notes?|remarks?|sources?|legend|comments?|abbreviations?|备注|注释|说明|注)\s*[:：].*|[*†‡※].*", re.I
)
_SCIENTIFIC = re.compile(r"\d([.,]\d+)?E\+\d+", re.IGNORECASE)


def without_summaries(table: pd.DataFrame, patient_ids: pd.Series, where: str) -> tuple[pd.DataFrame, list[Finding]]:
    """Leave out rows at the end of a table that hold sums, means or remarks instead of a patient.

    Parameters
    ----------
    table
        As from `read_table`.
    patient_ids
        (rows,) of str or None, index as `table`.
    where
        Name of the table, for messages.

    Returns
    -------
    The table without them, and a warning that names them.

    Raises
    ------
    InputError
        Such a row stands between patients.
    """
    alone = table.notna().sum(axis=1) == 1
    spaced = sum(" " in name for name in patient_ids.dropna())
    other = [
        name is not None and (_is_summary(name) or (bool(single) and spaced == 1 and " " in name))
        for name, single in zip(patient_ids, alone, strict=True)
    ]
    end = len(other)
    while end and other[end - 1]:
        end -= 1
    if any(other[:end]):
        rows = [row for row, is_other in zip(table.index[:end], other, strict=False) if is_other]
        what = "a row holds a sum, a mean or a remark instead of a patient"
        raise InputError(what, where=place(where, rows), fix="Delete the row; a table has one row for each patient")
    if end == len(other):
        return table, []
    rows = list(table.index[end:])
    what = f"{len(rows)} rows below the patients hold sums, means or remarks; they were left out"
    if len(rows) == 1:
        what = "a row below the patients holds a sum, a mean or a remark; it was left out"
    return table.iloc[:end], [Finding("warning", what, place(where, rows), "Delete what is no patient from the table")]


def _is_summary(name: str) -> bool:
    return folded(name).rstrip(":： ") in _SUMMARY or _NOTE.fullmatch(name) is not None


def damaged_ids(patient_ids: pd.Series, where: str) -> list[Finding]:
    """Errors for identifiers that a spreadsheet turned into rounded numbers.

    Parameters
    ----------
    patient_ids
        (rows,) of str.
    where
        Name of the table, for messages.
    """
    wrong = patient_ids.index[patient_ids.map(lambda text: _SCIENTIFIC.fullmatch(text) is not None)]
    fix = "Take the column anew from its source, formatted as text before it is opened in Excel"
    if len(wrong):
        what = f"identifiers such as {patient_ids[wrong[0]]} were damaged by a spreadsheet, which made them numbers"
        return [Finding("error", what, place(where, wrong), fix)]
    long = patient_ids[patient_ids.map(lambda text: text.isdecimal() and len(text) > EXACT_DIGITS)]
    if len(set(long)) > 1 and long.map(lambda text: not text[EXACT_DIGITS:].strip("0")).all():
        what = f"all identifiers of more than {EXACT_DIGITS} digits end with 0: a spreadsheet has rounded them"
        return [Finding("error", what, place(where, long.index), fix)]
    return []


def would_match(strangers: Sequence[str], known: Iterable[str]) -> str:
    """In which form identifiers of one table would be found in another, as a clause; "" where in none.

    Parameters
    ----------
    strangers
        Identifiers that are not among `known`.
    known
        Identifiers of the other table.
    """
    forms: dict[str, Callable[[str], str]] = {
        "without leading zeros": lambda text: text.lstrip("0"),
        "without '.0' at the end and without regard to case": plain,
        "as half-width characters": lambda text: plain(unicodedata.normalize("NFKC", text)),
        "without spaces and hyphens": lambda text: re.sub(r"[\s_-]", "", plain(text)),
        "without '.0' and leading zeros": lambda text: plain(text).lstrip("0"),
    }
    everyone = list(known)
    for how, form in forms.items():
        there = {form(name) for name in everyone} - {""}
        count = sum(form(name) in there for name in strangers)
        if count:
            return f"{count} of them would match {how}"
    return ""
