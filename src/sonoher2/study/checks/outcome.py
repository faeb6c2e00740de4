"""The checks by code, and what one of them found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from sonoher2.core.errors import Finding, Severity
from sonoher2.study.results import columns as c


@dataclass(frozen=True)
class Check:
    """What a check looks for, and what to do when it finds it."""

    title: str
    remedy: str


CHECKS: dict[str, Check] = {
    "LEAK001": Check("Same patient on both sides", "Give each patient one identifier and draw the split anew"),
    "LEAK002": Check(
        "Near-duplicate images across the split", "Remove the copies, or keep their patients on one side of the split"
    ),
    "LEAK003": Check("A step fitted outside the fold", "Believe none of its figures before it is mended"),
    "LEAK004": Check("Threshold from the test set", "Learn the threshold on out-of-fold training scores alone"),
    "LEAK005": Check(
        "Test AUC implausibly above training", "Look for test patients who were seen in training or chosen by result"
    ),
    "LEAK006": Check("Test set opened more than once", "Confirm the last model on patients that were never used"),
    "LEAK007": Check(
        "A network was trained on patients of the study",
        "Test on patients it never saw, or give drawn masks and leave images as they are",
    ),
    "TIME001": Check(
        "A column known only after the prediction", "Remove the column, or set the study's `timing` to when it is known"
    ),
    "TIME002": Check(
        "A clinical column that is nearly the label", "Find out how it is made; remove it if it rests on the label"
    ),
    "SIZE001": Check("Too few events to develop a model", "Use fewer columns or collect more patients"),
    "SIZE002": Check("Test set too small", "Collect more test patients, or rely on the out-of-fold figures"),
    "SITE001": Check(
        "Label follows the site, the scanner or the date",
        "Take cases and controls from each site, or test at another site",
    ),
    "SITE002": Check(
        "Sites that say too little", "Give each patient one site; join small sites, or split folds at random"
    ),
    "MARK001": Check(
        "Callipers or burnt-in marks predict the label", "Use images saved without marks, or mark all images alike"
    ),
    "MARK002": Check(
        "Picture size, format, border or origin of the mask predicts the label",
        "Export all images alike, crop to the B-mode part; outline all lesions in one way",
    ),
    "MISS001": Check("Missing values predict the label", "Collect the values alike from all, or leave the column out"),
    "MISS002": Check(
        "Numbers that stand for missing values", "Name these spellings under `missing`, or say `low` and `high`"
    ),
    "BASE001": Check(
        "Shortcuts do as well as the signature", "Do not claim that the images tell the label before this is resolved"
    ),
    "BASE002": Check(
        "A signature that is too good to be true",
        "Look for the label among its columns and pictures before believing it",
    ),
    "CAL001": Check("Probabilities are off", "Recalibrate where it is used before reading them as risks"),
    "FAIR001": Check(
        "The signature works unequally in subgroups", "Report it by subgroup; confirm it on further patients"
    ),
}


def docs_page(code: str) -> str:
    """Page of a check, from the top of the project."""
    return f"docs/checks/{code}.md"


State = Literal["error", "warning", "note", "passed", "not checked"]


@dataclass(frozen=True)
class Outcome:
    """What came of one check.

    Attributes
    ----------
    code
        One of `CHECKS`.
    finding
        What was found; None when nothing was.
    skipped
        Why the check could not look; empty when it did.
    """

    code: str
    finding: Finding | None = None
    skipped: str = ""

    @property
    def state(self) -> State:
        """Severity of the finding, ``passed`` or ``not checked``."""
        if self.finding is not None:
            return self.finding.severity
        return "not checked" if self.skipped else "passed"


def passed(code: str) -> Outcome:
    """Outcome of a check that found nothing."""
    return Outcome(code)


def skipped(code: str, why: str) -> Outcome:
    """Outcome of a check that could not look."""
    return Outcome(code, skipped=why)


def found(code: str, severity: Severity, what: str, where: str = "") -> Outcome:
    """Outcome of a check that found something; the remedy is the one in `CHECKS`."""
    fix = f"{CHECKS[code].remedy} ({docs_page(code)})"
    return Outcome(code, Finding(severity, what, where, fix, code))


def p_words(value: float, digits: int = 3) -> str:
    """``p 0.012``; ``p < 0.001`` where all digits would be zero."""
    least = 10.0**-digits
    return f"p < {least:.{digits}f}" if value < least else f"p {value:.{digits}f}"


def findings_of(outcomes: Iterable[Outcome]) -> tuple[Finding, ...]:
    """List what the checks found, in their order."""
    return tuple(outcome.finding for outcome in outcomes if outcome.finding is not None)


def outcome_table(outcomes: Iterable[Outcome]) -> pd.DataFrame:
    """`code, title, result, found, remedy, page`, one row per check."""
    return pd.DataFrame(
        [
            {
                c.CODE: outcome.code,
                c.TITLE: CHECKS[outcome.code].title,
                c.RESULT: outcome.state,
                c.FOUND: outcome.finding.what if outcome.finding else outcome.skipped,
                c.REMEDY: CHECKS[outcome.code].remedy if outcome.finding else "",
                c.PAGE: docs_page(outcome.code),
            }
            for outcome in outcomes
        ],
        columns=[c.CODE, c.TITLE, c.RESULT, c.FOUND, c.REMEDY, c.PAGE],
    )
