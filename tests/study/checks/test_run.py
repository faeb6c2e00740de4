"""All checks together: which are made, and in which order they are told."""

from __future__ import annotations

import pandas as pd

from sonoher2.cohort.check import CheckReport, CheckRow
from sonoher2.core.errors import Finding
from sonoher2.study.checks.outcome import Check
from sonoher2.study.checks.run import CohortChecks, check_facts, with_checks
from sonoher2.study.checks.shortcuts import Shortcuts
from study_facts import facts, folds, result, validation
from study_results import changed


def test_a_sound_study_passes_every_check() -> None:
    checks = check_facts(facts(1500))
    states = {outcome.code: outcome.state for outcome in checks.outcomes}
    assert states.pop("SITE001") == "not checked"
    assert states.pop("MISS001") == "not checked"
    assert states.pop("SITE002") == "not checked"
    assert states.pop("LEAK007") == "not checked"
    assert set(states.values()) == {"passed"}


def test_leak003_cannot_be_checked_where_nothing_was_fitted() -> None:
    table = with_checks(validation(), CohortChecks((), Shortcuts()), None).checks.table.set_index("code")
    for code in ("LEAK003", "LEAK004", "LEAK005"):
        assert table.loc[code, ["result", "found"]].to_list() == ["not checked", "there are no training patients"]


def test_all_outcomes_are_added_in_order() -> None:
    known = with_checks(result(), CohortChecks((), Shortcuts(skipped="no images")), folds())
    assert list(known.checks.table["code"]) == [
        "LEAK003",
        "LEAK004",
        "LEAK005",
        "LEAK006",
        "BASE001",
        "BASE002",
        "CAL001",
        "FAIR001",
    ]
    assert dict(zip(known.checks.table["code"], known.checks.table["result"], strict=True))["BASE001"] == "not checked"
    assert known.checks.findings == ()
    warned = with_checks(result(slope=3.0), CohortChecks((), Shortcuts()), None)
    assert [finding.code for finding in warned.checks.findings] == ["CAL001"]


def test_checks_and_shortcuts_stand_below_what_was_told_of_the_cohort() -> None:
    table = pd.DataFrame(
        {"shortcut": ["Site"], "outcome": ["low"], "auc": [0.7], "auc_low": [0.604], "auc_high": [0.8]}
    )
    check = Check("TOY001", "A title", "Do this")
    checks = CohortChecks((check.found("error", "it is odd"), check.passed()), Shortcuts(table))
    report = checks.added_to(CheckReport((CheckRow("cohort", "patients", "30"),), ()))
    assert [(row.subject, row.what, row.value) for row in report.rows] == [
        ("cohort", "patients", "30"), ("checks", "TOY001 A title", "error"), ("checks", "TOY001 A title", "passed"),
        ("shortcuts", "Site, for low", "out-of-fold AUC 0.70 (0.60 to 0.80)"),
    ]  # fmt: skip
    assert [finding.what for finding in report.coded] == ["it is odd"]


def test_findings_of_the_run_come_before_those_of_the_checks() -> None:
    known = changed(result(slope=3.0), findings=(Finding("note", "before"),))
    shortcuts = Shortcuts(pd.DataFrame({"shortcut": ["Site"]}), skipped="too few")
    checked = with_checks(known, CohortChecks((), shortcuts), folds()).checks
    assert checked.findings[0].what == "before"
    assert [finding.code for finding in checked.findings][1:] == ["CAL001"]
    assert checked.shortcuts is shortcuts.table
