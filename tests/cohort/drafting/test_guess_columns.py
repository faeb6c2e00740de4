"""What the columns of a table are."""

from __future__ import annotations

import pandas as pd
import pytest

from sonoher2.cohort.drafting.guess_columns import _level_order, clinical_columns, patient_column
from sonoher2.cohort.drafting.guess_target import (
    column_outcome,
    her2_columns,
    her2_rivals,
    outcome_column,
    value_side,
)


def table(**columns: list[str | None]) -> pd.DataFrame:
    return pd.DataFrame(columns, dtype=object)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"姓名": ["张三", "李四"], "住院号": ["Z1", "Z2"]}, ("住院号", True)),
        ({"name": ["Li Si", "Wu Wu"], "Patient": ["A1", "A2"]}, ("Patient", True)),
        ({"患者": ["张三", "李四"], "code": ["A1", "A2"]}, ("code", False)),
        ({"ID": ["11010519491231002X", "110105194912310038"], "x": ["A1", "A2"]}, ("x", False)),
        ({"检查日期": ["2023-01-02", "2023-01-03"], "x": ["A1", "A2"]}, ("x", False)),
        ({"Ki67": ["10", "20"], "x": ["A1", "A2"]}, ("x", False)),
        ({"patient_id": ["A1", None, "A2"], "x": ["1", "2", "3"]}, ("patient_id", True)),
        ({"姓名": ["张三", "李四"], "电话": ["13800000001", "13800000002"]}, None),
        # half of the cells filled are too few, half of them names of people are not too many
        ({"patient_id": ["A1", None], "x": ["1", "2"]}, ("x", False)),
        ({"patient_id": ["Li Si", "A1"], "x": ["1", "2"]}, ("patient_id", True)),
        ({"patient_id": ["Li Si", "Wu Wu", "A1"], "x": ["1", "2", "3"]}, ("x", False)),
        ({"x": ["a" * 39 + "1", "a2"]}, ("x", False)),
        ({"x": ["a" * 40 + "1", "a2"]}, None),
        ({"x": ["1.5", "2"]}, None),
        ({"x": ["1", None]}, None),
        ({"x": ["1", "1"]}, None),
        ({"x": ["a1.png", "b1.png"]}, None),
    ],
)
def test_patients_are_never_people_dates_or_measurements(
    columns: dict[str, list[str | None]], expected: tuple[str, bool] | None
) -> None:
    assert patient_column(table(**columns)) == expected


def test_one_unreadable_cell_drops_no_column() -> None:
    guesses = clinical_columns(table(age=["45", "50", "about 60"], ER=["positive", "negative", "3 of 8"]))
    assert [(guess.key, guess.column) for guess in guesses] == [("age", "age"), ("er", "ER")]
    assert "1 of 3 cells are not numbers" in guesses[0].doubt


NINE = [f"{i} a" for i in range(9)]


@pytest.mark.parametrize(
    ("name", "cells", "kind", "levels", "doubt", "ready"),
    [
        ("menopause", ["yes", "no", None], "yes/no", (), "", True),
        ("menopause", ["pre", "post"], "category", (), "", True),
        # most cells decide: of numbers more than half
        ("age", ["45", "50", "x"], "number", (), "1 of 3 cells are not numbers", True),
        ("age", ["45", "x"], "category", (), "", True),
        ("menopause", NINE[:8], "category", (), "", True),
        ("menopause", NINE, "category", (), "9 of 9 cells are not one of few values", False),
        ("menopause", [*NINE, *["no"] * 9], "category", (), "18 of 18 cells are not one of few values", False),
        ("menopause", [*NINE, *["no"] * 10], "yes/no", (), "9 of 19 cells are not yes or no", True),
        ("grade", NINE[:8], "ordered", tuple(NINE[:8]), "lowest level first?", True),
        ("grade", NINE, "ordered", (), "9 of 9 cells are not one of few levels", False),
        ("grade", ["3", "1", "3.0"], "ordered", ("1", "3"), "lowest level first?", True),
        ("grade", ["3", "2024-04-05"], "ordered", ("3",), "lowest level first?", True),
        ("grade", ["3", "3"], "category", (), "", True),
    ],
)
def test_the_kind_of_a_column_is_that_of_most_cells(
    name: str, cells: list[str | None], kind: str, levels: tuple[str, ...], doubt: str, ready: bool
) -> None:
    (guess,) = clinical_columns(table(**{name: cells}))
    assert (guess.kind, guess.levels, guess.ready) == (kind, levels, ready)
    assert guess.doubt == (f"{doubt}: `sonoher2 check` names their rows" if "cells" in doubt else doubt)
    assert guess.unit == ("years" if kind == "number" else "")


