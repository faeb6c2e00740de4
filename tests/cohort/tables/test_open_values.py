"""Texts that may be a value or mean that there is none."""

from __future__ import annotations

import pandas as pd
import pytest

from sonoher2.cohort.patients.clinical import parse_column
from sonoher2.config.clinical import ClinicalColumn


def parsed(values: list[str | None], **declared: object) -> tuple[list[object], list[str]]:
    column = ClinicalColumn.model_validate({"timing": "pre-biopsy", **declared})
    texts = pd.Series(values, index=range(2, 2 + len(values)), dtype=object)
    typed, findings = parse_column(texts, "x", column, "t.csv")
    return [None if pd.isna(value) else value for value in typed], [str(finding) for finding in findings]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["+", "-", None], [1.0, 0.0, None]),
        (["＋", "－", "(+)", "(-)", "—"], [1.0, 0.0, 1.0, 0.0, 0.0]),
        (["yes", "no", "-"], [1.0, 0.0, None]),
        (["阳性", "阴性", "不详"], [1.0, 0.0, None]),
    ],
)
def test_a_dash_is_no_beside_a_plus_and_missing_beside_no(values: list[str | None], expected: list[object]) -> None:
    assert parsed(values, kind="yes/no") == (expected, [])


@pytest.mark.parametrize("values", [["yes", "-"], ["-", "-"], ["+", "-", "negative"], ["yes", "none"]])
def test_a_dash_or_none_in_doubt_is_refused(values: list[str | None]) -> None:
    _, findings = parsed(values, kind="yes/no")
    assert "may be a value or mean that nothing is known" in findings[0]


def test_none_in_other_kinds() -> None:
    assert "'none' may be a value" in parsed(["none", "mother"], kind="category")[1][0]
    assert parsed(["None", "mother"], kind="category", levels=["none", "mother"])[0] == ["none", "mother"]
    assert parsed(["none", "mother"], kind="category", missing=["none"])[0] == [None, "mother"]
    values, findings = parsed(["none", "3"], kind="number")
    assert values == [None, 3.0]
    assert "'none' counts as missing" in findings[0]


def test_signs_as_categories() -> None:
    assert parsed(["+", "-", "±"], kind="category") == (["+", "-", "±"], [])
    assert parsed(["A", "-"], kind="category") == (["A", None], [])


@pytest.mark.parametrize("date", ["2024-04-05", "2024/4/5", "5-Apr", "05-Apr-24", "4月5日", "2024年4月5日"])
def test_a_date_among_categories_is_refused(date: str) -> None:
    for declared in ({"kind": "category"}, {"kind": "ordered", "levels": ["4", "5"]}):
        _, findings = parsed(["4", "5", date], **declared)
        assert "row 4: a date among the values" in findings[0]


@pytest.mark.parametrize("broken", ["####", "45387", "05/04/24", "5-4月"])
def test_what_a_spreadsheet_made_of_a_value_is_no_category(broken: str) -> None:
    assert "row 3" in parsed(["4A", broken, "4B", "3"], kind="category")[1][0]


def test_numbers_of_five_digits_are_categories_where_most_are() -> None:
    assert parsed(["45387", "45388", "4A"], kind="category")[1] == []


def test_errors_of_formulas_are_no_category() -> None:
    assert "such as #REF!" in parsed(["A", "#REF!"], kind="category")[1][0]


def test_percentages() -> None:
    assert parsed(["30%", "17", "0.5 %"], kind="number", unit="%") == ([30.0, 17.0, 0.5], [])
    assert "unit: '%'" in parsed(["30%"], kind="number")[1][0]
    assert "shares" in parsed(["0.1", "0.2", "0.3", "0.4", "1"], kind="number", unit="%")[1][0]
    # too few to tell, whole numbers alone, one above 1, another unit
    for values, unit in (
        (["0.1", "0.2", "0.3", "1"], "%"),
        (["0", "0", "0", "0", "1"], "%"),
        (["0.1", "0.2", "0.3", "0.4", "1.1"], "%"),
        (["0.1", "0.2", "0.3", "0.4", "1"], "mm"),
    ):
        assert parsed(values, kind="number", unit=unit)[1] == []
    (told,) = parsed(["20", "30", "0.15", "0.4", "60"], kind="number", unit="%")[1]
    assert "rows 4, 5: a number below 1 beside larger percentages" in told


def test_a_length_in_another_unit_is_told_of_by_its_row() -> None:
    values, (told,) = parsed(["23", "18", "2.3", "30", "45"], kind="number", unit="mm")
    assert values == [23, 18, 2.3, 30, 45]
    assert (
        "row 4: a length far from the others, which may be in cm and not in mm. Make sure that all are in mm." in told
    )
    assert (
        "row 6: a length far from the others, which may be in mm"
        in parsed(["2.3", "1.8", "0.4", "3", "23", "3"], kind="number", unit="cm")[1][0]
    )
    for values, unit in (
        (["23", "18", "2.3", "30"], "mm"),
        (["23", "18", "3", "30", "45"], "mm"),
        (["23"] * 5 + ["2"], ""),
    ):
        assert parsed(values, kind="number", unit=unit)[1] == []


def test_full_width_signs_are_those_of_the_keyboard() -> None:
    given = ["ER（＋，90％）", "(＋)", "ER＋", "ER(+,90%)", "(-)", "（－）"]
    assert parsed(given, kind="yes/no", contains="+")[0] == [1, 1, 1, 1, 0, 0]
    assert parsed(given[:5], kind="yes/no", contains="＋")[0] == [1, 1, 1, 1, 0]
    assert parsed(["20％", "２３", "1，250"], kind="number", unit="%")[0] == [20, 23, None]


@pytest.mark.parametrize("levels", [["4B", "4b"], ["3", "3.0"], ["low", " Low"]])
def test_levels_that_count_as_the_same_are_refused(levels: list[str]) -> None:
    with pytest.raises(ValueError, match="stands twice"):
        parsed([], kind="ordered", levels=levels)
