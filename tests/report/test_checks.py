"""The checks on the page: a stamp when one failed, and the tables."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sonoher2.report.chapters.performance.subgroups import subgroup_parts
from sonoher2.report.chapters.run.checks import check_parts
from sonoher2.report.content.parts import Table
from sonoher2.report.content.view import View
from sonoher2.report.page.html import write_report
from sonoher2.report.writing.summary import summarise
from sonoher2.study.analyses.subgroups import interaction_table
from sonoher2.study.checks.outcome import found, outcome_table, passed, skipped
from sonoher2.study.results import StudyResult
from study_results import changed

OUTCOMES = [
    passed("LEAK001"),
    found("MARK001", "error", "marks <tell> the label"),
    skipped("SITE001", "no site is known"),
]
SHORTCUTS = pd.DataFrame(
    {
        "shortcut": ["Picture size", "All together"],
        "outcome": "HER2-positive",
        "n": 1200,
        "events": 300,
        "auc": [0.71, 0.74],
        "auc_low": [0.6, 0.65],
        "auc_high": [0.8, 0.83],
        "p": [0.001, 0.001],
        "p_holm": [0.002, 0.002],
    }
)


def stamped(result: StudyResult) -> StudyResult:
    return changed(result, table=outcome_table(OUTCOMES), shortcuts=SHORTCUTS)


def test_a_failed_check_stamps_the_page(two_class: StudyResult, tmp_path: Path) -> None:
    page = write_report(stamped(two_class), tmp_path).read_text(encoding="utf-8")
    assert page.index('class="banner failed"') < page.index("<h1>")
    assert "Failed checks: MARK001 Callipers or burnt-in marks predict the label." in page
    assert "marks &lt;tell&gt; the label" in page
    assert (tmp_path / "tables/checks.csv").is_file()
    assert (tmp_path / "tables/shortcuts.csv").is_file()
    cautions = summarise(View(stamped(two_class))).cautions
    assert cautions[0] == "A check failed: MARK001 Callipers or burnt-in marks predict the label. See Checks."


def test_without_a_failure_there_is_no_stamp(two_class: StudyResult, tmp_path: Path) -> None:
    fine = changed(two_class, table=outcome_table([passed("LEAK001"), found("CAL001", "warning", "off")]))
    assert View(fine).failed_checks == ()
    assert 'class="banner failed"' not in write_report(fine, tmp_path).read_text(encoding="utf-8")
    assert list(check_parts(View(two_class))) == []


def test_tables_of_checks_and_shortcuts(two_class: StudyResult) -> None:
    checks, shortcuts = (part for part in check_parts(View(stamped(two_class))) if isinstance(part, Table))
    assert checks.shown["Result"].tolist() == ["passed", "error", "not checked"]
    assert checks.shown["What was found"].tolist() == ["–", "marks <tell> the label", "no site is known"]
    assert shortcuts.shown["AUC"].tolist() == ["0.71 (0.60–0.80)", "0.74 (0.65–0.83)"]
    assert shortcuts.shown["n"].tolist() == ["1,200", "1,200"]


def test_tests_between_levels_stand_on_the_first_row_of_each_subgroup(two_class: StudyResult) -> None:
    config = two_class.about.config
    tests = interaction_table(
        two_class.performance.predictions, two_class.cohort.patients, config.evaluation, config.clinical.columns
    )
    [_, table] = subgroup_parts(View(changed(two_class, interactions=tests)))
    assert isinstance(table, Table)
    keys = ["subgroup", "signature", "set", "outcome"]
    shown = table.shown.assign(**two_class.performance.subgroups[keys])
    per_group = shown.groupby(keys)["p (interaction)"].agg(lambda texts: sum(text != "" for text in texts))
    assert (per_group == 1).all()
    assert len(per_group) == len(tests)
    [_, plain] = subgroup_parts(View(two_class))
    assert isinstance(plain, Table)
    assert "p (interaction)" not in plain.shown