@pytest.mark.parametrize(
    ("name", "cells", "unit"),
    [
        ("年龄", ["45岁", "50岁", "38岁", "61"], "岁"),
        ("年龄", ["４５岁", "50 岁", "38岁"], "岁"),
        ("age", ["45", "50", "38y"], "years"),
        ("tumor size", ["2.3cm", "1.8cm", "30mm", "2 cm"], "cm"),
        ("Ki67", ["20%", "30%", "5%"], "%"),
    ],
)
def test_a_unit_behind_most_numbers_is_that_of_the_column(name: str, cells: list[str], unit: str) -> None:
    (guess,) = clinical_columns(table(**{name: cells}))
    assert (guess.kind, guess.unit) == ("number", unit)
    # no key that says another unit
    assert guess.key == {"年龄": "age", "tumor size": "size", "Ki67": "ki67"}.get(name, name)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"HER2": ["0", "1+", "3+"], "FISH": ["positive", "negative", "x"]}, {"ihc": "HER2", "ish": "FISH"}),
        ({"HER2": ["0", "1", "1"]}, {"status": "HER2"}),
        ({"HER2 status (IHC)": ["Positive", "Negative", "Equivocal"]}, {"status": "HER2 status (IHC)"}),
        ({"c-erbB-2": ["-", "+", "++", "+++"]}, {"ihc": "c-erbB-2"}),
        ({"HER2免疫组化": ["0", "2+", "?!"], "FISH结果": ["阳性", "阴性", None]},
         {"ihc": "HER2免疫组化", "ish": "FISH结果"}),
        ({"HER2": ["0", "2+"], "FISH ratio": ["1.2", "2.4"]}, {"ihc": "HER2", "ratio": "FISH ratio"}),
        ({"HER2": ["0", "2+"], "FISH": [None, None]}, {"ihc": "HER2", "ish": "FISH"}),
        ({"HER2": ["0", "2+"], "是否行FISH": ["是", "否"]}, {"ihc": "HER2"}),
        ({"HER2": ["0", "2+"], "FISH done": [None, None]}, {"ihc": "HER2"}),
        ({"ER IHC": ["0", "1+", "3+"]}, {}),
        # copies of CEP17 are neither a ratio nor copies of HER2
        ({"HER2 IHC": ["0", "2+"], "FISH CEP17 copies": ["1.9", "2.1"], "FISH HER2 copies": ["2.4", "6.3"],
          "FISH ratio": ["1.3", "3.0"]}, {"ihc": "HER2 IHC", "ratio": "FISH ratio", "copies": "FISH HER2 copies"}),
        ({"HER2 IHC": ["0", "2+"], "CEP17 signals per nucleus (FISH)": ["1.9", "2.1"], "HER2/CEP17": ["1.3", "3.0"]},
         {"ihc": "HER2 IHC", "ratio": "HER2/CEP17"}),
        ({"HER2 IHC": ["0", "2+"], "FISH CEP17": ["1.9", "2.1"]}, {"ihc": "HER2 IHC"}),
        ({"HER2 IHC": ["0", "2+"], "FISH HER2信号": ["2.4", "6.3"], "FISH比值": ["1.3", "3.0"]},
         {"ihc": "HER2 IHC", "ratio": "FISH比值", "copies": "FISH HER2信号"}),
        ({"HER2 IHC": ["0", "2+"], "HER2 ratio": ["1.3", "3.0"], "HER2 copies": ["2.4", "6.3"]},
         {"ihc": "HER2 IHC", "ratio": "HER2 ratio", "copies": "HER2 copies"}),
        ({"HER2 IHC": ["0", "2+"], "FISH copies": ["2.4", "6.3"]}, {"ihc": "HER2 IHC", "copies": "FISH copies"}),
        ({"HER2 IHC": ["0", "2+"], "ratio": ["1.3", "3.0"], "copies": ["2.4", "6.3"]}, {"ihc": "HER2 IHC"}),
        # a score or a word in half of the cells, in more, and numbers without a point
        ({"HER2 IHC": ["3+", "positive"]}, {"ihc": "HER2 IHC"}),
        ({"HER2 IHC": ["3+", "positive", "negative"]}, {"status": "HER2 IHC"}),
        ({"HER2": ["positive", "x"]}, {}), ({"HER2": ["positive", "x", "low"]}, {"status": "HER2"}),
        ({"HER2": ["positive", "pos/neg", "equivocal"]}, {"status": "HER2"}),
        ({"HER2": ["强阳性", "弱阳性"]}, {}), ({"HER2": ["强阳性", "弱阳性", "无表达"]}, {"ihc": "HER2"}),
        ({"HER2 IHC": ["0", "2+"], "FISH": ["1", "3"]}, {"ihc": "HER2 IHC"}),
        ({"FISH ratio": [None, None]}, {}), ({"FISH CEP17": [None, None]}, {}), ({"FISH copies": [None]}, {}),
        ({"ihc": ["0", "2+", "3+"]}, {"ihc": "ihc"}),
    ],
)  # fmt: skip
def test_her2_columns_are_known_by_most_of_their_cells(
    columns: dict[str, list[str | None]], expected: dict[str, str]
) -> None:
    assert her2_columns(table(**columns)) == expected


