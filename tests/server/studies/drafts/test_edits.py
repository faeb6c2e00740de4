"""Changes to the values of a study file, without a server."""

from __future__ import annotations

from typing import Any

import pytest

from sonoher2.core.errors import UsageError
from sonoher2.server.studies.drafts.edits import changed
from sonoher2.server.studies.drafts.schemas import ColumnChange, DraftChange

SIZE = {"column": "Size", "kind": "number", "timing": "pre-biopsy", "unit": "mm"}
STUDY: dict[str, Any] = {
    "title": "one",
    "timing": "pre-biopsy",
    "clinical": {
        "table": "t.csv",
        "patient_id": "pid",
        "columns": {
            "size": SIZE,
            "age": {"kind": "number", "timing": "pre-biopsy"},
            "echo": {"column": "Echo", "kind": "ordered", "timing": "pre-biopsy", "levels": ["low", "high"]},
        },
    },
    "target": {"ihc": "IHC", "ish": "FISH", "rule": "ASCO/CAP 2018", "task": "low-vs-zero"},
    "split": {"kind": "random", "test_share": 0.3},
}


def after(change: DraftChange, **more: Any) -> dict[str, Any]:
    return changed({**STUDY, **more}, change)


def of_column(name: str, change: ColumnChange, **more: Any) -> dict[str, Any]:
    return dict(after(DraftChange(columns={name: change}), **more)["clinical"]["columns"])


def test_only_what_is_named_is_changed_and_the_file_given_stays() -> None:
    assert after(DraftChange()) == STUDY
    new = after(DraftChange(title="two", timing="biopsy", split={"kind": "random", "test_share": 0.2}))
    assert (new["title"], new["timing"], new["split"]["test_share"]) == ("two", "biopsy", 0.2)
    assert (STUDY["title"], STUDY["split"]["test_share"]) == ("one", 0.3)
    assert new["clinical"] == STUDY["clinical"]


def test_a_column_is_found_by_its_header_and_keeps_its_place() -> None:
    columns = of_column("Size", ColumnChange(unit="cm", key="diameter"))
    assert [*columns] == ["diameter", "age", "echo"]
    assert columns["diameter"] == {**SIZE, "unit": "cm"}
    # one without `column` has its key as its header
    columns = of_column("age", ColumnChange(timing="biopsy"), timing="biopsy")
    assert columns["age"] == {"kind": "number", "timing": "biopsy", "column": "age"}


def test_a_new_column_comes_last_under_its_header_unless_a_key_is_told() -> None:
    new = ColumnChange(read_as="clinical", kind="number", timing="pre-biopsy", unit="")
    columns = of_column("BMI", new)
    assert [*columns] == ["size", "age", "echo", "BMI"]
    # an empty unit is not written
    assert columns["BMI"] == {"column": "BMI", "kind": "number", "timing": "pre-biopsy"}
    assert [*of_column("BMI", new.model_copy(update={"key": "bmi"}))][-1] == "bmi"


def test_levels_go_with_a_kind_that_has_none() -> None:
    assert "levels" not in of_column("Echo", ColumnChange(kind="number"))["echo"]
    for kind in ("ordered", "category"):
        assert of_column("Echo", ColumnChange(kind=kind))["echo"]["levels"] == ["low", "high"]
    assert of_column("Echo", ColumnChange(levels=["a", "b"]))["echo"]["levels"] == ["a", "b"]
    assert of_column("Echo", ColumnChange(missing=["?"]))["echo"]["missing"] == ["?"]


def test_a_column_is_in_one_role_alone() -> None:
    new = after(DraftChange(columns={"Size": ColumnChange(read_as="ratio")}))
    assert "size" not in new["clinical"]["columns"]
    assert new["target"] == {**STUDY["target"], "ratio": "Size"}
    new = after(DraftChange(columns={"IHC": ColumnChange(read_as="status"), "FISH": ColumnChange(read_as="ihc")}))
    assert {role: new["target"].get(role) for role in ("ihc", "ish", "status")} == {
        "ihc": "FISH", "ish": None, "status": "IHC"
    }  # fmt: skip
    # named again for what it is, it stays
    assert after(DraftChange(columns={"IHC": ColumnChange(read_as="ihc")}))["target"] == STUDY["target"]
    new = after(DraftChange(columns={"FISH": ColumnChange(read_as="clinical", kind="category", timing="pre-biopsy")}))
    assert "ish" not in new["target"]
    assert new["clinical"]["columns"]["FISH"]["kind"] == "category"


def test_patients_and_outcome_change_hands() -> None:
    new = after(DraftChange(columns={"no": ColumnChange(read_as="patient")}))
    assert new["clinical"]["patient_id"] == "no"
    # named again it stays; anything else needs another one first
    assert after(DraftChange(columns={"pid": ColumnChange(read_as="patient")}))["clinical"]["patient_id"] == "pid"
    with pytest.raises(UsageError, match="'pid' names the patients"):
        after(DraftChange(columns={"pid": ColumnChange(read_as="ihc")}))
    outcome = DraftChange(columns={"grade": ColumnChange(read_as="outcome")}, positive=["3"], negative=["1"])
    new = after(outcome)
    assert new["target"] == {"column": "grade", "positive": ["3"], "negative": ["1"]}
    target = {"column": "grade", "positive": ["3"], "negative": ["1"]}
    # the same column keeps its classes, another one needs its own
    again = after(DraftChange(columns={"grade": ColumnChange(read_as="outcome")}), target=target)
    assert again["target"] == target
    other = DraftChange(columns={"stage": ColumnChange(read_as="outcome")}, positive=["II"])
    assert after(other, target=target)["target"] == {"column": "stage", "positive": ["II"]}
    with pytest.raises(UsageError, match="'grade' is what is predicted"):
        after(DraftChange(columns={"grade": ColumnChange(read_as="unused")}), target=target)
    her2 = after(DraftChange(columns={"grade": ColumnChange(read_as="ihc")}), target=target)
    assert her2["target"] == {"ihc": "grade", "rule": "ASCO/CAP 2023", "task": "positive-vs-negative"}


def test_a_column_that_is_not_used_says_first_what_it_is() -> None:
    with pytest.raises(UsageError, match="'BMI' is not used by the study"):
        of_column("BMI", ColumnChange(unit="kg"))


def test_rule_task_and_keys_of_images() -> None:
    new = after(DraftChange(rule="ASCO/CAP 2023", task="positive-vs-negative"))
    assert (new["target"]["rule"], new["target"]["task"]) == ("ASCO/CAP 2023", "positive-vs-negative")
    images = {"table": "i.csv", "site": "Device", "view": "Side"}
    new = after(DraftChange(images={"site": None, "view": "View", "scanner": "Device"}), images=images)
    assert new["images"] == {"table": "i.csv", "view": "View", "scanner": "Device"}
    assert images["site"] == "Device"
