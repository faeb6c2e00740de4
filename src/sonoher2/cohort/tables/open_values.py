"""Texts of a clinical column that may be a value or mean that there is none: settled by the column, or refused."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from sonoher2.cohort.reading.text import MISSING, OPEN, is_date
from sonoher2.cohort.tables.table import none_if_missing, place
from sonoher2.config.clinical import ClinicalColumn
from sonoher2.core.errors import Finding
from sonoher2.core.spelling import folded, plain

NONE = "none"
DASHES = frozenset({*OPEN, "(-)", "（-）", "（－）"} - {NONE})
PLUSES = frozenset({"+", "＋", "(+)", "（+）", "（＋）"})
_EXCEL_ERRORS = frozenset({"#ref!", "#div/0!", "#value!", "#name?", "#num!", "#null!", "#spill!", "#calc!"})


class Settled(NamedTuple):
    """What is left of a column.

    Attributes
    ----------
    texts
        (rows,) of str or None; every dash or plus is ``-`` or ``+``, and what cannot be settled is None.
    refused
        (rows,) of bool: what cannot be settled.
    findings
        They name rows.
    """

    texts: pd.Series
    refused: pd.Series
    findings: list[Finding]


def settled(texts: pd.Series, column: ClinicalColumn, no_words: frozenset[str], where: str) -> Settled:
    """Take out what means that there is no value, and refuse what may be read in two ways.

    A dash is the negative of a plus: in a column of yes and no, or of categories, that has a plus, it is a value.

    Parameters
    ----------
    texts
        (rows,) of str or None, as written in the table.
    column
        The column's declaration.
    no_words
        Texts that mean no, folded, besides a dash.
    where
        Name of the table and the column, for findings.
    """
    keys = texts.map(plain, na_action="ignore")
    texts = texts.mask(keys.isin({plain(spelling) for spelling in column.missing}))
    if column.kind == "number":
        return _without_number(texts, where)
    if column.contains is None and not column.levels:
        texts = _signs(texts)
    keys = texts.map(plain, na_action="ignore")
    levels = {plain(level) for level in column.levels} | _dash_as_value(set(keys.dropna()), column, no_words)
    unclear = keys.isin(_may_be_values(set(keys.dropna()), column, no_words) - levels)
    dates = texts.map(is_date, na_action="ignore").eq(True) & ~keys.isin(levels)
    if not column.levels and column.kind == "category":
        dates |= _serial_dates(texts)
    # a column that is too narrow is written as ###
    narrow = texts.str.fullmatch("##+").eq(True) & ~keys.isin(levels)
    broken = keys.isin(_EXCEL_ERRORS - levels) | narrow
    missing = texts.map(folded, na_action="ignore").isin(MISSING) & ~keys.isin(levels)
    findings = [*_unclear(keys[unclear], where), *_broken(dates, broken, where)]
    refused = unclear | dates | broken
    return Settled(none_if_missing(texts.mask(missing | refused)), refused, findings)


def _dash_as_value(keys: set[str], column: ClinicalColumn, no_words: frozenset[str]) -> set[str]:
    """Give the dash, where it is plainly the negative of a plus."""
    undeclared = column.contains is None and not column.levels
    plain_pair = undeclared and {"+", "-"} <= keys and not (column.kind == "yes/no" and keys & no_words)
    return {"-"} if plain_pair else set()


def _may_be_values(keys: set[str], column: ClinicalColumn, no_words: frozenset[str]) -> set[str]:
    """Spellings of a missing value that may be a value in this column."""
    # where a word says no, a dash without a plus beside it says nothing
    dash = column.kind == "yes/no" and column.contains is None and not column.levels
    return {NONE, "-"} if dash and ("+" in keys or not keys & no_words) else {NONE}


def _signs(texts: pd.Series) -> pd.Series:
    """Write every dash and plus that stands alone in one way."""
    signs = dict.fromkeys(DASHES, "-") | dict.fromkeys(PLUSES, "+")
    return texts.map(lambda text: signs.get(folded(text), text), na_action="ignore")


def _without_number(texts: pd.Series, where: str) -> Settled:
    keys = texts.map(folded, na_action="ignore")
    findings = []
    none = keys.index[keys == NONE]
    if len(none):
        what = "'none' counts as missing"
        fix = "Write 0 where it means that there is none of it, or list it in `missing` of the column"
        findings = [Finding("warning", what, place(where, none), fix)]
    return Settled(none_if_missing(texts.mask(keys.isin(MISSING))), pd.Series(False, texts.index), findings)


def _serial_dates(texts: pd.Series) -> pd.Series:
    """Tell the days since 1900 that a spreadsheet makes of a date of 2000 to 2050, among values of another kind."""
    days = texts.str.fullmatch(r"3(6[5-9]|[7-9]\d)\d{2}|4\d{4}|5[0-4]\d{3}").eq(True)
    return days & (2 * days.sum() < texts.notna().sum())


def _unclear(keys: pd.Series, where: str) -> list[Finding]:
    fix = "List it in `levels` of the column if it is a value, or in `missing` if it means that nothing is known"
    findings = []
    for spelling in sorted(set(keys)):
        rows = keys.index[keys == spelling]
        what = f"'{spelling}' may be a value or mean that nothing is known"
        findings.append(Finding("error", what, place(where, rows), fix))
    return findings


def _broken(dates: pd.Series, errors: pd.Series, where: str) -> list[Finding]:
    findings = []
    if dates.any():
        what = "a date among the values: a spreadsheet may have made it of a text such as 4-5"
        fix = "Write the value that was meant, in a column formatted as text"
        findings.append(Finding("error", what, place(where, dates.index[dates]), fix))
    if errors.any():
        what = "an error of a spreadsheet, such as #REF! or ###, in place of a value"
        findings.append(
            Finding(
                "error",
                what,
                place(where, errors.index[errors]),
                "Mend the formula in Excel, or widen the column, and save the table anew",
            )
        )
    return findings
