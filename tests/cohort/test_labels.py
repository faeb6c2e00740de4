"""Labels of any column of two classes, and of the tasks that need ultralow."""

from __future__ import annotations

import pandas as pd
import pytest

from sonoher2.cohort.her2.no_result import is_no_result
from sonoher2.cohort.labels import Labels, patient_labels
from sonoher2.config.target import ColumnTarget, Her2Target
from sonoher2.core.errors import InputError


def labels(values: list[str | None], **target: object) -> Labels:
    frame = pd.DataFrame({"said": values}, index=range(2, 2 + len(values)), dtype=object)
    patients = pd.Series([f"P{i}" for i in range(len(values))], index=frame.index)
    kind = Her2Target if "rule" in target else ColumnTarget
    named = {"ihc": "said"} if "rule" in target else {"column": "said", "positive": "Positive"}
    return patient_labels(frame, patients, kind.model_validate(named | target), "t")


def test_what_counts_as_negative_is_listed_where_the_study_does_not_say() -> None:
    found = labels(["Positive", "Negative", "IHC 0", "Negative", None])
    assert found.names.tolist() == ["Positive", "not Positive", "not Positive", "not Positive", None]
    (finding,) = found.findings
    assert finding.severity == "note"
    assert "taken for negative, since `negative` is not named: 'Negative' (2), 'IHC 0' (1)" in str(finding)


@pytest.mark.parametrize(
    "value",
    [
        "Equivocal",
        "Not performed",
        "Unknown primary",
        "pending",
        "2+",
        "++",
        "未做",
        "不详",
        "可疑",
        "临界",
        "待定",
        "9",
        "?",
    ],
)
def test_what_is_no_result_is_never_negative(value: str) -> None:
    (finding,) = labels(["Positive", "Negative", "Negative", value, value]).findings
    assert finding.severity == "error"
    assert "t, column 'said', rows 5, 6: not a clear result" in str(finding)
    assert f"'{value}' (2)" in str(finding)
    assert "'Negative' (2)" in finding.fix


def test_with_negative_named_the_others_are_left_out() -> None:
    found = labels(["Positive", "Negative", "Equivocal"], negative="Negative")
    assert found.findings == []
    assert found.names.tolist() == ["Positive", "Negative", None]
    assert found.reasons.tolist() == ["", "", "said is Equivocal"]


@pytest.mark.parametrize(
    "value",
    [
        "negative",
        "benign",
        "0",
        "1+",
        "3+",
        "no",
        "阴性",
        "良性",
        "Negative (IHC 0/1+)",
        "normal",
        "B",
        "not amplified",
    ],
)
def test_clear_values_are_results(value: str) -> None:
    assert not is_no_result(value)


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("low-ultralow-vs-null", ["HER2-null", "low-ultralow", "low-ultralow", None]),
        ("ultralow-vs-null", ["HER2-null", "ultralow", None, None]),
    ],
)
def test_tasks_of_ultralow(task: str, expected: list[str | None]) -> None:
    found = labels(["0", "0+", "1+", "3+"], rule="ASCO/CAP 2023", task=task)
    assert found.names.tolist() == expected
    assert found.findings == []
    assert "HER2 positive, not part of" in found.reasons.iloc[-1]


def test_null_needs_a_column_that_tells_ultralow() -> None:
    found = labels(["0", "2+", "1+", "3+"], rule="ASCO/CAP 2023", task="low-ultralow-vs-null")
    assert "no patient is ultralow" in str(found.findings[-1])


def test_a_reported_status_that_contradicts_the_rule_is_a_warning() -> None:
    frame = pd.DataFrame({"ihc": ["3+", "0", "1+"], "her2": ["negative", "negative", "positive"]}, dtype=object)
    target = Her2Target.model_validate({"ihc": "ihc", "status": "her2", "rule": "ASCO/CAP 2023"})
    found = patient_labels(frame, pd.Series(["P1", "P2", "P3"]), target, "t")
    assert found.names.tolist() == ["positive", "negative", "negative"]
    assert [(finding.severity, str(finding)) for finding in found.findings] == [
        (
            "warning",
            "t, column 'her2': the reported status of 2 patients contradicts the one that follows from IHC and ISH. "
            "See the list of conflicts; the label follows IHC and ISH.",
        )
    ]
    assert found.conflicts["patient_id"].tolist() == ["P1", "P3"]
    assert found.rule_counts["patients"].sum() == 3


