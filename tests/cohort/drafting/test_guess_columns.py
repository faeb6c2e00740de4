"""What the columns of a table are."""

from __future__ import annotations

import pandas as pd
import pytest

from sonoher2.cohort.drafting.guess_columns import _level_order, clinical_columns, patient_column
from sonoher2.cohort.drafting.guess_target import her2_columns, her2_rivals, outcome_column


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
        ({"ER IHC": ["0", "1+", "3+"]}, {}),
        # copies of CEP17 are neither a ratio nor copies of HER2
        ({"HER2 IHC": ["0", "2+"], "FISH CEP17 copies": ["1.9", "2.1"], "FISH HER2 copies": ["2.4", "6.3"],
          "FISH ratio": ["1.3", "3.0"]}, {"ihc": "HER2 IHC", "ratio": "FISH ratio", "copies": "FISH HER2 copies"}),
        ({"HER2 IHC": ["0", "2+"], "CEP17 signals per nucleus (FISH)": ["1.9", "2.1"], "HER2/CEP17": ["1.3", "3.0"]},
         {"ihc": "HER2 IHC", "ratio": "HER2/CEP17"}),
        ({"HER2 IHC": ["0", "2+"], "FISH CEP17": ["1.9", "2.1"]}, {"ihc": "HER2 IHC"}),
        ({"HER2 IHC": ["0", "2+"], "FISH HER2信号": ["2.4", "6.3"], "FISH比值": ["1.3", "3.0"]},
         {"ihc": "HER2 IHC", "ratio": "FISH比值", "copies": "FISH HER2信号"}),
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


def test_words_of_a_status_are_no_scores() -> None:
    words = ["阳性", "阴性", "可疑", "未测", "阳性", "阴性"]
    assert her2_columns(table(**{"HER2状态": words})).get("ihc") is None
    assert her2_columns(table(**{"HER2": ["强阳性", "弱阳性", "中度阳性", "无表达"]})) == {"ihc": "HER2"}


def test_levels_are_ordered_by_their_number_and_those_without_come_last() -> None:
    assert sorted(["IDC", "cN10", "cN2", "DCIS", "cN0"], key=_level_order) == ["cN0", "cN2", "cN10", "DCIS", "IDC"]
