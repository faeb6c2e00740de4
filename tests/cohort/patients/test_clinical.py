"""Clinical columns: typed, bounded, one row per patient."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sonoher2.cohort.patients.clinical import bounds, clinical_values, parse_column, read_number, unread_cells
from sonoher2.config.clinical import ClinicalColumn


def declared(kind: str, **options: object) -> ClinicalColumn:
    return ClinicalColumn.model_validate({"kind": kind, "timing": "pre-biopsy", **options})


def cells(*values: str | None) -> pd.Series:
    return pd.Series(values, index=range(2, 2 + len(values)), dtype=object)


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("12", "", 12.0), ("12.5", "", 12.5), ("12,5", "", 12.5), ("0,125", "", 0.125), ("-3", "", -3.0),
        ("1e2", "", 100.0), ("20%", "%", 20.0), ("20 %", "%", 20.0), ("12 mm", "mm", 12.0), (".5", "", 0.5),
        ("1,250", "", None), ("1.250,5", "", None), ("20%", "", None), ("<5", "", None), ("5-10", "", None),
        ("inf", "", None), ("nan", "", None), ("twelve", "", None), ("", "", None),
    ],
)  # fmt: skip
def test_numbers(text: str, unit: str, value: float | None) -> None:
    assert read_number(text, unit) == value


def test_bounds_of_ages_and_percentages_need_not_be_declared() -> None:
    assert bounds("age", declared("number")) == (0, 120)
    assert bounds("years", declared("number", column="Age at Diagnosis")) == (0, 120)
    for name, unit in (("年龄", ""), ("x", "岁"), ("Alter", ""), ("Âge", ""), ("age_at_surgery", "")):
        assert bounds(name, declared("number", unit=unit)) == (0, 120)
    assert bounds("stage_percentage", declared("number")) == (-np.inf, np.inf)
    assert bounds("ki67", declared("number", unit="%")) == (0, 100)
    assert bounds("stage", declared("number")) == (-np.inf, np.inf)
    assert bounds("age", declared("number", low=18, high=90)) == (18, 90)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["45", "430"], "t.csv, column 'age', row 3: a value above 120, the largest possible"),
        (["-1", "45"], "t.csv, column 'age', row 2: a value below 0, the smallest possible"),
        (["45", "old", "x"], "t.csv, column 'age', rows 3, 4: not one number"),
    ],
)
def test_an_impossible_number_names_row_and_column_and_not_the_value(values: list[str], message: str) -> None:
    _, findings = parse_column(cells(*values), "age", declared("number"), "t.csv")
    assert [finding.severity for finding in findings] == ["error"]
    assert str(findings[0]).startswith(message)
    assert "430" not in str(findings[0])


def test_many_wrong_rows_are_summed_up() -> None:
    _, findings = parse_column(cells(*["x"] * 9), "age", declared("number"), "t.csv")
    assert "rows 2, 3, 4, 5, 6 and 4 more" in str(findings[0])


def test_ordered_levels_are_codes_and_missing_is_nan() -> None:
    column = declared("ordered", levels=[1, 2, 3])
    values, findings = parse_column(cells("3.0", "1", None, " 2 "), "grade", column, "t")
    np.testing.assert_array_equal(values, [2.0, 0.0, np.nan, 1.0])
    assert findings == []


def test_an_unknown_level_is_an_error() -> None:
    _, findings = parse_column(cells("1", "9"), "grade", declared("ordered", levels=["1", "2"]), "t")
    assert str(findings[0]).startswith("t, column 'grade', row 3: a value that is none of the levels. Known are: 1, 2")


@pytest.mark.parametrize(
    ("options", "texts", "expected"),
    [
        ({}, ["Yes", "n", "1", "FALSE", "positive", None], [1, 0, 1, 0, 1, np.nan]),
        ({"levels": ["Pre", "Post"]}, ["post", "Pre", None], [1, 0, np.nan]),
        ({"contains": "spiculated"}, ["angular&Spiculated", "angular", None], [1, 0, np.nan]),
        ({"missing": ["Indeterminate"]}, ["yes", "indeterminate", "no"], [1, np.nan, 0]),
    ],
)
def test_yes_no(options: dict[str, object], texts: list[str | None], expected: list[float]) -> None:
    values, findings = parse_column(cells(*texts), "x", declared("yes/no", **options), "t")
    np.testing.assert_array_equal(values, expected)
    assert findings == []


def test_categories_are_text_and_declared_levels_give_their_spelling() -> None:
    values, _ = parse_column(cells("left", " upper  outer", None), "x", declared("category"), "t")
    assert values.tolist() == ["left", "upper outer", None]
    values, findings = parse_column(cells("LEFT", "top"), "x", declared("category", levels=["Left", "Right"]), "t")
    assert values.tolist() == ["Left", None]
    assert "none of the levels" in str(findings[0])


TABLE = pd.DataFrame(
    {"age": ["50", "50", None, "61"], "birads": ["4", "5", "3", None], "side": ["left", "left", "right", "Left"]},
    index=[2, 3, 4, 5],
    dtype=object,
)
PATIENTS = pd.Series(["B", "B", "A", "A"], index=TABLE.index)


def test_rows_that_agree_are_merged_and_missing_agrees_with_everything() -> None:
    values, findings = clinical_values(TABLE, PATIENTS, {"age": declared("number")}, "t")
    assert values["age"].to_dict() == {"A": 61.0, "B": 50.0}
    assert findings == []


def test_rows_that_differ_name_patient_and_column() -> None:
    column = declared("ordered", column="birads", levels=["3", "4", "5"])
    _, findings = clinical_values(TABLE, PATIENTS, {"level": column}, "t")
    assert str(findings[0]).startswith("t, column 'birads': the rows of one patient differ (patient B)")


@pytest.mark.parametrize(("kind", "several", "expected"), [("ordered", "highest", 2.0), ("number", "mean", 4.5)])
def test_rows_that_differ_are_summed_up_as_declared(kind: str, several: str, expected: float) -> None:
    levels = {"levels": ["3", "4", "5"]} if kind == "ordered" else {}
    column = declared(kind, several=several, **levels)
    values, findings = clinical_values(TABLE, PATIENTS, {"birads": column}, "t")
    assert values.loc["B", "birads"] == expected
    assert findings == []


def test_all_errors_are_found_at_once() -> None:
    columns = {"agee": declared("number"), "side": declared("yes/no"), "birads": declared("number", high=4)}
    _, findings = clinical_values(TABLE, PATIENTS, columns, "t")
    text = "\n".join(map(str, findings))
    assert "no column 'agee'. Did you mean 'age'?" in text
    assert "column 'side', rows 2, 3, 4, 5: a value that is none of the levels" in text
    assert "column 'birads', row 3: a value above 4" in text


def test_categories_that_look_alike_are_pointed_out() -> None:
    table = TABLE.assign(side=["left", "left", "Left", None])
    _, findings = clinical_values(table, PATIENTS, {"side": declared("category")}, "t")
    assert [finding.severity for finding in findings] == ["warning"]


@pytest.mark.parametrize(("one", "other"), [("4B", "４B"), ("4 B", "4B"), ("4-B", "4B"), ("30", "30%"), ("1", "1.0")])
def test_twins_by_width_spacing_and_signs_are_named(one: str, other: str) -> None:
    table = TABLE.assign(side=[one, one, other, None])
    _, findings = clinical_values(table, PATIENTS, {"side": declared("category")}, "t")
    assert f"'{one}'" in str(findings)
    assert f"'{other}'" in str(findings)


@pytest.mark.parametrize(
    ("one", "other"), [("1-2", "12"), ("1.2", "12"), ("A-", "A"), ("-1", "1"), ("<5", ">5"), ("+", "++")]
)
def test_categories_that_are_two(one: str, other: str) -> None:
    table = TABLE.assign(side=[one, one, other, None])
    assert clinical_values(table, PATIENTS, {"side": declared("category")}, "t")[1] == []


def test_a_share_beside_percentages_is_told_of() -> None:
    texts = pd.Series(["30%", "0.3", "20%"], index=[2, 3, 4], dtype=object)
    _, findings = parse_column(texts, "ki67", declared("number", unit="%"), "t")
    assert [str(finding).split(":")[0] for finding in findings] == ["t, column 'ki67', row 3"]


@pytest.mark.parametrize(
    ("texts", "kind", "options", "unread"),
    [
        (["12", "about 12", None, "?", "1,250"], "number", {}, [1, 4]),
        (["yes", "maybe", "unknown", "no"], "yes/no", {}, [1]),
        # beside a word for no, a dash says nothing; without one, it may be a no
        (["yes", "-", "no"], "yes/no", {}, []),
        (["yes", "-", "1"], "yes/no", {}, [1]),
        (["mother", "none", "sister"], "category", {}, [1]),
        (["mother", "none", "sister"], "category", {"levels": ["none", "mother"]}, [2]),
        (["4a", "2024-04-05", "#REF!", "na"], "category", {}, [1, 2]),
    ],
)
def test_cells_that_say_something_unread(
    texts: list[str | None], kind: str, options: dict[str, object], unread: list[int]
) -> None:
    found = unread_cells(cells(*texts), "x", declared(kind, **options))
    assert [place for place, is_unread in enumerate(found) if is_unread] == unread


def test_words_for_no_value_among_categories_are_told() -> None:
    table = pd.DataFrame(
        {"margin": ["sharp", "未做", "blurred", "ＮＡ", None, "Not tested", "suspicious"]},
        index=range(2, 9),
        dtype=object,
    )
    declared = {
        "margin": ClinicalColumn(kind="category", timing="pre-biopsy"),
        "sharp": ClinicalColumn(column="margin", kind="yes/no", timing="pre-biopsy", contains="sharp"),
        "told": ClinicalColumn(
            column="margin", kind="category", timing="pre-biopsy", missing=["未做", "ＮＡ", "not tested"]
        ),
    }
    found, findings = clinical_values(table, pd.Series(list("ABCDEFG"), index=table.index), declared, "t")
    spellings = "'未做' (1), 'ＮＡ' (1), 'Not tested' (1)"
    assert [(one.severity, one.what, one.where) for one in findings] == [
        (
            "warning",
            f"words for a value that is not known count as {how}: {spellings}",
            "t, column 'margin', rows 3, 5, 7",
        )
        for how in ("a category of its own", "no")
    ]
    assert found["told"].tolist() == ["sharp", None, "blurred", None, None, None, "suspicious"]


def test_a_number_beyond_all_numbers_is_none() -> None:
    assert read_number("1e400") is None
    assert read_number("1e300") == 1e300


@pytest.mark.parametrize(("number", "said"), [(5, "P1, P2, P3, P4, P5)"), (6, "P1, P2, P3, P4, P5 and 1 more)")])
def test_five_patients_whose_rows_differ_are_named(number: int, said: str) -> None:
    table = pd.DataFrame({"age": ["40", "41"] * number}, dtype=object)
    patients = pd.Series([f"P{1 + i // 2}" for i in range(2 * number)])
    _, (finding,) = clinical_values(table, patients, {"age": declared("number")}, "t")
    assert finding.what == f"the rows of one patient differ (patient {said}"


def test_limits_of_numbers_are_possible() -> None:
    for name, texts, column in (
        ("age", ["0", "120"], declared("number")),
        ("ki67", ["0%", "100%"], declared("number", unit="%")),
        ("x", ["2", "3"], declared("number", low=2, high=3)),
    ):
        assert parse_column(cells(*texts), name, column, "t")[1] == []