def test_ihc_and_ish_that_point_in_opposite_directions_are_told() -> None:
    frame = pd.DataFrame({"ihc": ["3+", "0", "1+", "2+"], "ish": ["negative", "positive", "positive", "positive"]})
    target = Her2Target.model_validate({"ihc": "ihc", "ish": "ish", "rule": "ASCO/CAP 2023"})
    found = patient_labels(frame.astype(object), pd.Series(["P1", "P2", "P3", "P4"]), target, "t")
    assert [str(finding).split(";")[0] for finding in found.findings] == [
        "t: IHC and ISH of 3 patients point in opposite directions"
    ]
    assert found.names.tolist() == ["positive"] * 4


@pytest.mark.parametrize(
    ("positive", "negative", "classes"),
    [
        ("yes", "no", ("no", "yes")),
        ("yes", None, ("not yes", "yes")),
        ("yes", ["no", "none"], ("not yes", "yes")),
        (["yes", "sure"], "no", ("negative", "positive")),
    ],
)
def test_classes_have_the_words_of_the_table(positive: object, negative: object, classes: tuple[str, str]) -> None:
    frame = pd.DataFrame({"said": ["yes", "no", "none", "sure", "no"]}, dtype=object)
    target = ColumnTarget.model_validate({"column": "said", "positive": positive, "negative": negative})
    found = patient_labels(frame, pd.Series(list("ABCDE")), target, "t")
    assert found.classes == classes
    assert found.names.iloc[:2].tolist() == [classes[1], classes[0]]


def test_a_value_of_the_target_that_stands_nowhere_is_told_the_values() -> None:
    frame = pd.DataFrame({"said": ["yes", "no", None]}, dtype=object)
    target = ColumnTarget.model_validate({"column": "said", "positive": "ja"})
    with pytest.raises(InputError) as caught:
        patient_labels(frame, pd.Series(list("ABC")), target, "t")
    assert (
        str(caught.value) == "t, column 'said': the value 'ja' of the target stands in no row. The values are: no, yes."
    )


def test_a_value_that_is_written_like_a_class_is_no_class() -> None:
    frame = pd.DataFrame({"said": ["3+", "amplified", "0", "1+", "positive", "negative", None]}, dtype=object)
    target = ColumnTarget(column="said", positive=["3+", "amplified"], negative=["0", "1+"])
    found = patient_labels(frame, pd.Series(list("ABCDEFG")), target, "t")
    assert found.names.tolist() == ["positive", "positive", "negative", "negative", None, None, None]
    assert found.reasons.tolist() == ["", "", "", "", "said is positive", "said is negative", "said missing"]


def test_case_tells_no_values_apart_among_those_that_are_left_out() -> None:
    frame = pd.DataFrame({"said": ["Normal", "normal ", "yes", "no"]}, dtype=object)
    target = ColumnTarget(column="said", positive="yes", negative="no")
    found = patient_labels(frame, pd.Series(list("AABC")), target, "t")
    assert found.findings == []
    assert found.reasons.to_dict() == {"A": "said is Normal", "B": "", "C": ""}


@pytest.mark.parametrize(("positive", "negative"), [(["a", "b"], ["B ", "c"]), ("b", "b")])
def test_a_value_is_not_both_classes(positive: object, negative: object) -> None:
    frame = pd.DataFrame({"said": ["a", "b", "c"]}, dtype=object)
    target = ColumnTarget.model_validate({"column": "said", "positive": positive, "negative": negative})
    with pytest.raises(InputError, match="the value 'b' is both positive and negative"):
        patient_labels(frame, pd.Series(list("ABC")), target, "t")


def test_twenty_values_of_the_target_are_told() -> None:
    frame = pd.DataFrame({"said": [f"v{i:02}" for i in range(21)]}, dtype=object)
    target = ColumnTarget.model_validate({"column": "said", "positive": "ja"})
    with pytest.raises(InputError) as caught:
        patient_labels(frame, pd.Series([f"P{i}" for i in range(21)]), target, "t")
    assert caught.value.fix.endswith(", v18, v19")
