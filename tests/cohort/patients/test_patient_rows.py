"""Rows that are no patients, and identifiers that a spreadsheet has damaged."""

from __future__ import annotations

import pandas as pd
import pytest

from sonoher2.cohort.patients.patient_rows import damaged_ids, without_summaries, would_match
from sonoher2.core.errors import InputError


def rows(names: list[str], ages: list[str | None]) -> pd.DataFrame:
    return pd.DataFrame({"id": names, "age": ages}, index=range(2, 2 + len(names)), dtype=object)


@pytest.mark.parametrize(
    "label",
    [
        "Mean",
        "TOTAL:",
        "合计",
        "平均值",
        "Note: see 2018",
        "备注：无",
        "* by phone",
        "SD",
        "合计64例",
        "共64例",
        "均数±标准差",
        "N=64",
        "Mean (SD)",
        "Median [IQR]",
        "Std. Dev.",
        "Total 64",
        "Gesamt",
        "p-value",
        "---",
        "以下空白",
        "制表人：无",
        "导出时间：2024-01-02",
    ],
)
def test_a_sum_or_remark_below_the_patients_is_left_out(label: str) -> None:
    table = rows(["P1", "P2", label], ["40", "50", "45"])
    kept, findings = without_summaries(table, table["id"], "t.csv")
    assert kept["id"].tolist() == ["P1", "P2"]
    assert "t.csv, row 4" in str(findings[0])


@pytest.mark.parametrize(
    "name", ["N64", "SD-01", "Max-3", "例1", "共济01", "合肥", "总院001", "Maxwell", "mean5", "Min 3"]
)
def test_names_that_are_no_sums(name: str) -> None:
    table = rows(["P1", "P2", name], ["40", "50", "45"])
    assert len(without_summaries(table, table["id"], "t.csv")[0]) == 3


@pytest.mark.parametrize("name", ["Totalen", "审核人", "OR=2.1"])
def test_an_identifier_unlike_all_others_is_told_of(name: str) -> None:
    names = [*(f"P{i}" for i in range(30)), name]
    table = rows(names, ["40"] * 31)
    kept, findings = without_summaries(table, table["id"], "t.csv")
    assert len(kept) == 31
    assert [str(finding).split(":")[0] for finding in findings] == ["t.csv, row 32"]
    # where several have no digit, one more is nothing peculiar
    mixed = rows([*names, *(f"case {word}" for word in ("one", "two", "three"))], ["40"] * 34)
    assert name == "OR=2.1" or without_summaries(mixed, mixed["id"], "t.csv")[1] == []


@pytest.mark.parametrize(("others", "told"), [(19, True), (18, False)])
def test_one_in_twenty_is_unlike_all_others(others: int, told: bool) -> None:
    table = rows([*(f"P{i}" for i in range(others)), "审核人"], ["40"] * (others + 1))
    assert bool(without_summaries(table, table["id"], "t.csv")[1]) == told


def test_rows_that_were_left_out_are_counted() -> None:
    table = rows(["P1", "P2", "Mean", "SD"], ["40", "50", "45", "7"])
    kept, (finding,) = without_summaries(table, table["id"], "t.csv")
    assert len(kept) == 2
    assert (finding.severity, finding.where) == ("warning", "t.csv, rows 4, 5")
    assert finding.what.startswith("2 rows below the patients hold sums")
    assert without_summaries(table.iloc[:3], table["id"].iloc[:3], "t.csv")[1][0].what.startswith("a row below")


def test_a_header_that_stands_twice() -> None:
    table = rows(["P1", "id", "P2"], ["40", "age", "50"])
    with pytest.raises(InputError, match="row 3: a row repeats the header"):
        without_summaries(table, table["id"], "t.csv")


def test_a_text_alone_that_is_no_name_is_left_out() -> None:
    table = rows(["P1", "P2", "IHC by the 2018 guideline"], ["40", "50", None])
    assert len(without_summaries(table, table["id"], "t.csv")[0]) == 2
    spaced = rows(["Li Na", "Wu Bo", "Xu Yi"], ["40", "50", None])
    assert len(without_summaries(spaced, spaced["id"], "t.csv")[0]) == 3


def test_a_sum_between_patients_is_an_error() -> None:
    table = rows(["P1", "小计", "P2"], ["40", "45", "50"])
    with pytest.raises(InputError, match="row 3: a row holds a sum"):
        without_summaries(table, table["id"], "t.csv")


@pytest.mark.parametrize(
    "names",
    [
        ["3.10101E+17", "P2"],
        ["1E+05", "2"],
        ["3,1E+17"],
        ["310101199001011000", "310101199001012000"],
        ["3.10101e17", "P2"],
        ["#####", "P2"],
        ["1-Jan", "1-13", "2-40"],
        ["1月3日", "1-13", "2-40"],
    ],
)
def test_identifiers_that_became_numbers(names: list[str]) -> None:
    assert damaged_ids(pd.Series(names, index=range(2, 2 + len(names))), "t.csv")[0].severity == "error"


@pytest.mark.parametrize("names", [["310101199001011234", "310101199001012000"], ["2E10", "E5"], ["1.0", "2"]])
def test_sound_identifiers(names: list[str]) -> None:
    assert damaged_ids(pd.Series(names), "t.csv") == []


@pytest.mark.parametrize(
    ("stranger", "known", "how"),
    [
        ("007", "7", "without leading zeros"),
        ("7.0", "7", "'.0'"),
        ("p1", "P1", "case"),
        ("Ｐ１", "P1", "half-width"),
        ("P-1", "P 1", "hyphens"),
        ("'00123", "123", "signs and leading zeros"),
        ("P1", "P001", "without leading zeros"),
        ("HN001", "1", "number alone"),
        ("P1", "P2", None),
    ],
)
def test_how_identifiers_would_match(stranger: str, known: str, how: str | None) -> None:
    said = would_match([stranger, "other"], [known])
    assert (how is None and said == "") or (how is not None and how in said and said.startswith("1 of them"))
