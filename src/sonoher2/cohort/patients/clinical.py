"""Clinical columns: from the text of a table to typed values, one row per patient."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping

import numpy as np
import pandas as pd

from sonoher2.cohort.reading.text import says_nothing
from sonoher2.cohort.tables import columns as c
from sonoher2.cohort.tables.all_errors import collected
from sonoher2.cohort.tables.open_values import settled
from sonoher2.cohort.tables.table import column, none_if_missing, place
from sonoher2.config.clinical import ClinicalColumn
from sonoher2.core.errors import Finding
from sonoher2.core.spelling import plain

YES = ("yes", "y", "1", "true", "positive", "pos", "+", "present", "是", "有", "阳性")
NO = ("no", "n", "0", "false", "negative", "neg", "-", "absent", "否", "无", "阴性")

ONE_ROW = "Mend the table, or keep one row for each patient"
"""What to do where rows of a patient differ and no rule can say which counts."""
_NO_WORDS = frozenset(NO) - {"-"}
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?", re.IGNORECASE)
LARGE_PERCENTAGE = 10.0
"""Beside such a one a number below 1 is rather a share."""
FEW_VALUES = 5
"""Values from which a column shows in what unit it is."""
_AGE = re.compile(r"(?<![a-z])(?:age|alter|edad|idade)(?![a-z])|年龄|年齡|岁|歲")
_LENGTHS = {"mm": ("cm", 1 / 8), "cm": ("mm", 8.0)}
"""Units of a length, with the other unit and the share of the median from which a value may be in it."""
# "1,250" may be 1.25 or 1250; a leading zero or another count of digits settles it
_AMBIGUOUS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")


def read_number(text: str, unit: str = "") -> float | None:
    """Value of a text with a decimal point or comma, which its unit may follow; None when it is not one number.

    Parameters
    ----------
    text
        Such as ``12.5``, ``12,5`` or, with the unit mm, ``12 mm``.
    unit
        The column's unit.
    """
    text = unicodedata.normalize("NFKC", text).removesuffix(unicodedata.normalize("NFKC", unit)).strip()
    if not _NUMBER.fullmatch(text) or _AMBIGUOUS.fullmatch(text):
        return None
    value = float(text.replace(",", "."))
    # 1e400 is larger than any number of a computer
    return value if math.isfinite(value) else None


def bounds(name: str, column: ClinicalColumn) -> tuple[float, float]:
    """Smallest and largest possible value: as declared, else 0 to 120 for an age and 0 to 100 for a percentage.

    Parameters
    ----------
    name
        Key of the column in the study file.
    column
        Its declaration.
    """
    low, high = -np.inf, np.inf
    words = unicodedata.normalize("NFKD", f"{name} {column.column or ''} {column.unit}".casefold())
    if _AGE.search("".join(letter for letter in words if not unicodedata.combining(letter))):
        low, high = 0.0, 120.0
    elif column.unit == "%":
        low, high = 0.0, 100.0
    return (low if column.low is None else column.low), (high if column.high is None else column.high)


def parse_column(texts: pd.Series, name: str, column: ClinicalColumn, where: str) -> tuple[pd.Series, list[Finding]]:
    """Typed values of a clinical column.

    Parameters
    ----------
    texts
        (rows,) of str or None.
    name
        Key of the column in the study file.
    column
        Its declaration.
    where
        Name of the table, for findings.

    Returns
    -------
    (rows,): float for a number, float code 0, 1, ... for an ordered column, float 0 or 1 for yes/no, str or None for
    a category; and the errors, which name rows and never show a patient's value.
    """
    header = column.column or name
    here = f"{where}, column '{header}'"
    texts, _, open_ones = settled(none_if_missing(texts), column, _NO_WORDS, here)
    if column.kind == "number":
        values, problems = _numbers(texts, name, column, here)
    else:
        values, problems = _coded(texts, column, where, header)
    return values, [*open_ones, *problems]


def unread_cells(texts: pd.Series, name: str, column: ClinicalColumn) -> pd.Series:
    """Tell which cells say something that the declaration of their column cannot read.

    Parameters
    ----------
    texts, name, column
        As in `parse_column`.

    Returns
    -------
    (rows,) of bool.
    """
    known, refused, _ = settled(none_if_missing(texts), column, _NO_WORDS, "")
    values, _ = parse_column(texts, name, column, "")
    return refused | (known.notna() & values.isna())


def _coded(texts: pd.Series, column: ClinicalColumn, where: str, header: str) -> tuple[pd.Series, list[Finding]]:
    """Typed values of a column that is no number."""
    if column.contains is not None:
        # full-width letters and signs are those of the keyboard
        word = plain(unicodedata.normalize("NFKC", column.contains))
        told = texts.map(lambda text: float(word in plain(unicodedata.normalize("NFKC", text))), na_action="ignore")
        return told.astype(float), []
    codes = _codes(column)
    if not codes:
        return none_if_missing(texts.map(lambda text: " ".join(text.split()), na_action="ignore")), []
    keys = texts.map(plain, na_action="ignore")
    values: pd.Series = keys.map(codes)
    values = none_if_missing(values) if column.kind == "category" else values.astype(float)
    known = ", ".join(column.levels) or "yes, no"
    fix = f"Known are: {known}. Mend the table, `levels` or `missing`"
    return values, _problem(values.isna() & texts.notna(), "a value that is none of the levels", where, header, fix)


def _codes(column: ClinicalColumn) -> Mapping[str, str | float]:
    """Value of each known text, compared as `plain` does."""
    if column.kind == "category":
        return {plain(level): level for level in column.levels}
    if column.levels:
        return {plain(level): float(code) for code, level in enumerate(column.levels)}
    return dict.fromkeys(NO, 0.0) | dict.fromkeys(YES, 1.0)


def _numbers(texts: pd.Series, name: str, column: ClinicalColumn, where: str) -> tuple[pd.Series, list[Finding]]:
    values = texts.map(lambda text: read_number(text, column.unit), na_action="ignore").astype(float)
    low, high = bounds(name, column)
    fix = "Mend the value, or add its spelling to `missing` if it is none"
    if not column.unit and texts.str.endswith("%").eq(True).any():
        fix = "Set `unit: '%'` if the values are percentages"
    problems = [
        *_problem(values.isna() & texts.notna(), "not one number", where, "", fix),
        *_problem(values < low, f"a value below {low:g}, the smallest possible", where, "", fix),
        *_problem(values > high, f"a value above {high:g}, the largest possible", where, "", fix),
        *_shares(values, texts, column, where),
        *_other_length(values, column, where),
    ]
    return values, problems


def _shares(values: pd.Series, texts: pd.Series, column: ClinicalColumn, where: str) -> list[Finding]:
    """Warn of a percentage that seems to be written as a share."""
    known = values.dropna()
    signed = texts.str.contains("%", regex=False).eq(True)
    small = (values > 0) & (values < 1) & ~signed
    if column.unit == "%" and small.any() and (signed.any() or known.max() >= LARGE_PERCENTAGE):
        what = "a number below 1 beside larger percentages: it may be a share, a hundred times too small"
        return [Finding("warning", what, place(where, values.index[small]), "Write 30 or 30% for thirty per cent")]
    if column.unit != "%" or len(known) < FEW_VALUES or known.max() > 1 or not ((known > 0) & (known < 1)).any():
        return []
    what = f"all {len(known)} percentages are at most 1: they may be shares, a hundred times too small"
    return [Finding("warning", what, where, "Write 30 or 30% for thirty per cent")]


def _other_length(values: pd.Series, column: ClinicalColumn, where: str) -> list[Finding]:
    """Warn of lengths that seem to be in another unit than the others."""
    known = values.dropna()
    if column.unit not in _LENGTHS or len(known) < FEW_VALUES:
        return []
    other, share = _LENGTHS[column.unit]
    limit = share * known.median()
    odd = (values > 0) & ((values < limit) if share < 1 else (values > limit))
    if not odd.any():
        return []
    what = f"a length far from the others, which may be in {other} and not in {column.unit}"
    return [Finding("warning", what, place(where, values.index[odd]), f"Make sure that all are in {column.unit}")]


def _problem(wrong: pd.Series, what: str, where: str, header: str, fix: str) -> list[Finding]:
    rows = wrong.index[wrong.to_numpy(bool)]
    return [Finding("error", what, place(where, rows, header), fix)] if len(rows) else []


def one_per_patient(
    values: pd.Series,
    patient_ids: pd.Series,
    name: str,
    several: str,
    where: str,
    fix: str = "Mend the table, or set `several` of the column to highest or mean",
) -> tuple[pd.Series, list[Finding]]:
    """Merge the rows of each patient: those that agree, and those that differ if the study says how.

    Parameters
    ----------
    values
        (rows,) typed values.
    patient_ids
        (rows,) of str.
    name
        Of the column in the table.
    several
        ``refuse``, ``highest`` or ``mean``.
    where
        Name of the table, for findings.
    fix
        What to do where rows differ.

    Returns
    -------
    (patients,), index `patient_id`, sorted; and an error for patients whose rows differ when this is refused.
    """
    by_patient = values.groupby(patient_ids.to_numpy())
    if several != "refuse":
        return (by_patient.max() if several == "highest" else by_patient.mean()), []
    differ = by_patient.nunique() > 1
    patients = [str(patient) for patient in differ.index[differ]]
    merged = by_patient.first()
    if not patients:
        return none_if_missing(merged) if values.dtype == object else merged, []
    more = f" and {len(patients) - 5} more" if len(patients) > 5 else ""
    what = f"the rows of one patient differ (patient {', '.join(patients[:5])}{more})"
    return merged, [Finding("error", what, f"{where}, column '{name}'", fix)]


def clinical_values(
    table: pd.DataFrame, patient_ids: pd.Series, columns: dict[str, ClinicalColumn], where: str
) -> tuple[pd.DataFrame, list[Finding]]:
    """All declared clinical columns, one row per patient.

    Parameters
    ----------
    table
        The clinical table, as from `read_table`.
    patient_ids
        (rows,) of str, index as `table`.
    columns
        Declarations by key.
    where
        Name of the table, for findings.

    Returns
    -------
    (patients, columns), index `patient_id`, sorted; and all findings: errors, and warnings about categories that
    differ only in case.
    """
    findings: list[Finding] = []
    done: dict[str, pd.Series] = {}
    for name, declared in columns.items():
        header = declared.column or name
        with collected(findings):
            texts = column(table, header, where)
            values, problems = parse_column(texts, name, declared, where)
            done[name], unequal = one_per_patient(values, patient_ids, header, declared.several, where)
            findings += [*problems, *unequal, *_look_alike(done[name], declared, f"{where}, column '{header}'")]
            findings += _no_values(texts, declared, f"{where}, column '{header}'")
    index = pd.Index(sorted(patient_ids.unique()), name=c.PATIENT_ID)
    return pd.DataFrame(done, index=index), findings


def _no_values(texts: pd.Series, declared: ClinicalColumn, where: str) -> list[Finding]:
    """Tell of words for no value that count as a category, or as no where `contains` looks for a text."""
    if declared.contains is None and (declared.kind != "category" or declared.levels):
        return []
    told = {plain(spelling) for spelling in declared.missing}
    open_ones = texts[texts.map(says_nothing, na_action="ignore").eq(True)]
    open_ones = open_ones[[plain(text) not in told for text in open_ones]]
    if open_ones.empty:
        return []
    spellings = ", ".join(f"'{text}' ({number})" for text, number in open_ones.value_counts().items())
    counts_as = "no" if declared.contains is not None else "a category of its own"
    what = f"words for a value that is not known count as {counts_as}: {spellings}"
    return [Finding("warning", what, place(where, open_ones.index), "List them in `missing` of the column")]


def _look_alike(values: pd.Series, declared: ClinicalColumn, where: str) -> list[Finding]:
    if declared.kind != "category":
        return []
    names = sorted(values.dropna().unique())
    by_look: dict[str, list[str]] = {}
    for name in names:
        by_look.setdefault(_look(name), []).append(f"'{name}'")
    alike = [" and ".join(twins) for twins in by_look.values() if len(twins) > 1]
    if not alike:
        return []
    what = f"categories that differ only in case, spacing, width or signs: {', '.join(alike)}"
    return [Finding("warning", what, where, "Write each category in one way, or give `levels`")]


def _look(name: str) -> str:
    """Category without width, spaces and per cent signs, and without a hyphen or a dot beside a letter: 4-B is 4B."""
    text = re.sub(r"[\s_%]+", "", unicodedata.normalize("NFKC", plain(name)))
    return re.sub(r"(?<=\w)[-.](?=[^\W\d])|(?<=[^\W\d])[-.](?=\w)", "", text)
