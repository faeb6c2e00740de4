"""A further check needs its own declaration and one line of the registry, and then is made and told everywhere."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sonoher2.cohort.check import CheckReport
from sonoher2.core.columns import TEST
from sonoher2.study.checks import registry
from sonoher2.study.checks.facts import Facts, FactsCheck
from sonoher2.study.checks.finished import Finished, ResultCheck
from sonoher2.study.checks.outcome import Outcome
from sonoher2.study.checks.run import check_facts, with_checks
from study_facts import facts, folds, result, with_patients

CODES = (
    *("LEAK001", "LEAK002", "LEAK003", "LEAK004", "LEAK005", "LEAK006", "LEAK007", "TIME001", "TIME002"),
    *("SIZE001", "SIZE002", "SITE001", "SITE002", "MARK001", "MARK002", "MISS001", "MISS002"),
    *("BASE001", "BASE002", "CAL001", "FAIR001"),
)
BEFORE = (
    *("LEAK001", "LEAK002", "LEAK007", "TIME001", "TIME002", "SIZE001", "SIZE002", "SITE002", "MISS002"),
    *("SITE001", "MARK001", "MARK002", "MISS001"),
)


def oldest(known: Facts) -> Outcome:
    """The first toy: somebody is older than 100."""
    age = known.cohort.patients["age"].max()
    return OLD.found("warning", f"a patient is {age:.0f} years old", "clinical") if age > 100 else OLD.passed()


def few_tested(finished: Finished) -> Outcome:
    """The second toy: it counts test patients."""
    tested = int((finished.result.cohort.patients["set"] == TEST).sum())
    return FEW.skipped("nobody is tested") if not tested else FEW.found("note", f"{tested} are tested")


OLD = FactsCheck("TOY001", "Somebody very old", "Look at the birthdays", oldest)
FEW = ResultCheck("TOY002", "Few are tested", "Test more", few_tested)


@pytest.fixture
def with_toys(monkeypatch: pytest.MonkeyPatch) -> None:
    first, *others = registry.CHECKS
    monkeypatch.setattr(registry, "CHECKS", (first, OLD, *others, FEW))


def test_all_codes_in_order() -> None:
    assert tuple(check.code for check in registry.CHECKS) == CODES
    assert tuple(outcome.code for outcome in check_facts(facts(60)).outcomes) == BEFORE
    table = with_checks(result(), check_facts(facts(60)), folds()).checks.table
    assert tuple(table["code"]) == CODES


def test_a_toy_of_each_kind_stands_in_its_place(with_toys: None) -> None:
    known = facts(60)
    before = check_facts(with_patients(known, age=[101.0, *known.cohort.patients["age"][1:]]))
    assert [outcome.code for outcome in before.outcomes][:3] == ["LEAK001", "TOY001", "LEAK002"]
    lines = {row.what: row.value for row in before.added_to(CheckReport((), ())).rows}
    assert lines["TOY001 Somebody very old"] == "warning"
    checks = with_checks(result(n=80), before, folds()).checks
    assert list(checks.table["code"]) == [CODES[0], "TOY001", *CODES[1:], "TOY002"]
    rows = checks.table.set_index("code")
    assert rows.loc["TOY001"].to_dict() == {
        "title": "Somebody very old",
        "result": "warning",
        "found": "a patient is 101 years old",
        "remedy": "Look at the birthdays",
        "page": "docs/checks/TOY001.md",
    }
    assert rows.loc["TOY002", ["result", "found"]].to_list() == ["note", "80 are tested"]
    findings = {finding.code: str(finding) for finding in checks.findings}
    assert "Look at the birthdays (docs/checks/TOY001.md)" in findings["TOY001"]
    assert "Test more (docs/checks/TOY002.md)" in findings["TOY002"]


def test_a_toy_that_passes_or_cannot_look_tells_nothing_else(with_toys: None) -> None:
    before = check_facts(facts(60))
    finished = result(n=80)
    nobody = finished.cohort.patients[finished.cohort.patients["set"] != TEST]
    rows = with_checks(
        replace(finished, cohort=replace(finished.cohort, patients=nobody)), before, folds()
    ).checks.table.set_index("code")
    assert rows.loc["TOY001", ["result", "found", "remedy"]].to_list() == ["passed", "", ""]
    assert rows.loc["TOY002", ["result", "found", "remedy"]].to_list() == ["not checked", "nobody is tested", ""]
