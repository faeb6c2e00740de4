"""All checks: those that need no model, and those of a finished study."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sonoher2.cohort.check import CheckReport, CheckRow
from sonoher2.study.checks.codes import coded_values
from sonoher2.study.checks.columns import label_columns, late_columns
from sonoher2.study.checks.facts import Facts
from sonoher2.study.checks.folds import FoldRecord, fitted_in_fold
from sonoher2.study.checks.leakage import same_patient, shared_pictures
from sonoher2.study.checks.networks import trained_on
from sonoher2.study.checks.outcome import CHECKS, Outcome, findings_of, outcome_table, skipped
from sonoher2.study.checks.performance import (
    NO_TRAINING,
    above_training,
    alike_in_subgroups,
    better_than_shortcuts,
    calibrated,
    opened_once,
    threshold_from_training,
    too_good,
)
from sonoher2.study.checks.shortcuts import Shortcuts, shortcut_checks, shortcut_tests
from sonoher2.study.checks.sites import doubtful_sites
from sonoher2.study.checks.size import events_to_learn_from, patients_to_test_on
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
        rows = [CheckRow("checks", f"{row.code} {CHECKS[row.code].title}", row.state) for row in self.outcomes]
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
    cohort_checks = (
        same_patient,
        shared_pictures,
        trained_on,
        late_columns,
        label_columns,
        events_to_learn_from,
        patients_to_test_on,
        doubtful_sites,
        coded_values,
    )
    return CohortChecks((*(check(facts) for check in cohort_checks), *shortcut_checks(shortcuts)), shortcuts)


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
    outcomes = [
        *cohort.outcomes,
        skipped("LEAK003", NO_TRAINING) if folds is None else fitted_in_fold(folds),
        threshold_from_training(result),
        above_training(result),
        opened_once(result),
        better_than_shortcuts(result, cohort.shortcuts),
        too_good(result),
        calibrated(result),
        alike_in_subgroups(result),
    ]
    order = list(CHECKS)
    ordered = tuple(sorted(outcomes, key=lambda outcome: order.index(outcome.code)))
    findings = (*result.checks.findings, *findings_of(ordered))
    return replace(result, checks=CheckResult(findings, outcome_table(ordered), cohort.shortcuts.table))
