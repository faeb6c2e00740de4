"""Filled checklists: complete, linked to what is there, and silent on what only a person knows."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial

import pandas as pd
import pytest
from matplotlib.figure import Figure

import report_by_hand as by
from sonoher2.report.checklists import items
from sonoher2.report.checklists.evidence import Evidence, Found, gather
from sonoher2.report.checklists.fill import Answer, Filled, Status, fill
from sonoher2.report.checklists.items import CheckItem, Checklist, load_checklists
from sonoher2.report.checklists.score import metrics_score
from sonoher2.report.checklists.section import checklist_parts, checklist_table
from sonoher2.report.content.parts import Drawing, Folded, Section, Table, Text
from sonoher2.study.checks.registry import CHECKS
from sonoher2.study.results.parts import StudyResult
from study_results import changed

ITEMS = {"clear": 58, "metrics": 30, "tripod_ai": 52, "claim": 44, "probast_ai": 34}
CHECKLISTS = {checklist.name: checklist for checklist in load_checklists()}
CODES = {check.code for check in CHECKS}
TOKEN = re.compile(r"(#[a-z0-9_-]+|(run|filled|study|kind|signature|several|file):[^\s:|]+)")


def evidence(**changes: object) -> Evidence:
    values: dict[str, object] = {
        "anchors": {"methods": "Methods", "tab-zoo": "Candidate models"},
        "filled": frozenset({"zoo.model"}),
        "record": {"sha256": {"split": "ab"}, "seed": 0, "empty": {}},
        "settings": {"split": {"kind": "site"}, "regions": "given", "deep": None, "clinical": {"columns": {}}},
        "kind": "study",
        "signatures": ("Clinical", "Radiomics"),
        "several": frozenset({"site"}),
        "files": frozenset({"features.csv"}),
        "found": {},
    }
    return Evidence(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "count"), ITEMS.items())
def test_every_item_of_the_source_is_there_once(name: str, count: int) -> None:
    numbers = [item.number for item in CHECKLISTS[name].items]
    assert len(numbers) == len(set(numbers)) == count


def test_tripod_has_its_27_items() -> None:
    numbers = {int(re.sub(r"\D", "", item.number)) for item in CHECKLISTS["tripod_ai"].items}
    assert numbers == set(range(1, 28))


def test_probast_has_16_questions_on_development_and_18_on_evaluation() -> None:
    first = [item.number[0] for item in CHECKLISTS["probast_ai"].items]
    assert (first.count("D"), first.count("E")) == (16, 18)


def test_metrics_weights_are_the_published_ones() -> None:
    weights = {int(item.number): item.weight for item in CHECKLISTS["metrics"].items}
    assert sum(weights.values()) == pytest.approx(1.0, abs=1e-9)
    # Kocak 2024, Table 1
    assert {n: weights[n] for n in (1, 3, 11, 17, 18, 27, 30)} == {
        1: 0.0368, 3: 0.0919, 11: 0.0622, 17: 0.02, 18: 0.0599, 27: 0.0749, 30: 0.0075,
    }  # fmt: skip


@pytest.mark.parametrize("name", ITEMS)
def test_rules_are_well_formed_and_each_open_item_says_what_to_do(name: str) -> None:
    for item in CHECKLISTS[name].items:
        tokens = [part for token in (*item.needs, *item.condition) for part in token.split("|")]
        assert all(map(TOKEN.fullmatch, tokens))
        assert bool(item.needs) == bool(item.extent)
        assert {*item.against, *item.beside} <= CODES
        # only what is said to be there can be contradicted
        assert item.needs or not item.against
        assert item.note or item.extent == "full"
        assert item.development or item.evaluation
        assert len(item.asks) < 120


@pytest.mark.parametrize(
    ("token", "there"),
    [
        ("#methods", True),
        ("#calibration", False),
        ("filled:zoo.model", True),
        ("filled:zoo.dice", False),
        ("run:sha256.split", True),
        ("run:seed", True),
        ("run:empty", False),
        ("run:seed.more", False),
        ("study:split.kind=site", True),
        ("study:split.kind=random", False),
        ("study:regions!=given", False),
        ("study:split.kind!=random", True),
        ("study:deep", False),
        ("study:deep.training=fine-tuned", False),
        ("study:clinical.columns", False),
        ("kind:validation", False),
        ("signature:Clin", True),
        ("signature:Deep", False),
        ("several:site", True),
        ("several:age", False),
        ("file:features.csv", True),
        ("file:model-card.md", False),
        ("kind:validation|study:split.kind=site", True),
        ("kind:validation|signature:Deep", False),
    ],
)
def test_tokens(token: str, there: bool) -> None:
    assert evidence().has(token) is there


def item(**changes: object) -> CheckItem:
    plain = CheckItem("1", "Methods", "Something", ("#methods",), "full", True, True, "Do this")
    return replace(plain, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "status", "note"),
    [
        (item(), "answered", ""),
        (item(extent="part"), "partly", "Do this"),
        (item(needs=("#methods", "#nowhere")), "absent", "Do this"),
        (item(needs=()), "yours", "Do this"),
        (item(development=False), "not applicable", ""),
        (item(condition=("kind:validation",)), "not applicable", ""),
    ],
)
def test_status_follows_from_evidence(asked: CheckItem, status: Status, note: str) -> None:
    answer = fill(Checklist("x", "X", "", "", (asked,)), evidence()).answers[0]
    assert (answer.status, answer.note) == (status, note)
    assert bool(answer.links) == (status in ("answered", "partly"))


def against(*codes: str, severity: str = "error") -> dict[str, Found]:
    return {code: Found(code, severity, f"Title of {code}") for code in codes}


@pytest.mark.parametrize(
    ("asked", "found", "status", "note"),
    [
        (item(against=("LEAK001",)), against("LEAK002"), "answered", ""),
        (item(against=("LEAK001",)), against("LEAK001"), "contradicted", "LEAK001 (error): Title of LEAK001. Do this"),
        (item(against=("LEAK001",), note=""), against("LEAK001"), "contradicted", "LEAK001 (error): Title of LEAK001"),
        (
            item(against=("LEAK001",)),
            against("LEAK001", severity="warning"),
            "partly",
            "LEAK001 (warning): Title of LEAK001. Do this",
        ),
        (item(against=("A", "B")), against("A", severity="warning") | against("B"), "contradicted", None),
        (item(extent="part", against=("LEAK001",)), against("LEAK001"), "contradicted", None),
        (item(beside=("CAL001",)), against("CAL001"), "answered", "CAL001 (error): Title of CAL001"),
        (item(extent="part", beside=("CAL001",)), against("CAL001"), "partly", None),
        (
            item(needs=(), beside=("MARK001",)),
            against("MARK001"),
            "yours",
            "MARK001 (error): Title of MARK001. Do this",
        ),
        (item(needs=("#nowhere",), against=("LEAK001",)), against("LEAK001"), "absent", None),
        (item(development=False, against=("LEAK001",)), against("LEAK001"), "not applicable", ""),
    ],
)
def test_what_a_check_found_is_told_and_may_contradict(
    asked: CheckItem, found: dict[str, Found], status: Status, note: str | None
) -> None:
    answer = fill(Checklist("x", "X", "", "", (asked,)), evidence(found=found)).answers[0]
    assert answer.status == status
    assert note is None or answer.note == note


def checked(**results: str) -> StudyResult:
    """The small study after checks with these results."""
    titles = {check.code: check.title for check in CHECKS}
    rows = [(code, titles[code], result, "P1, P2", "Mend it", "") for code, result in results.items()]
    columns = ["code", "title", "result", "found", "remedy", "page"]
    return changed(by.study(), table=pd.DataFrame(rows, columns=columns))


def test_no_item_denies_a_leak_that_a_check_of_this_run_found() -> None:
    zoo = Table("zoo", "Candidate models", "", by.signatures(), by.signatures())
    sections = (
        Section("methods", "Methods", [Text(("words",))]),
        Section("performance", "Performance", [zoo]),
        Section("checks", "Checks", [Text(("words",))]),
    )
    items = (("probast_ai", "E4.5"), ("probast_ai", "E4.1"), ("metrics", "18"), ("metrics", "26"), ("claim", "20"))
    record: dict[str, object] = {"sha256": {"split": "ab"}, "settings": {"validation": {"by": "random"}}}

    def answers(**results: str) -> list[Status]:
        result = changed(checked(**results), record=record)
        return [status_in(name, number, result, *sections) for name, number in items]

    assert answers(LEAK001="passed", LEAK002="not checked", LEAK005="note") == ["answered"] * 5
    assert answers(LEAK002="error") == ["contradicted"] * 5
    assert answers(LEAK001="warning") == ["partly"] * 5
    leaks = sorted(code for code in CODES if code.startswith("LEAK"))
    assert len(leaks) == 7
    for code in leaks:
        assert answers(**{code: "error"})[0] == "contradicted"
    fitted = [("probast_ai", "D4.5"), ("probast_ai", "E4.6")]
    result = changed(checked(LEAK003="error"), record=record)
    assert [status_in(name, number, result, *sections) for name, number in fitted] == ["contradicted"] * 2


def test_a_contradicted_item_links_to_the_check_and_shows_no_patient() -> None:
    sections = [Section("methods", "Methods", [Text(("words",))]), Section("checks", "Checks", [Text(("words",))])]
    result = changed(checked(LEAK002="error"), record={"sha256": {"split": "ab"}})
    table = checklist_table(fill(CHECKLISTS["metrics"], gather(by.view(result), sections)))
    row = table[table["item"] == "18"].iloc[0]
    assert row["status"] == "contradicted by a check"
    assert row["note"] == "LEAK002 (error): Near-duplicate images across the split"
    assert row["evidence"] == "run.json: sha256.split; report.html#methods; report.html#checks"


def test_metrics_score_counts_what_applies() -> None:
    statuses: list[tuple[Status, float]] = [
        ("answered", 0.3), ("partly", 0.1), ("yours", 0.2), ("absent", 0.05), ("contradicted", 0.15),
        ("not applicable", 0.2),
    ]  # fmt: skip
    answers = tuple(Answer(item(weight=weight), status, ()) for status, weight in statuses)
    score = metrics_score(Filled(CHECKLISTS["metrics"], answers))
    assert score.low == pytest.approx(37.5)
    assert score.high == pytest.approx(75.0)
    assert score.undecided == 2


def test_section_holds_all_lists_and_links_only_to_what_is_there() -> None:
    sections = [Section("methods", "Methods", [Text(("words",))])]
    parts = [part for part in checklist_parts(by.view(), sections) if isinstance(part, Folded)]
    assert [part.name for part in parts] == list(ITEMS)
    anchors = {anchor for part in parts for row in part.rows for _, anchor in row.links}
    assert anchors <= {"", "methods", "checklists", "summary"}
    assert "Score:" in parts[1].summary
    assert all(part.data["yours"].eq("").all() for part in parts)


def test_validation_leaves_development_out() -> None:
    result = fill(CHECKLISTS["tripod_ai"], evidence(kind="validation"))
    by_number = {answer.item.number: answer.status for answer in result.answers}
    assert by_number["12c"] == "not applicable"
    assert by_number["20c"] != "not applicable"
    metrics = {
        answer.item.number: answer for answer in fill(CHECKLISTS["metrics"], evidence(kind="validation")).answers
    }
    assert metrics["26"].status == "not applicable"
    assert metrics["27"].status == "partly"


def test_table_for_the_file() -> None:
    table = checklist_table(fill(CHECKLISTS["metrics"], evidence()))
    assert table["weight"].sum() == pytest.approx(1.0)
    assert table.loc[table["item"] == "18", "evidence"].item() == "run.json: sha256.split; report.html#methods"


def test_what_a_run_can_show() -> None:
    table = Table("t", "A table", "", by.signatures(), by.signatures())
    drawing = Drawing("d", "A figure", "", partial(Figure))
    patients = by.PATIENTS.assign(site="one", scanner=["a", "b"] * 6)
    found = gather(by.view(patients=patients, record={"seed": 7}), [Section("first", "First", [table, drawing])])
    assert found.anchors == {
        "checklists": "Checklists", "summary": "Summary", "first": "First", "tab-t": "A table", "fig-d": "A figure",
    }  # fmt: skip
    assert found.signatures == ("Clinical", "Radiomics")
    assert "t.auc" in found.filled
    assert "scanner" in found.several
    assert "site" not in found.several
    assert found.files == {"features.csv", "model-card.md"}
    assert found.kind == "study"
    assert found.settings["seed"] == 11
    assert gather(by.view(by.validation()), []).files == {"features.csv"}
    assert gather(by.view(by.configured(by.validation(), images=None)), []).files == frozenset()


def status_in_metrics(number: str, *tables: Table, **settings: object) -> Status:
    return status_in("metrics", number, by.configured(by.study(), **settings), Section("s", "S", list(tables)))


def status_in(name: str, number: str, result: StudyResult, *sections: Section) -> Status:
    answers = fill(CHECKLISTS[name], gather(by.view(result), list(sections))).answers
    return next(answer.status for answer in answers if answer.item.number == number)


def test_table_1_answers_what_it_shows() -> None:
    def table1(**columns: list[str]) -> Section:
        data = pd.DataFrame({"Characteristic": ["age"], **columns})
        return Section("patients", "Patients", [Table("table1", "Table 1", "", data, data)])

    study, validation = by.study(), by.validation()
    shift = Section("shift", "How the cohort differs", [Text(("words",))])
    assert status_in("tripod_ai", "16", study, table1(SMD=["0.2"])) == "answered"
    # of one set there is no difference
    assert status_in("tripod_ai", "16", study, table1()) == "absent"
    for number in ("16", "20c"):
        assert status_in("tripod_ai", number, validation, table1()) == "absent"
        assert status_in("tripod_ai", number, validation, table1(), shift) == "answered"
    columns = study.about.config.clinical.columns
    none = by.configured(study, clinical={"table": "clinical.csv", "columns": {}})
    assert columns
    for name, number in (("tripod_ai", "20b"), ("claim", "36"), ("clear", "44")):
        assert status_in(name, number, study, table1(SMD=["0.2"])) == "answered"
        assert status_in(name, number, none, table1(SMD=["0.2"])) == "absent"


def test_a_selection_without_a_step_against_redundancy_removed_none() -> None:
    steps = pd.DataFrame({"step": ["varies"]})
    table = Table("selection", "Selection", "", steps, steps)
    off: dict[str, object] = {"correlation": None, "mrmr": None, "lasso": False}
    for one in ({"correlation": "pearson"}, {"mrmr": 5}, {"lasso": True}):
        assert status_in_metrics("15", table, selection=off | one) == "answered"
        assert status_in_metrics("15", selection=off | one) == "absent"
    assert status_in_metrics("15", table, selection=off) == "absent"


def test_outlines_are_compared_with_an_experts_only_where_masks_were_given() -> None:
    def outlined(*dice: float) -> Table:
        data = pd.DataFrame({"found": True, "dice": list(dice)})
        return Table("segmentation", "Automatic outlines", "", data, data)

    assert status_in_metrics("9", outlined(float("nan"), 0.8), regions="segment") == "partly"
    assert status_in_metrics("9", outlined(float("nan"), float("nan")), regions="segment") == "absent"
    assert status_in_metrics("9", outlined(0.8), regions="given") == "not applicable"


def test_links_of_evidence() -> None:
    shown = evidence().links(
        [
            "#methods",
            "filled:zoo.model",
            "run:seed",
            "study:split.kind=site",
            "several:site",
            "kind:study",
            "file:features.csv",
        ]
    )
    assert shown == (
        ("Methods", "methods"), ("run.json: seed", ""), ("study file: split.kind", ""), ("patients' column site", ""),
        ("features.csv", ""),
    )  # fmt: skip


def test_summary_of_a_list_counts_each_answer_once() -> None:
    sections = [Section("methods", "Methods", [Text(("words",))])]
    metrics = next(part for part in checklist_parts(by.view(), sections) if getattr(part, "name", "") == "metrics")
    counts = {
        status: sum(row.status == status for row in metrics.rows) for status in {row.status for row in metrics.rows}
    }
    assert metrics.summary.startswith("30 items: ")
    assert f"{counts['yours']} for you to fill in" in metrics.summary
    assert f"{counts['absent']} not in this run" in metrics.summary
    assert sum(counts.values()) == 30


def test_items_are_read_from_their_row() -> None:
    row = {
        "item": "7", "section": "Data", "asks": "Is it?", "needs": "#a run:b", "extent": "part", "applies": "E",
        "note": "Do it", "condition": "signature:Deep several:site", "weight": "0.25",
        "against": "LEAK001 CAL001? MISS002",
    }  # fmt: skip
    assert items._item(row) == CheckItem(
        "7", "Data", "Is it?", ("#a", "run:b"), "part", False, True, "Do it", ("signature:Deep", "several:site"), 0.25,
        ("LEAK001", "MISS002"), ("CAL001",),
    )  # fmt: skip
    short = {name: row[name] for name in ("item", "section", "asks", "needs", "extent", "note", "against")}
    assert items._item(short | {"applies": "D", "extent": "", "against": ""}) == CheckItem(
        "7", "Data", "Is it?", ("#a", "run:b"), "", True, False, "Do it"
    )


def test_an_item_of_metrics_counts_only_where_its_condition_holds() -> None:
    conditions = {item.number: item.condition for item in CHECKLISTS["metrics"].items if item.condition}
    assert conditions
    for number in conditions:
        answers = fill(CHECKLISTS["metrics"], evidence(signatures=(), record={}, settings={}, anchors={})).answers
        assert next(answer for answer in answers if answer.item.number == number).status == "not applicable"
