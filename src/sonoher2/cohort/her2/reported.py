"""A status that the table reports beside the raw results: compared with that of the rule, never used as the label."""

from __future__ import annotations

import re

import pandas as pd

from sonoher2.cohort.her2.cell import read_cell
from sonoher2.cohort.her2.no_result import is_no_result
from sonoher2.cohort.her2.status import Status, her2_status
from sonoher2.cohort.her2.tokens import normalised
from sonoher2.cohort.tables import columns as c
from sonoher2.core.errors import Finding

_NEGATIVES: tuple[Status, ...] = ("low", "ultralow", "zero", "negative")
_WORDS: dict[str, tuple[Status, ...]] = {
    **dict.fromkeys(("positive", "pos", "her2+", "阳性", "陽性", "扩增"), ("positive",)),
    **dict.fromkeys(("negative", "neg", "her2-", "阴性", "陰性"), _NEGATIVES),
    **dict.fromkeys(("low", "低表达"), ("low", "negative")),
    **dict.fromkeys(("zero", "零表达"), ("zero", "ultralow", "negative")),
    **dict.fromkeys(("ultralow", "ultra-low", "ultra low", "超低表达"), ("ultralow", "negative")),
}
"""Statuses that a reported word agrees with."""


def conflicts(statuses: pd.DataFrame) -> pd.DataFrame:
    """Patients whose reported status contradicts the rule's; an equivocal report or an open status contradicts nothing.

    Parameters
    ----------
    statuses
        As from `her2_statuses`.

    Returns
    -------
    `patient_id, derived, reported, branch`.
    """
    agreeing = statuses[c.REPORTED].map(_agreeing, na_action="ignore")
    against = [
        isinstance(words, tuple) and bool(words) and status != "indeterminate" and status not in words
        for status, words in zip(statuses[c.STATUS], agreeing, strict=True)
    ]
    found = statuses[against].reset_index().rename(columns={c.STATUS: c.DERIVED})
    return found[[c.PATIENT_ID, c.DERIVED, c.REPORTED, c.BRANCH]]


def unread_reports(statuses: pd.DataFrame, where: str) -> list[Finding]:
    """Tell of reported statuses that are not understood, so that nobody takes them for compared.

    Parameters
    ----------
    statuses
        As from `her2_statuses`.
    where
        Name of the table and the column.
    """
    reported = statuses[c.REPORTED].dropna()
    counts = reported[reported.map(_agreeing).isna()].value_counts()
    if counts.empty:
        return []
    shown = ", ".join(f"'{text}' ({number})" for text, number in counts.items())
    what = f"reported statuses that are not understood are not compared with the rule's: {shown}"
    fix = 'Say what each means in `values`, such as {status: {"1": positive, "0": negative}}'
    return [Finding("warning", what, where, fix)]


def _agreeing(text: str) -> tuple[Status, ...] | None:
    """Statuses that a reported text agrees with; none for one that leaves the status open, None when not understood."""
    known = _WORDS.get(_word(text))
    if known is not None:
        return known
    cell = read_cell(text, "ihc")
    # a bare number may be a code
    if cell is not None and cell.doubt != "bare" and (cell.ihc or cell.ish):
        status = her2_status(cell.ihc, cell.ish or "no ISH").status
        # the words of a score are those of its status: 1+ is low, and a report of 1+ may be called negative
        words = {"positive": "positive", "negative": "negative", "low": "low", "zero": "zero", "ultralow": "ultralow"}
        return _WORDS[words[status]] if status in words else ()
    return () if is_no_result(text) else None


def _word(text: str) -> str:
    """Take brackets and the gene's name off a reported status: ``HER2-low`` is ``low``, ``HER2(-)`` is ``her2-``."""
    folded = re.sub(r"[()]", "", normalised(text)).strip()
    return re.sub(r"^(?:her-?2|erbb2)(?:[- ]*(?:status)?[ :=-]*)(?=[^-+\s)])", "", folded)
