"""Reading tables: every program's way of writing one gives the same text."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from sonoher2.cohort.tables.table import column, join, keep_rows, place, plain, read_table, resolve
from sonoher2.config.tables import Template
from sonoher2.core.errors import FindingsError, InputError


def write(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_separators_and_encodings_give_one_table(tmp_path: Path, separator: str, encoding: str, line_end: str) -> None:
    lines = [["patient_id", "name"], ["007", "Müller"], ["8", "x"]]
    text = line_end.join(separator.join(cells) for cells in lines) + line_end
    table = read_table(write(tmp_path, "t.csv", text, encoding))
    assert table.columns.tolist() == ["patient_id", "name"]
    assert table.to_numpy().tolist() == [["007", "Müller"], ["8", "x"]]
    assert table.index.tolist() == [2, 3]


def test_a_separator_within_quotes_does_not_count(tmp_path: Path) -> None:
    path = write(tmp_path, "t.csv", '"a, b, c";d\n"1, 2, 3";4\n')
    assert read_table(path).to_dict("list") == {"a, b, c": ["1, 2, 3"], "d": ["4"]}


def test_comment_lines_of_cbioportal_are_skipped_and_counted(tmp_path: Path) -> None:
    path = write(tmp_path, "t.txt", "#Patient\tAge\n#STRING\tNUMBER\nPATIENT_ID\tAGE\nA\t5\n\nB\t6\n")
    table = read_table(path)
    assert table.columns.tolist() == ["PATIENT_ID", "AGE"]
    assert table.index.tolist() == [4, 6]


@pytest.mark.parametrize(
    "spelling", ["", "NA", "n/a", "nan", "NaN", "NC", "not available", "[Not Available]", "[Not Applicable]",
                 "[Not Evaluated]", "[Unknown]", "Unknown", "null", "None", ".", "-", "?", "  ", "Not  Available"]
)  # fmt: skip
def test_missing_values_in_all_their_spellings(tmp_path: Path, spelling: str) -> None:
    path = write(tmp_path, "t.csv", f'a,b\n1,"{spelling}"\n')
    assert read_table(path)["b"].tolist() == [None]


def test_further_and_kept_spellings(tmp_path: Path) -> None:
    path = write(tmp_path, "t.csv", "a,b\n1,none\n2,999\n")
    assert read_table(path, missing=["999"], keep=["None"])["b"].tolist() == ["none", None]


def test_excel_and_parquet_values_become_the_text_a_user_sees(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for cells in (
        ["id", "level", "share", "day", "flag", "gap", None],
        [7, 5.0, 0.25, datetime.datetime(2024, 5, 31), True, None, None],
    ):
        book.active.append(cells)
    book.save(tmp_path / "t.xlsx")
    pd.DataFrame({"id": [7], "level": [5.0], "share": [0.25], "day": [pd.Timestamp("2024-05-31")], "flag": [True],
                  "gap": [None]}).to_parquet(tmp_path / "t.parquet")  # fmt: skip
    expected = {"id": ["7"], "level": ["5"], "share": ["0.25"], "day": ["2024-05-31"], "flag": ["True"], "gap": [None]}
    assert read_table(tmp_path / "t.xlsx").to_dict("list") == expected
    assert read_table(tmp_path / "t.parquet").to_dict("list") == expected


def test_rows_of_a_sheet_are_counted_from_its_top(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for cells in ([None], [None], ["a", "b"], [1, "none"], [], [2, "NA"]):
        book.active.append(cells)
    book.save(tmp_path / "t.xlsx")
    table = read_table(tmp_path / "t.xlsx", keep=["none"])
    assert table.index.tolist() == [4, 6]
    assert table["b"].tolist() == ["none", None]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("t.csv", "a,b,a\n1,2,3\n", "several columns are called 'a'"),
        ("t.csv", "a,b\n1,2\n3,4,5\n", "row 3: 3 cells under 2 columns"),
        ("t.csv", "a,b\n", "no rows under its header"),
        ("t.csv", "", "no rows under its header"),
        ("t.xlsx", "this is no workbook", "cannot be read"),
        ("t.parquet", "this is no parquet file", "cannot be read"),
        ("t.xls", "", "Save it as .xlsx"),
    ],
)
def test_unusable_tables(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_table(write(tmp_path, name, text))


def test_a_table_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such table"):
        read_table(tmp_path / "gone.csv")


def test_an_unknown_column_is_named_with_its_nearest(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "t.csv", "Pathology,Age\nbenign,5\n"))
    with pytest.raises(InputError, match=r"no column 'Patology'\. Did you mean 'Pathology'\? The columns are: Path"):
        column(table, "Patology", "t.csv")


@pytest.mark.parametrize(("count", "rest"), [(30, ""), (32, " and 2 more")])
def test_thirty_columns_are_listed(count: int, rest: str) -> None:
    names = [f"c{i:02}" for i in range(count)]
    with pytest.raises(InputError) as caught:
        column(pd.DataFrame(columns=names), "zzzz", "t")
    assert caught.value.fix == f"The columns are: {', '.join(names[:30])}{rest}"


def test_templates_fill_in_columns_and_replace(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "t.csv", "ID,side\nbus_1,l\n,r\n"))
    assert resolve(table, "Images/{ID}-{side}.png", "t").tolist() == ["Images/bus_1-l.png", None]
    masks = resolve(table, Template(template="Masks/{ID}.png", replace={"bus_": "mask_"}), "t")
    assert masks.tolist() == ["Masks/mask_1.png", None]
    plain_text = resolve(table, Template(template="{ID}.a(b)", replace={".": "-", "(b)": "c"}), "t")
    assert plain_text.tolist() == ["bus_1-ac", None]
    with pytest.raises(InputError, match="no column 'IDD'"):
        resolve(table, "{IDD}.png", "t")


def test_joined_tables_share_columns_that_agree(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "a.csv", "ID,class\n1,x\n2,y\n3,y\n"))
    other = read_table(write(tmp_path, "b.csv", "ID,class,fold\n2,Y,5.0\n1,,4\n"))
    joined = join(table, other, "ID", where="a", other_where="b")
    assert joined.to_dict("list") == {"ID": ["1", "2", "3"], "class": ["x", "y", "y"], "fold": ["4", "5.0", None]}
    assert joined.index.tolist() == [2, 3, 4]


def test_tables_are_joined_by_a_header_of_two_lines() -> None:
    one = pd.DataFrame({"patient\nid": ["1", "2"], "age": ["40", "50"]}, index=[2, 3], dtype=object)
    other = pd.DataFrame({"patient\nid": ["2", None, "3"], "size": ["12", "1", "2"]}, index=[2, 3, 4], dtype=object)
    joined = join(one, other, "patient id", where="a", other_where="b")
    assert joined.columns.tolist() == ["patient\nid", "age", "size"]
    assert joined["size"].tolist() == [None, "12"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ID,class\n1,z\n", "column 'class', row 2: the value differs from that of the joined b"),
        ("ID,fold\n1,4\n1,5\n", "^b, column 'ID', row 3: a value of 'ID' stands twice"),
        ("IDs,fold\n1,4\n", "'ID'"),
    ],
)
def test_tables_that_cannot_be_joined(tmp_path: Path, text: str, message: str) -> None:
    table = read_table(write(tmp_path, "a.csv", "ID,class\n1,x\n"))
    other = read_table(write(tmp_path, "b.csv", text))
    with pytest.raises(InputError, match=message):
        join(table, other, "ID", where="a", other_where="b")


def test_rows_are_kept_by_value(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "t.csv", "a,b\n1.0,x\n2,y\n3,X\n"))
    assert keep_rows(table, {"a": ["1", "3"], "b": ["x"]}, "t").index.tolist() == [2, 4]
    with pytest.raises(InputError, match="no row is left where 'a' is 9"):
        keep_rows(table, {"a": ["9"]}, "t")


@pytest.mark.parametrize(
    ("text", "folded"), [("3.0", "3"), (" Yes ", "yes"), ("4a", "4a"), ("0.50", "0.50"), ("-2.00", "-2")]
)
def test_values_are_compared_in_one_form(text: str, folded: str) -> None:
    assert plain(text) == folded


@pytest.mark.parametrize("mark", ["|", "^", "，"])
def test_a_table_that_is_one_column_shows_no_row(mark: str) -> None:
    table = pd.DataFrame({f"P001{mark}45{mark}3+": [f"P002{mark}46{mark}0"]})
    with pytest.raises(InputError, match="whole table is one column") as caught:
        column(table, "patient_id", "t.csv")
    assert "P001" not in str(caught.value)


def test_a_name_of_two_lines_is_one_name() -> None:
    table = pd.DataFrame({"age\n(years)": ["45"]})
    assert column(table, "age (years)", "t.csv").tolist() == ["45"]


@pytest.mark.parametrize(
    ("rows", "name", "said"),
    [
        ([2], "", "t, row 2"), ([2, 3], "x", "t, column 'x', rows 2, 3"), (range(1, 6), "", "t, rows 1, 2, 3, 4, 5"),
        (range(1, 7), "", "t, rows 1, 2, 3, 4, 5 and 1 more"),
    ],
)  # fmt: skip
def test_five_rows_are_named(rows: Iterable[int], name: str, said: str) -> None:
    assert place("t", rows, name) == said


def test_all_rows_that_differ_are_named() -> None:
    table = pd.DataFrame({"id": ["A", "B", "C"], "age": ["5", "6", "7"], "k": "x"}, index=[2, 3, 4], dtype=object)
    other = pd.DataFrame({"id": ["C", "B", "A"], "age": ["70", "60", "5.0"], "k": ["x", None, "y"]}, dtype=object)
    with pytest.raises(FindingsError) as caught:
        join(table, other, "id", where="t.csv", other_where="u.csv")
    said = [(finding.where, finding.what) for finding in caught.value.findings]
    differs = "the value differs from that of the joined u.csv"
    assert said == [("t.csv, column 'age', rows 3, 4", differs), ("t.csv, column 'k', row 2", differs)]
