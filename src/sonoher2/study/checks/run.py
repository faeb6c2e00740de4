"""All checks: those that need no model, and those of a finished study."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sonoher2.cohort.check import CheckReport, CheckRow
from sonoher2.study.checks import registry
from sonoher2.study.checks.facts import Facts, FactsCheck
from sonoher2.study.checks.finished import Finished, FoldRecord, ResultCheck
from sonoher2.study.checks.outcome import Outcome, findings_of, outcome_table
from sonoher2.study.checks.shortcuts import ShortcutCheck, Shortcuts, shortcut_tests
from sonoher2.study.results import columns as c
from sonoher2.study.results.parts import CheckResult, StudyResult


@dataclass(frozen=True)
class CohortChecks:
    """What the checks say of a cohort before anything is fitted.

    Attributes
    ----------
    outcomes
        One per check.
    shortcuts
        The shortcut tests.
    """

    outcomes: tuple[Outcome, ...]
    shortcuts: Shortcuts

    def added_to(self, report: CheckReport) -> CheckReport:
        """Put outcomes and shortcut tests into the report of `sonoher2 check`."""
        rows = [CheckRow("checks", f"{row.code} {row.check.title}", row.state) for row in self.outcomes]
        rows += [
            CheckRow("shortcuts", f"{row[c.SHORTCUT]}, for {row[c.OUTCOME]}", _auc_text(row))
            for row in self.shortcuts.table.to_dict("records")
        ]
        return replace(report, rows=(*report.rows, *rows), coded=findings_of(self.outcomes))


def _auc_text(row: Mapping[Hashable, Any]) -> str:
    return f"out-of-fold AUC {row[c.AUC]:.2f} ({row[c.low(c.AUC)]:.2f} to {row[c.high(c.AUC)]:.2f})"


def check_facts(facts: Facts) -> CohortChecks:
    """Run the checks that need no model."""
    shortcuts = shortcut_tests(facts)
    outcomes = [check.look(facts) for check in registry.CHECKS if isinstance(check, FactsCheck)]
    outcomes += [check.look(shortcuts) for check in registry.CHECKS if isinstance(check, ShortcutCheck)]
    return CohortChecks(tuple(outcomes), shortcuts)


def with_checks(result: StudyResult, cohort: CohortChecks, folds: FoldRecord | None = None) -> StudyResult:
    """Add the outcomes of all checks to a finished study.

    Parameters
    ----------
    result
        Of a study or a validation.
    cohort
        What was found before anything was fitted.
    folds
        The outer folds; None in a validation, where nothing was fitted.
    """
    finished = Finished(result, cohort.shortcuts, folds)
    outcomes = [
        *cohort.outcomes,
        *(check.look(finished) for check in registry.CHECKS if isinstance(check, ResultCheck)),
    ]
    ordered = tuple(sorted(outcomes, key=lambda outcome: registry.CHECKS.index(outcome.check)))
    findings = (*result.checks.findings, *findings_of(ordered))
    return replace(result, checks=CheckResult(findings, outcome_table(ordered), cohort.shortcuts.table))
