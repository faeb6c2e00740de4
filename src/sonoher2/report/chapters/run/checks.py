"""The coded checks and the shortcut tests."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from sonoher2.report.content.cells import counts, intervals, p_values
from sonoher2.report.content.parts import Chapter, Table
from sonoher2.report.content.view import View
from sonoher2.report.content.wording import DASH
from sonoher2.study.checks.shortcuts import ALPHA, WORTH_A_WARNING
from sonoher2.study.results import columns as c


def check_parts(view: View) -> Iterator[Table]:
    """Tables of the checks and of the shortcuts."""
    if not view.result.checks.table.empty:
        yield _checks(view.result.checks.table)
    if not view.result.checks.shortcuts.empty:
        yield _shortcuts(view)


def _checks(data: pd.DataFrame) -> Table:
    shown = {
        "Check": data[c.CODE] + " " + data[c.TITLE],
        "Result": data[c.RESULT],
        "What was found": data[c.FOUND].where(data[c.FOUND] != "", DASH),
        "What to do": data[c.REMEDY].where(data[c.REMEDY] != "", DASH),
    }
    caption = (
        "Each check has a page in docs/checks, with an example and its remedy. An error stamps this report and stops"
        " nothing; a check that was passed shows that this fault was not found, not that there is none."
    )
    return Table("checks", "Checks", caption, data, pd.DataFrame(shown))


def _shortcuts(view: View) -> Table:
    data = view.result.checks.shortcuts
    shown = {
        "Shortcut": data[c.SHORTCUT],
        **view.outcome_cells(data),
        "n": counts(data[c.N]),
        "Events": counts(data[c.EVENTS]),
        "AUC": intervals(data, c.AUC),
        "p": p_values(data[c.P]),
        "p (Holm)": p_values(data[c.P_HOLM]),
    }
    who = "the patients" if view.validation else "the training patients"
    caption = (
        f"A linear model on nothing but the shortcut, cross-validated in {who}: what a signature can reach without"
        f" a look at the lesion. {view.confidence} intervals in brackets; p by 999 permutations of the labels. An AUC"
        " below 0.5 is chance, and without any signal it lies somewhat below, since folds balance the classes. A check"
        f" warns where p (Holm) is below {ALPHA:g} and the AUC at least {WORTH_A_WARNING:g}. Compare with the"
        f" out-of-fold AUC of the signatures."
    )
    return Table("shortcuts", "What shortcuts alone tell", caption, data, pd.DataFrame(shown))


CHECKS = Chapter("checks", "Checks", check_parts)
