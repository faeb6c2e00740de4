"""Reading a study: the split by which networks were trained is kept, and errors name their cause."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from sonoher2.cohort.check import CheckReport
from sonoher2.core.errors import Finding, FindingsError, InputError
from sonoher2.networks.own import ImageNetworks
from sonoher2.study.steps import read as module
from sonoher2.study.steps.read import judge_cohort, read_cohort, train_image_networks

FEW = Finding("error", "3 training patients are positive", "split", "Add patients")
BROKEN = Finding("error", "no image", "images", "Mend it")
TOLD = Finding("warning", "a hair", "images")


def state(findings: list[Finding], found: list[bool]) -> Any:
    """Give patients with an image each, in which a lesion was found or not."""
    settings = SimpleNamespace(regions="segment", trained_networks=(), settled=True)
    checked = SimpleNamespace(
        study=settings,
        cohort="cohort",
        segmented=pd.DataFrame({"patient_id": [f"P{i}" for i in range(len(found))], "found": found}),
        report=lambda split: CheckReport((), tuple(findings)) if split == "split" else None,
    )
    given = SimpleNamespace(regions="segment", trained_networks=(), settled=False)
    return SimpleNamespace(
        study=given, given=checked, context="context", out=Path("run"), networks=ImageNetworks(), drawn="drawn",
        findings=["before"],
    )  # fmt: skip


@pytest.fixture(autouse=True)
def cohort(monkeypatch: pytest.MonkeyPatch) -> None:
    def draw(cohort: object, study: Any, path: Path, drawn: object) -> str:
        assert (cohort, study.settled, path, drawn) == ("cohort", True, Path("run/split.json"), "drawn")
        return "split"

    monkeypatch.setattr(module, "draw_or_reload", draw)
    monkeypatch.setattr(module, "usable_findings", lambda study, cohort, split: [])


def read(now: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "checked_cohort", lambda study, context, networks: now.given)
    read_cohort(now)


def test_what_is_noticed_comes_after_what_was(monkeypatch: pytest.MonkeyPatch) -> None:
    now = state([TOLD], [True, False])
    read(now, monkeypatch)
    assert now.split == "split"
    assert now.study.settled
    assert now.findings == ["before", TOLD]


def test_too_few_patients_are_the_segmenters_doing_where_it_found_too_few_lesions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(FindingsError) as raised:
        read(state([FEW, TOLD], [True, False, False]), monkeypatch)
    first, second = raised.value.findings
    assert first.what == "the shipped segmenter found no lesion in 2 of 3 images; patients left out: 2"
    assert second == FEW


@pytest.mark.parametrize(("errors", "found"), [([FEW], [True, True]), ([BROKEN], [True, False])])
def test_other_errors_stay_what_they_are(
    errors: list[Finding], found: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(FindingsError) as raised:
        read(state(errors, found), monkeypatch)
    assert raised.value.findings == errors


def test_a_split_that_cannot_be_drawn_is_told_in_the_same_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def draw(*given: object) -> None:
        raise InputError("the test set would be empty", where="split", fix="Mend it")

    monkeypatch.setattr(module, "draw_or_reload", draw)
    monkeypatch.setattr(module, "usable_findings", lambda study, cohort, split: [])
    with pytest.raises(FindingsError, match="found no lesion in 1 of 2 images") as raised:
        read(state([], [False, True]), monkeypatch)
    assert raised.value.findings[1].what == "the test set would be empty"
    with pytest.raises(InputError, match=r"^split: the test set would be empty\. Mend it\.$"):
        read(state([], [True, True]), monkeypatch)


def test_the_split_of_trained_networks_is_kept_beside_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "image_networks", lambda study, context: (f"of {study}", f"in {context}"))
    now: Any = SimpleNamespace(study="study", context="context")
    train_image_networks(now)
    assert (now.networks, now.drawn) == ("of study", "in context")


def test_the_coded_checks_look_at_cohort_and_split(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "facts_of", lambda checked, split: [checked, split])
    monkeypatch.setattr(module, "check_facts", lambda facts: {"facts": facts})
    now: Any = SimpleNamespace(checked="checked", split="split")
    judge_cohort(now)
    assert now.cohort_checks == {"facts": ["checked", "split"]}


def test_the_split_of_a_study_that_cannot_run_is_not_kept_and_that_of_an_earlier_run_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def draw(cohort: object, study: Any, path: Path, drawn: object) -> str:
        path.write_text("{}", encoding="utf-8")
        return "split"

    monkeypatch.setattr(module, "draw_or_reload", draw)
    now, kept = state([BROKEN], [True]), tmp_path / "split.json"
    now.out = tmp_path
    for before in (False, True):
        if before:
            kept.write_text("{}", encoding="utf-8")
        with pytest.raises(InputError, match="no image"):
            read(now, monkeypatch)
        assert kept.exists() == before


def test_what_has_no_effect_is_told_and_what_cannot_be_stops_the_study(monkeypatch: pytest.MonkeyPatch) -> None:
    now, told = state([], [True]), Finding("warning", "no effect")
    monkeypatch.setattr(module, "usable_findings", lambda study, cohort, split: [told])
    read(now, monkeypatch)
    assert now.findings == ["before", told]
    monkeypatch.setattr(module, "usable_findings", lambda study, cohort, split: [BROKEN])
    with pytest.raises(InputError, match="no image"):
        read(state([], [True]), monkeypatch)