def test_columns_that_could_be_the_same_result_are_told() -> None:
    both = table(**{"HER2 IHC surgery": ["0", "2+"], "age": ["40", "50"], "HER2 IHC biopsy": ["1+", "2+"]})
    assert her2_rivals(both) == {"ihc": ["HER2 IHC biopsy"]}
    assert her2_rivals(table(**{"HER2 IHC": ["0", "2+"], "HER2 status": ["negative", "positive"]})) == {}


def test_scores_are_no_codes_of_an_outcome() -> None:
    assert outcome_column(table(FISH=["1.0", "2.3", "1.4"])) is None
    coded = outcome_column(table(HER2=["0", "1", "1"]))
    assert coded is not None
    assert (coded.positive, coded.negative) == (("1",), ("0",))


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({"class": ["malignant", *[f"v{i}" for i in range(11)]]}, "class"),
        ({"class": ["malignant", *[f"v{i}" for i in range(12)]]}, None),
        ({"class": ["malignant", "malignant"]}, None),
        ({"class": ["benign", "other"]}, None),
        ({"class": ["malignant", "benign"], "HER2 result": ["positive", "negative"]}, "HER2 result"),
        ({"class": ["malignant", "benign"], "FISH": ["positive", "negative"]}, "class"),
        ({"FISH": ["positive", "negative"]}, "FISH"), ({"group": ["positive", "negative"]}, None),
    ],
)  # fmt: skip
def test_which_column_is_the_outcome(columns: dict[str, list[str | None]], found: str | None) -> None:
    outcome = outcome_column(table(**columns))
    assert (outcome and outcome.column) == found


@pytest.mark.parametrize(
    ("word", "side"),
    [
        ("HER2 +", True), ("her2-positive", True), ("恶性肿瘤", True), ("yes", True), ("HER2 -", False), ("良", False),
        ("no amplification", False), ("not amplified", False), ("non-amplified", False), ("benign cyst", False),
        ("positive or negative", None), ("positive?", True), ("positive, uncertain", None), ("perhaps", None),
    ],
)  # fmt: skip
def test_the_side_that_a_word_is_on(word: str, side: bool | None) -> None:
    assert value_side(word) is side


def test_values_of_an_outcome_stand_by_their_number_of_rows() -> None:
    found = column_outcome(pd.Series(["no", "b", "a", "no", "yes", None, "yes", "yes"], name="x", dtype=object))
    assert found.counts == {"yes": 3, "no": 2, "a": 1, "b": 1}
    assert list(found.counts) == ["yes", "no", "a", "b"]
    assert (found.column, found.positive, found.negative, found.others) == ("x", ("yes",), ("no",), ("a", "b"))
    # beside 2 or +++ a 1 is a score
    for values in (["0", "1", "2"], ["-", "+", "+++"]):
        assert column_outcome(pd.Series(values, dtype=object)).others == tuple(sorted(values))


def test_words_of_a_status_are_no_scores() -> None:
    words = ["阳性", "阴性", "可疑", "未测", "阳性", "阴性"]
    assert her2_columns(table(**{"HER2状态": words})).get("ihc") is None
    assert her2_columns(table(**{"HER2": ["强阳性", "弱阳性", "中度阳性", "无表达"]})) == {"ihc": "HER2"}


def test_levels_are_ordered_by_their_number_and_those_without_come_last() -> None:
    assert sorted(["IDC", "cN10", "cN2", "DCIS", "cN0"], key=_level_order) == ["cN0", "cN2", "cN10", "DCIS", "IDC"]
