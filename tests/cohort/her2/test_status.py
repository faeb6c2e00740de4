"""HER2 status: every branch of the guideline, as docs/her2-rules.md states it."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from sonoher2.cohort.her2.reported import conflicts
from sonoher2.cohort.her2.status import (
    IHC_SCORES,
    her2_class,
    her2_classes,
    her2_status,
    her2_statuses,
    ish_finding,
    ish_group,
    read_ihc,
    read_ish,
    read_ish_number,
    recounted,
    rule_counts,
)
from sonoher2.cohort.tables.table import read_table
from sonoher2.config.target import Her2Target

DOCS = Path(__file__).parents[3] / "docs" / "her2-rules.md"


def documented() -> list[tuple[str, str, str]]:
    rows = re.findall(r"^\| ((?:no ISH|ISH [^|]*)) \|(.*)\|$", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    table = {ish: [cell.strip() for cell in cells.split("|")] for ish, cells in rows if cells.count("|") == 4}
    return [(ish, score, status) for ish, row in table.items() for score, status in zip(IHC_SCORES, row, strict=True)]


def test_the_documented_table_is_whole() -> None:
    assert len(documented()) == 50


@pytest.mark.parametrize(("ish", "score", "status"), documented())
def test_every_branch_is_as_documented(ish: str, score: str, status: str) -> None:
    result = her2_status(None if score == "missing" else score, ish)  # type: ignore[arg-type]
    assert (result.status, result.branch) == (status, f"IHC {score}, {ish}")


# Wolff et al. 2018, figures 1 and 3 to 6: ratio, copies, IHC and the result; low and zero are both negative
@pytest.mark.parametrize(
    ("ratio", "copies", "ihc", "expected"),
    [
        (2.0, 4.0, "0", "positive"), (5.0, 12.0, "1+", "positive"), (2.0, 4.0, "2+", "positive"),
        (2.0, 3.9, "0", "zero"), (2.5, 3.9, "1+", "low"), (2.5, 3.9, "2+", "low"), (2.5, 3.9, "3+", "positive"),
        (1.9, 6.0, "0", "zero"), (1.9, 6.0, "1+", "low"), (1.9, 6.0, "2+", "positive"), (1.9, 6.0, "3+", "positive"),
        (1.9, 5.9, "1+", "low"), (1.9, 4.0, "2+", "low"), (1.9, 4.0, "3+", "positive"),
        (1.9, 3.9, "0", "zero"), (1.0, 2.0, "1+", "low"), (1.0, 2.0, "2+", "low"),
        (None, 6.0, "2+", "positive"), (None, 3.9, "2+", "low"), (None, 5.0, "2+", "indeterminate"),
        (None, 5.0, "1+", "low"), (None, 5.0, "3+", "positive"),
    ],
)  # fmt: skip
def test_numbers_lead_to_the_guidelines_result(ratio: float | None, copies: float, ihc: str, expected: str) -> None:
    assert her2_status(ihc, ish_finding(None, ratio, copies)).status == expected


def test_groups_of_a_dual_probe() -> None:
    limits = [(2.0, 4.0), (2.0, 3.99), (1.99, 6.0), (1.99, 4.0), (1.99, 3.99)]
    assert [ish_group(ratio, copies) for ratio, copies in limits] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("word", "ratio", "copies", "expected"),
    [
        (None, None, None, "no ISH"),
        ("ISH positive", None, None, "ISH positive"),
        ("ISH positive", 2.4, None, "ISH ratio >= 2.0 without copies"),
        ("ISH negative", 1.2, None, "ISH negative"),
        ("ISH equivocal", 2.1, None, "ISH ratio >= 2.0 without copies"),
        (None, 1.2, None, "ISH ratio < 2.0 without copies"),
        ("ISH negative", 2.2, None, "ISH group 2"),
        ("ISH positive", 1.2, None, "ISH group 3"),
        ("ISH negative", 2.4, 8.0, "ISH contradicts itself"),
        ("ISH positive", 1.2, 2.0, "ISH contradicts itself"),
        ("ISH group 3", 2.4, None, "ISH contradicts itself"),
        ("ISH negative", 2.4, 3.0, "ISH group 2"),
        ("ISH positive", 1.5, 7.0, "ISH group 3"),
        ("ISH equivocal", 1.5, 5.0, "ISH group 4"),
        ("ISH positive", None, 5.0, "ISH equivocal"),
        ("ISH negative", None, 5.0, "ISH negative"),
        ("ISH negative", None, 7.0, "ISH contradicts itself"),
        ("ISH positive", None, 3.0, "ISH contradicts itself"),
        ("ISH group 2", 1.2, None, "ISH contradicts itself"),
        ("ISH group 4", 1.2, None, "ISH group 4"),
        ("ISH group 2", None, 5.0, "ISH contradicts itself"),
        ("ISH equivocal", None, 5.0, "ISH equivocal"),
        ("ISH group 3", None, 6.0, "ISH group 3"),
        ("ISH group 3", None, 5.9, "ISH contradicts itself"),
        ("ISH group 3", None, 3.0, "ISH contradicts itself"),
        ("ISH group 4", None, 4.0, "ISH group 4"),
        ("ISH group 4", None, 3.9, "ISH contradicts itself"),
        ("ISH group 4", None, 6.0, "ISH contradicts itself"),
        ("ISH group 2", None, 3.9, "ISH group 2"),
        ("ISH group 2", None, 4.0, "ISH contradicts itself"),
        ("ISH group 2", None, 7.0, "ISH contradicts itself"),
        ("ISH group 3", 2.5, 6.5, "ISH contradicts itself"),
        ("ISH group 3", 1.5, 6.5, "ISH group 3"),
        ("ISH group 2", 1.5, 3.0, "ISH contradicts itself"),
        ("ISH group 2", 2.5, 3.0, "ISH group 2"),
        ("ISH group 4", 1.5, 6.5, "ISH contradicts itself"),
        ("ISH group 4", 1.5, 5.0, "ISH group 4"),
    ],
)
def test_words_and_numbers_of_ish(word: str, ratio: float | None, copies: float | None, expected: str) -> None:
    assert ish_finding(word, ratio, copies) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("word", "ratio", "copies", "expected"),
    [("ISH positive", 2.4, None, "ISH positive"), ("ISH positive", None, 5.0, "ISH positive"),
     ("ISH negative", 2.4, None, "ISH group 2"), ("ISH positive", 1.2, None, "ISH group 3"),
     ("ISH positive", 1.2, 2.0, "ISH contradicts itself"), ("ISH positive", 2.4, 3.0, "ISH group 2")],
)  # fmt: skip
def test_words_that_are_known_to_follow_2018(word: str, ratio: float, copies: float | None, expected: str) -> None:
    assert ish_finding(word, ratio, copies, follows_2018=True) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("first", "second", "result", "expected"),
    [
        ("ISH group 4", "no ISH", None, "ISH group 4"),
        ("ISH group 4", "ISH group 4", None, "ISH group 4"),
        ("ISH group 4", "ISH negative", None, "ISH group 4"),
        ("ISH group 4", "ISH positive", None, "ISH contradicts itself"),
        ("ISH group 4", "ISH positive", "ISH positive", "ISH positive"),
        ("ISH group 3", "ISH group 4", None, "ISH contradicts itself"),
        ("ISH group 2", "no ISH", "ISH negative", "ISH negative"),
        ("ISH positive", "ISH negative", None, "ISH positive"),
    ],
)
def test_a_recount_confirms_its_group_or_needs_a_decision(
    first: str, second: str, result: str | None, expected: str
) -> None:
    assert recounted("2+", first, second, result) == expected  # type: ignore[arg-type]


def test_recounts_of_a_table() -> None:
    frame, patients = table(
        score=["2", "2", "2", "1", "3"],
        ratio=["1.5"] * 5, copies=["5"] * 5,
        ratio2=["1.4", "2.6", "2.6", None, None], copies2=["4.8", "6.4", "6.4", None, None],
        final=[None, None, "amplified", None, None],
    )  # fmt: skip
    recount = {"ratio": "ratio2", "copies": "copies2", "result": "final"}
    target = Her2Target(ihc="score", ratio="ratio", copies="copies", recount=recount, rule="ASCO/CAP 2018")  # type: ignore[arg-type]
    statuses, findings = her2_statuses(frame, patients, target, "t")
    assert statuses["status"].tolist() == ["low", "indeterminate", "positive", "low", "positive"]
    assert "the recount of 1 patients is in another ISH group" in str(findings[0])


def test_a_recount_of_one_number_is_told_as_such() -> None:
    frame, patients = table(
        score=["2"] * 4, ratio=["1.5"] * 4, copies=["5"] * 4,
        ratio2=[None, "1.4", "1.4", None], copies2=["4.8", None, "4.8", None],
    )  # fmt: skip
    recount = {"ratio": "ratio2", "copies": "copies2"}
    target = Her2Target(ihc="score", ratio="ratio", copies="copies", recount=recount, rule="ASCO/CAP 2018")  # type: ignore[arg-type]
    statuses, findings = her2_statuses(frame, patients, target, "t")
    assert statuses["status"].tolist() == ["indeterminate", "indeterminate", "low", "low"]
    told = [finding.what for finding in findings if "recount" in finding.what]
    assert [text.partition(" have")[0].partition(" has")[0] for text in told] == [
        "1 patients of ISH group 2 to 4 with IHC 2+",
        "the recount of 2 patients",
    ]


def test_what_is_wrong_in_a_recount_names_its_column() -> None:
    # 96 copies over 20 cells, and 20 CEP17 copies per cell are more than there ever are
    frame, patients = table(
        score=["2", "2"], ratio=["1.5"] * 2, copies=["5"] * 2, ratio2=["1.4"] * 2, copies2=["96", "5"]
    )
    recount = {"ratio": "ratio2", "copies": "copies2"}
    target = Her2Target(ihc="score", ratio="ratio", copies="copies", recount=recount, rule="ASCO/CAP 2018")  # type: ignore[arg-type]
    _, findings = her2_statuses(frame, patients, target, "t")
    (wrong,) = [one for one in findings if one.severity == "error"]
    assert (wrong.where, "CEP17 copies per cell for 1 patients (P0)" in wrong.what) == ("t, column 'copies2'", True)
    one = pd.Series(["P", "P"], index=frame.index)
    _, findings = her2_statuses(frame.assign(copies2=["4.8", "5"]), one, target, "t")
    assert [finding.where for finding in findings if "differ" in finding.what] == ["t, column 'copies2'"]


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("0", "0"), ("1+", "1+"), ("2+", "2+"), ("3+", "3+"), ("1", "1+"), ("2", "2+"), ("3.0", "3+"),
        ("IHC 2+", "2+"), ("2 +", "2+"), ("++", "2+"), ("HER2 (3+)", "3+"), ("Her-2/neu: 1+", "1+"), ("score 0", "0"),
        ("ultralow", "0 (ultralow)"), ("0+", "0 (ultralow)"), (">0<1+", "0 (ultralow)"), ("IHC 0+", "0 (ultralow)"),
        ("4", None), ("1+/2+", None), ("2-3+", None), ("positive", None), ("20", None), ("(-)", "0"),
    ],
)  # fmt: skip
def test_spellings_of_the_ihc_score(text: str, score: str | None) -> None:
    assert read_ihc(text) == score


def test_ultralow_is_a_status_of_its_own() -> None:
    result = her2_status("0 (ultralow)", "no ISH")
    assert (result.status, result.branch) == ("ultralow", "IHC 0 (ultralow), no ISH")
    assert her2_status("0 (ultralow)", "ISH positive").status == "positive"
    assert her2_status("0 (ultralow)", "ISH contradicts itself").status == "indeterminate"


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("Positive", "ISH positive"), ("amplified", "ISH positive"), ("Not amplified", "ISH negative"),
        ("negative", "ISH negative"), ("equivocal", "ISH equivocal"), ("Group 1", "ISH positive"),
        ("group 2", "ISH group 2"), ("group 3", "ISH group 3"), ("group4", "ISH group 4"), ("group 5", "ISH negative"),
        ("group 6", None), ("2.4", None), ("perhaps", None),
    ],
)  # fmt: skip
def test_spellings_of_the_ish_result(text: str, result: str | None) -> None:
    assert read_ish(text) == result


@pytest.mark.parametrize(
    ("text", "kind", "group_limit", "above"),
    [(">6", "copies", 6.0, True), (">=6.0", "copies", 6.0, True), ("<4.0", "copies", 4.0, False),
     (">2.2", "ratio", 2.0, True), ("< 2", "ratio", 2.0, False), ("1,9", "ratio", 2.0, False)],
)  # fmt: skip
def test_limits_count_where_they_decide(text: str, kind: str, group_limit: float, above: bool) -> None:
    value = read_ish_number(text, kind)  # type: ignore[arg-type]
    assert value is not None
    assert (value >= group_limit) is above


@pytest.mark.parametrize(
    ("text", "kind"), [(">4", "copies"), ("<6", "copies"), ("<=4", "copies"), ("816", "copies"), ("60", "ratio"),
                       ("not amplified", "copies"), (">1.5", "ratio"), ("-1", "ratio")],
)  # fmt: skip
def test_numbers_that_decide_nothing_or_cannot_be_are_refused(text: str, kind: str) -> None:
    assert read_ish_number(text, kind) is None  # type: ignore[arg-type]


def test_tasks_leave_out_what_they_cannot_place() -> None:
    statuses = ("zero", "ultralow", "low", "positive", "negative", "indeterminate")
    tasks = ("positive-vs-negative", "low-vs-zero", "zero-low-positive", "low-ultralow-vs-null", "ultralow-vs-null")
    assert [her2_classes(task) for task in tasks] == [  # type: ignore[arg-type]
        ("negative", "positive"), ("zero", "low"), ("zero", "low", "positive"), ("HER2-null", "low-ultralow"),
        ("HER2-null", "ultralow"),
    ]  # fmt: skip
    placed = {task: [her2_class(status, task) for status in statuses] for task in tasks}  # type: ignore[arg-type]
    assert placed == {
        "positive-vs-negative": ["negative", "negative", "negative", "positive", "negative", None],
        "low-vs-zero": ["zero", "zero", "low", None, None, None],
        "zero-low-positive": ["zero", "zero", "low", "positive", None, None],
        "low-ultralow-vs-null": ["HER2-null", "low-ultralow", "low-ultralow", None, None, None],
        "ultralow-vs-null": ["HER2-null", "ultralow", None, None, None, None],
    }


def table(**columns: list[str | None]) -> tuple[pd.DataFrame, pd.Series]:
    length = len(next(iter(columns.values())))
    frame = pd.DataFrame(columns, index=range(2, 2 + length), dtype=object)
    return frame, pd.Series([f"P{i}" for i in range(length)], index=frame.index)


def test_branches_are_counted_and_conflicts_listed() -> None:
    frame, patients = table(
        score=["1", "2", "2", "3", None, "0", "2"],
        fish=["positive", "negative", None, None, "negative", None, "negative"],
        said=["negative", "positive", "positive", "equivocal", "low", "zero", "her2-low"],
    )
    target = Her2Target(ihc="score", ish="fish", status="said", rule="ASCO/CAP 2018")
    statuses, findings = her2_statuses(frame, patients, target, "t")
    assert findings == []
    assert statuses["status"].tolist() == [
        "positive", "low", "indeterminate", "positive", "negative", "zero", "low",
    ]  # fmt: skip
    counts = rule_counts(statuses).set_index("branch")["patients"].to_dict()
    assert counts["IHC 2+, ISH negative"] == 2
    assert sum(counts.values()) == 7
    assert conflicts(statuses).to_dict("list") == {
        "patient_id": ["P0", "P1"],
        "derived": ["positive", "low"],
        "reported": ["negative", "positive"],
        "branch": ["IHC 1+, ISH positive", "IHC 2+, ISH negative"],
    }


def test_both_guidelines_give_the_same_status() -> None:
    frame, patients = table(score=["0", "1", "2", "3", None] * 2, fish=["positive"] * 5 + ["negative"] * 5)
    old, new = (
        her2_statuses(frame, patients, Her2Target(ihc="score", ish="fish", rule=rule), "t")[0]
        for rule in ("ASCO/CAP 2018", "ASCO/CAP 2023")
    )
    pd.testing.assert_frame_equal(old, new)


def test_every_unreadable_column_is_named() -> None:
    frame, patients = table(score=["1", "weak"], fish=["maybe", None], ratio=["1.1", "x"])
    target = Her2Target(ihc="score", ish="fish", ratio="ratio", copies="copies", rule="ASCO/CAP 2018")
    _, findings = her2_statuses(frame, patients, target, "t")
    text = "\n".join(map(str, findings))
    assert "t, column 'score', row 3: not an IHC score" in text
    assert "t, column 'fish', row 2: not an ISH result" in text
    assert "t, column 'ratio', row 3: not a HER2/CEP17 ratio" in text
    assert "no column 'copies'" in text


def test_counts_over_all_cells_are_not_copies_per_cell() -> None:
    frame, patients = table(score=["2"] * 4, ratio=["1.5"] * 4, copies=["60", "5", "15", "15.2"])
    target = Her2Target(ihc="score", ratio="ratio", copies="copies", rule="ASCO/CAP 2018")
    _, findings = her2_statuses(frame, patients, target, "t")
    assert "more than 10 CEP17 copies per cell for 2 patients (P0, P3)" in str(findings[0])
    frame, patients = table(score=["2"] * 4, ratio=[None] * 4, copies=["60", "25", "25.1", "5"])
    _, findings = her2_statuses(frame, patients, target, "t")
    assert "more than 25 HER2 copies per cell, and no ratio, for 2 patients (P0, P2)" in str(findings[0])


def test_one_patient_with_two_scores_is_an_error() -> None:
    frame, _ = table(score=["1", "3"])
    patients = pd.Series(["P0", "P0"], index=frame.index)
    _, findings = her2_statuses(frame, patients, Her2Target(ihc="score", rule="ASCO/CAP 2018"), "t")
    assert "the rows of one patient differ (patient P0)" in str(findings[0])


def test_tcga_brca(shared: Path) -> None:
    frame = read_table(shared / "data" / "clinical" / "TCGA-BRCA" / "data_clinical_patient.txt")
    target = Her2Target(
        ihc="HER2_IHC_SCORE", ish="HER2_FISH_STATUS", ratio="HER2_CENT17_RATIO", status="IHC_HER2", rule="ASCO/CAP 2018"
    )
    statuses, findings = her2_statuses(frame, frame["PATIENT_ID"], target, "t")
    # by cross-tabulation of the table's raw columns: 25 of IHC 1+, 2+ or no score with `Positive` and a ratio of 2.0 or
    # more, one of IHC 2+ with `Negative` and such a ratio
    assert [str(finding).split(" is ")[0].split(" are ")[0] for finding in findings] == [
        "t: ISH of 25 patients", "t: 1 patients",
    ]  # fmt: skip
    assert statuses["status"].value_counts().to_dict() == {
        "indeterminate": 413, "low": 407, "positive": 120, "negative": 96, "zero": 61,
    }  # fmt: skip
    assert len(conflicts(statuses)) == 22
    known = target.model_copy(update={"ish_rule": "ASCO/CAP 2018"})
    statuses, findings = her2_statuses(frame, frame["PATIENT_ID"], known, "t")
    assert statuses["status"].value_counts().to_dict() == {
        "low": 407, "indeterminate": 388, "positive": 145, "negative": 96, "zero": 61,
    }  # fmt: skip
