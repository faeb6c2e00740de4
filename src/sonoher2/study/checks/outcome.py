"""What a coded check is, and what came of one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from sonoher2.core.errors import Finding, Severity
from sonoher2.study.results import columns as c

State = Literal["error", "warning", "note", "passed", "not checked"]


@dataclass(frozen=True)
class Check:
    """One coded check; what it needs says its kind: `FactsCheck`, `ShortcutCheck` or `ResultCheck`.

    Attributes
    ----------
    code
        Such as ``LEAK001``.
    title
        What is looked for.
    remedy
        What to do when it is found.
    """

    code: str
    title: str
    remedy: str

    @property
    def page(self) -> str:
        """Page of the check, from the top of the project."""
        return f"docs/checks/{self.code}.md"

    def passed(self) -> Outcome:
        """Outcome when nothing was found."""
        return Outcome(self)

    def skipped(self, why: str) -> Outcome:
        """Outcome when the check could not look."""
        return Outcome(self, skipped=why)

    def found(self, severity: Severity, what: str, where: str = "") -> Outcome:
        """Outcome when something was found; the fix is the remedy."""
        return Outcome(self, Finding(severity, what, where, f"{self.remedy} ({self.page})", self.code))


@dataclass(frozen=True)
class Outcome:
    """What came of one check.

    Attributes
    ----------
    check
        The check.
    finding
        What was found; None when nothing was.
    skipped
        Why the check could not look; empty when it did.
    """

    check: Check
    finding: Finding | None = None
    skipped: str = ""

    @property
    def code(self) -> str:
        """Code of the check."""
        return self.check.code

    @property
    def state(self) -> State:
        """Severity of the finding, ``passed`` or ``not checked``."""
        if self.finding is not None:
            return self.finding.severity
        return "not checked" if self.skipped else "passed"


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
                c.TITLE: outcome.check.title,
                c.RESULT: outcome.state,
                c.FOUND: outcome.finding.what if outcome.finding else outcome.skipped,
                c.REMEDY: outcome.check.remedy if outcome.finding else "",
                c.PAGE: outcome.check.page,
            }
            for outcome in outcomes
        ],
        columns=[c.CODE, c.TITLE, c.RESULT, c.FOUND, c.REMEDY, c.PAGE],
    )
