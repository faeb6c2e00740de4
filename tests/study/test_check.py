"""`check_study`: what is said before anything is computed, and in which order it is found out."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sonoher2.cohort.check import CheckReport
from sonoher2.core.errors import Finding, InputError
from sonoher2.study import check as module
from sonoher2.study.check import check_study

TOLD = Finding("warning", "a hair", "images")
USELESS = Finding("warning", "`threshold_at` has no effect", "evaluation.threshold_at")
PLANNED = Finding("note", "the study trains its own segmenter", "regions")
CODED = Finding("error", "a shortcut", code="LEAK004")


class Checked:
    """A cohort that was looked at; its files change where `change` says so."""

    def __init__(self, findings: tuple[Finding, ...], change: bool) -> None:
        self.cohort, self.study = SimpleNamespace(patients="patients"), "study"
        self.findings, self.change = findings, change

    def require_unchanged(self) -> None:
        if self.change:
            raise InputError("files were changed", fix="Run it again")

    def report(self, split: str) -> CheckReport:
        assert split == "split"
        return CheckReport((), self.findings)


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Function (findings, change) -> report of a study; `look.folder` is where the check kept its values."""

    def look(findings: tuple[Finding, ...], change: bool = False) -> CheckReport:
        study: Any = SimpleNamespace(split="how", seed=7)
        checked = Checked(findings, change)

        def read(own: object, context: Any, networks: object) -> Checked:
            assert (own, networks) == (study, "of files")
            look.folder = context.store.folder  # type: ignore[attr-defined]
            assert look.folder.is_dir()  # type: ignore[attr-defined]
            return checked

        def split(*given: object) -> str:
            assert given == ("patients", "how", 7)
            return "split"

        monkeypatch.setattr(module, "networks_of_files", lambda own: "of files")
        monkeypatch.setattr(module, "checked_cohort", read)
        monkeypatch.setattr(module, "split_patients", split)
        monkeypatch.setattr(module, "planned_training", lambda *given: [PLANNED])
        monkeypatch.setattr(module, "usable_findings", lambda *given: [USELESS] if given[0] == "study" else [])
        monkeypatch.setattr(module, "facts_of", lambda *given: given)
        coded = SimpleNamespace(added_to=lambda report: CheckReport(report.rows, report.findings, (CODED,)))
        monkeypatch.setattr(module, "check_facts", lambda facts: coded if facts == (checked, "split") else None)
        return check_study(study, jobs=1)

    return look


def test_findings_of_the_cohort_come_first_and_coded_checks_last(look: Any) -> None:
    report = look((TOLD,))
    assert report.findings == (TOLD, USELESS, PLANNED)
    assert report.coded == (CODED,)
    assert not Path(look.folder).exists()


def test_a_cohort_that_cannot_run_is_not_looked_at_by_coded_checks(look: Any) -> None:
    error = Finding("error", "9 training patients are positive", "split")
    report = look((TOLD, error))
    assert report.findings == (TOLD, error, USELESS, PLANNED)
    assert report.coded == ()


def test_files_that_change_meanwhile_end_the_check(look: Any) -> None:
    with pytest.raises(InputError, match="changed"):
        look((), change=True)
