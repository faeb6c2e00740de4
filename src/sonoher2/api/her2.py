"""HER2 status of a patient or of a table, by a named rule."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import pandas as pd

from sonoher2.cohort.her2.status import Her2Result
from sonoher2.cohort.her2.status import her2_statuses as statuses_of_columns
from sonoher2.cohort.reading.text import clean
from sonoher2.cohort.tables import columns as c
from sonoher2.cohort.tables.all_errors import raise_errors
from sonoher2.cohort.tables.table import place
from sonoher2.config.load import settings_from
from sonoher2.config.target import Her2Rule, Her2Target
from sonoher2.core.errors import InputError

_COLUMNS = (c.ISH, c.RATIO, c.COPIES)
RULE: Her2Rule = "ASCO/CAP 2023"


def her2_status(
    ihc: object = None,
    ish: object = None,
    *,
    ratio: object = None,
    copies: object = None,
    rule: Her2Rule = RULE,
) -> Her2Result:
    """HER2 status of one patient from raw results, by a named guideline and never guessed.

    Parameters
    ----------
    ihc
        Immunohistochemistry: ``"2+"``, ``3``, ``"0 (ultralow)"``, ``"2+/FISH-"``, ...; None when not done.
    ish
        In-situ hybridisation in words: ``"positive"``, ``"not amplified"``, ``"group 3"``, ...; None when not done.
    ratio, copies
        HER2/CEP17 ratio and mean HER2 copies per cell; they go before the words.
    rule
        ``"ASCO/CAP 2018"`` or ``"ASCO/CAP 2023"``; docs/her2-rules.md explains every branch.

    Returns
    -------
    `status` (``positive``, ``low``, ``ultralow``, ``zero``, ``negative`` or ``indeterminate``) and the `branch` of the
    rule that it follows from.

    Raises
    ------
    InputError
        A result cannot be read.

    Examples
    --------
    >>> import sonoher2
    >>> sonoher2.her2_status("2+", "FISH not amplified")
    Her2Result(status='low', branch='IHC 2+, ISH negative')
    >>> sonoher2.her2_status("2+", ratio=2.4, copies=6.8).status
    'positive'
    >>> sonoher2.her2_status("2+").status  # needs an ISH
    'indeterminate'
    """
    table = pd.DataFrame({c.IHC: [ihc], c.ISH: [ish], c.RATIO: [ratio], c.COPIES: [copies]}, dtype=object)
    found = her2_statuses(table, ihc="ihc", ish="ish", ratio="ratio", copies="copies", rule=rule).iloc[0]
    return Her2Result(*found)


def her2_statuses(
    table: pd.DataFrame,
    *,
    ihc: str,
    rule: Her2Rule = RULE,
    patient_id: str | None = None,
    values: Mapping[str, str] | None = None,
    **columns: Any,
) -> pd.DataFrame:
    """HER2 status of every patient of a table.

    Parameters
    ----------
    table
        Raw results as text or numbers.
    ihc
        Column of the IHC score.
    rule
        As in `her2_status`.
    patient_id
        Column of the patients; their rows must agree. Each row is a patient unless told.
    values
        What spellings mean that are not understood, such as ``{"HER2+": "3+"}``.
    **columns
        Further keys of `target` in a study file: columns `ish`, `ratio` and `copies`, `ish_rule`, `recount`.

    Returns
    -------
    Columns `status` and `branch`, one row per patient: in the order of the table, or by `patient_id`, sorted.

    Raises
    ------
    InputError
        Cells cannot be read, or a patient's rows differ; all are listed. A column is not there, or a row has no
        patient.

    Warns
    -----
    UserWarning
        Results were read with a doubt.

    Examples
    --------
    >>> import pandas as pd, sonoher2
    >>> table = pd.DataFrame({"IHC": ["0", "1+", "2+", "3+"], "FISH": [None, None, "amplified", None]})
    >>> sonoher2.her2_statuses(table, ihc="IHC", ish="FISH")["status"].tolist()
    ['zero', 'low', 'positive', 'positive']
    """
    if not isinstance(table, pd.DataFrame):
        raise InputError(f"a table is a DataFrame, and not of type {type(table).__name__}", fix="Use `to_frame()`")
    # columns may have numbers for names
    named = {key: str(name) if key in _COLUMNS and name is not None else name for key, name in columns.items()}
    target = settings_from(Her2Target, {"ihc": str(ihc), "rule": rule, "values": dict(values or {}), **named})
    # findings name rows by number
    rows = table if pd.api.types.is_integer_dtype(table.index) else table.set_axis(range(len(table)))
    rows = rows.set_axis([str(name) for name in rows.columns], axis="columns")
    wanted = [*target.columns, *([] if patient_id is None else [str(patient_id)])]
    twice = sorted({name for name in wanted if list(rows.columns).count(name) > 1})
    if twice:
        raise InputError(f"the table has several columns '{twice[0]}'", fix="Give each column a name of its own")
    texts = rows[[name for name in rows.columns if name in target.columns]].map(_text)
    # the others are not read, but named where a column is not found
    texts = texts.reindex(columns=rows.columns).astype(object)
    patients = _patients(rows, None if patient_id is None else str(patient_id))
    found, findings = statuses_of_columns(texts.where(texts.notna(), None), patients, target, "the table")
    raise_errors(findings)
    for finding in findings:
        if finding.severity == "warning":
            warnings.warn(str(finding), stacklevel=2)
    found = found.drop(columns=c.REPORTED)
    return found.set_axis(table.index) if patient_id is None else found


def _patients(table: pd.DataFrame, patient_id: str | None) -> pd.Series:
    """Patient of each row; each row is one where no column tells."""
    if patient_id is None:
        return pd.Series([f"{row:09d}" for row in range(len(table))], index=table.index)
    if patient_id not in table:
        raise InputError(f"the table has no column '{patient_id}'", fix="Name its column of patients")
    # as in a table that is read from a file: blanks around a name are none of it
    patients = table[patient_id].map(_text).map(clean, na_action="ignore").replace("", None)
    if patients.isna().any():
        rows = patients.index[patients.isna()]
        raise InputError("a row without a patient", where=place("the table", rows), fix="Fill in the patient")
    return patients


def _text(value: Any) -> str | None:
    """Give a cell as it would stand in a file; a column of whole numbers with gaps is one of floats in pandas."""
    if value is None or pd.isna(value):
        return None
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
