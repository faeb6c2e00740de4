"""The coded checks in the report: a stamp on the first page, a table of all checks, and the shortcut tests."""

from __future__ import annotations

import pandas as pd

from sonoher2.report.page.parts import Part, Table
from sonoher2.report.page.view import View
from sonoher2.report.page.wording import DASH, interval, p_value


def failed_checks(view: View) -> list[str]:
    """Code and title of each check that found an error."""
    data = view.result.checks.table
    if data.empty:
        return []
    failed = data[data["result"] == "error"]
    return [f"{code} {title}" for code, title in zip(failed["code"], failed["title"], strict=True)]


def check_parts(view: View) -> list[Part]:
    """Tables of the checks and of the shortcuts."""
    return [table for table in (_check_table(view), _shortcut_table(view)) if table is not None]


def _check_table(view: View) -> Table | None:
    data = view.result.checks.table
    if data.empty:
        return None
    shown = pd.DataFrame(
        {
            "Check": data["code"] + " " + data["title"],
            "Result": data["result"],
            "What was found": data["found"].where(data["found"] != "", DASH),
            "What to do": data["remedy"].where(data["remedy"] != "", DASH),
        }
    )
    caption = (
        "Each check has a page in docs/checks, with an example and its remedy. An error stamps this report and stops"
        " nothing; a check that was passed shows that this fault was not found, not that there is none."
    )
    return Table("checks", "Checks", caption, data, shown)


def _shortcut_table(view: View) -> Table | None:
    data = view.result.checks.shortcuts
    if data.empty:
        return None
    shown = pd.DataFrame(
        {
            "Shortcut": data["shortcut"],
            **({"Outcome": data["outcome"]} if view.several else {}),
            "n": data["n"].map("{:,}".format),
            "Events": data["events"].map("{:,}".format),
            "AUC": [interval(*row) for row in data[["auc", "auc_low", "auc_high"]].itertuples(index=False, name=None)],
            "p": data["p"].map(p_value),
            "p (Holm)": data["p_holm"].map(p_value),
        }
    )
    who = "the patients" if view.validation else "the training patients"
    caption = (
        f"A linear model on nothing but the shortcut, cross-validated in {who}: what a signature can reach without"
        f" a look at the lesion. {view.result.about.config.evaluation.confidence:.0%} intervals in brackets; p by 999"
        " permutations of the labels. An AUC below 0.5 is chance. Compare with the out-of-fold AUC of the signatures."
    )
    return Table("shortcuts", "What shortcuts alone tell", caption, data, shown)
