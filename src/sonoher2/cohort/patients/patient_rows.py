"""Rows of a table that are no patients, and identifiers that a spreadsheet has damaged."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence

import pandas as pd

from sonoher2.cohort.patients.identity import words_of
from sonoher2.cohort.reading.text import EXACT_DIGITS, is_date
from sonoher2.cohort.tables.table import place
from sonoher2.core.errors import Finding, InputError
from sonoher2.core.spelling import folded, plain

_SUMMARY = frozenset(
    {
        "mean", "median", "average", "avg", "total", "totals", "subtotal", "sub-total", "grand", "sum", "sd", "std",
        "dev", "stdev", "standard", "deviation", "standard deviation", "min", "max", "minimum", "maximum", "range",
        "count", "n", "percent", "percentage", "iqr", "sem", "variance", "p-value", "p value",
        "gesamt", "summe", "mittelwert", "moyenne", "médiane", "media", "mediana", "promedio", "среднее", "итого",
        "合计", "总计", "共计", "小计", "总数", "总和", "总", "共", "平均", "平均值", "平均数", "均值", "均数",
        "中位数", "标准差", "标准误", "最大值", "最小值", "例数", "计数", "百分比", "例", "人", "名",
        "总例数", "总人数", "人数", "年龄", "中位", "平均値", "中央値", "標準偏差", "合計", "總計",
        "평균", "합계",
    }
)  # fmt: skip
"""Words that stand in place of a patient in a row that sums up others, compared without regard to case."""
_UNITS = frozenset({"例", "人", "名", "总", "共", "年龄"})
"""Of these, words that sum up only beside another one."""
_NOTE = re.compile(
    r"(notes?|remarks?|sources?|legend|comments?|abbreviations?|备注|注释|说明|注|数据来源|(制表|填表|审核|统计|打印|导出)(人|者|时间|日期)?)"
    r"\s*[:：].*|[*†‡※].*|以下(空白|无正文).*|[\W_]+",
    re.I,
)
_NUMBER_BESIDE = re.compile(r"[^\W\d_a-z]|[a-z]{4,} |[^\d]*[=:：(（\[]")
"""A number belongs to a sum, and is not the end of an identifier: behind a Chinese word, a long one or a sign."""
_MOST_OTHERS = 20
"""Patients from which on an identifier that is unlike all others is told of."""
_SCIENTIFIC = re.compile(r"\d([.,]\d+)?E\+\d+|\d[.,]\d+E\d+|#+", re.IGNORECASE)


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
        Such a row stands between patients, or one repeats the header.
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
    again = [row for row, cells in zip(table.index, table.to_numpy(), strict=True) if _is_header(cells, table.columns)]
    if again:
        fix = "Delete the row; a table has one header"
        raise InputError("a row repeats the header", where=place(where, again), fix=fix)
    if any(other[:end]):
        rows = [row for row, is_other in zip(table.index[:end], other, strict=False) if is_other]
        what = "a row holds a sum, a mean or a remark instead of a patient"
        raise InputError(what, where=place(where, rows), fix="Delete the row; a table has one row for each patient")
    if end == len(other):
        return table, _unlike(patient_ids, where)
    rows = list(table.index[end:])
    what = f"{len(rows)} rows below the patients hold sums, means or remarks; they were left out"
    if len(rows) == 1:
        what = "a row below the patients holds a sum, a mean or a remark; it was left out"
    told = Finding("warning", what, place(where, rows), "Delete what is no patient from the table")
    return table.iloc[:end], [told, *_unlike(patient_ids.iloc[:end], where)]


def _is_header(cells: Iterable[str | None], names: Iterable[str]) -> bool:
    pairs = [(cell, name) for cell, name in zip(cells, names, strict=True) if cell is not None]
    return len(pairs) > 1 and all(cell == name for cell, name in pairs)


def _is_summary(name: str) -> bool:
    """Whether a text is made of words that sum up, with at most numbers and signs beside them: ``Mean (SD)``, ``N=64``.

    ``N64`` and ``SD-01`` may be patients.
    """
    text = folded(name)
    if _NOTE.fullmatch(text) and not _SCIENTIFIC.fullmatch(text):
        return True
    words = re.findall(r"p[- ]value|sub-total|[^\W\d_]+", text)
    numbered = any(letter.isdigit() for letter in text)
    if not words or not _SUMMARY.issuperset(words) or (_UNITS.issuperset(words) and text[0] not in "共总"):
        return False
    return not numbered or _NUMBER_BESIDE.match(text) is not None


def _unlike(patient_ids: pd.Series, where: str) -> list[Finding]:
    """Tell of the few identifiers that hold no digit, or hold a date, where all others are different."""
    known = patient_ids.dropna()
    for what, odd in (
        ("holds no digit", known.map(lambda name: not any(letter.isdigit() for letter in name))),
        ("has a colon or a sign of equality", known.map(lambda name: re.search("[=:：]", name) is not None)),
    ):
        number = int(odd.sum())
        if number and number * _MOST_OTHERS <= len(known):
            rows = list(known.index[odd])
            text = f"the identifier {what}, unlike all others; it may be of a sum or a remark"
            fix = "Delete the row if it is no patient; else give it an identifier like the others"
            return [Finding("warning", text, place(where, rows), fix)]
    return []


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
    dates = patient_ids.map(is_date).astype(bool)
    fix = "Take the column anew from its source, formatted as text before it is opened in Excel"
    if len(wrong):
        what = f"identifiers such as {patient_ids[wrong[0]]} were damaged by a spreadsheet, which made them numbers"
        return [Finding("error", what, place(where, wrong), fix)]
    if dates.any() and 2 * dates.sum() < len(dates):
        what = "an identifier is a date: a spreadsheet may have made it of a text such as 1-3"
        return [Finding("error", what, place(where, dates.index[dates]), fix)]
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
        "without leading zeros": lambda text: re.sub(r"(?<!\d)0+(?=\d)", "", text),
        "without '.0' at the end and without regard to case": plain,
        "as half-width characters": lambda text: plain(unicodedata.normalize("NFKC", text)),
        "without spaces, hyphens and apostrophes": lambda text: re.sub(r"[\s_'’`-]", "", plain(text)),
        "without signs and leading zeros": lambda text: " ".join(run for word in words_of(text) for run in word),
        "by their number alone": lambda text: "".join(re.findall(r"\d+", text)).lstrip("0"),
    }
    everyone = list(known)
    for how, form in forms.items():
        there = {form(name) for name in everyone} - {""}
        count = sum(form(name) in there for name in strangers)
        if count:
            return f"{count} of them would match {how}"
    return ""
