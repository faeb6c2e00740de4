"""Written tables: Excel opens them rightly, and what is read back is what was written."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest

from sonoher2.cohort.reading.read import read_table
from sonoher2.core import table_files
from sonoher2.core.errors import UsageError
from sonoher2.core.table_files import open_table, read_written, write_table

TEXTS = ["=1+1", "+A1", "-x.png", "@SUM(A1)", "'=1", "''=1", "'quoted'", "-", "+", "-5", "+1.5e3", "患者1", "a,b"]


def table() -> pd.DataFrame:
    return pd.DataFrame({"-name": TEXTS, "number": np.linspace(-1, 1, len(TEXTS)), "gap": [None] * len(TEXTS)})


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".xlsx", ".parquet"])
def test_what_is_read_back_is_what_was_written(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"t{suffix}"
    write_table(path, table())
    read = read_table(path, keep=["-"])
    assert list(read.columns) == ["-name", "number", "gap"]
    assert read["-name"].tolist() == TEXTS
    assert np.allclose(read["number"].astype(float), table()["number"])
    assert read["gap"].isna().all()


def test_a_csv_has_a_mark_and_no_formula(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    write_table(path, table())
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows[0] == ["'-name", "number", "gap"]
    for text, row in zip(TEXTS, rows[1:], strict=True):
        number = text in ("-5", "+1.5e3")
        assert row[0][0] not in "=+-@" or number
        assert row[0].endswith(text)
    assert float(rows[1][1]) == -1
    assert read_written(path)["-name"].tolist() == TEXTS


def test_a_workbook_holds_texts_as_texts(tmp_path: Path) -> None:
    write_table(tmp_path / "t.xlsx", table())
    sheet = openpyxl.load_workbook(tmp_path / "t.xlsx").active
    cells = [row[0] for row in sheet.iter_rows(min_row=2)]
    assert [cell.value for cell in cells] == TEXTS
    assert {cell.data_type for cell in cells} == {"s"}
    assert sheet["B2"].value == -1


def test_other_suffixes_and_too_large_sheets_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # of a sheet of Excel, as Microsoft states them
    assert (table_files.EXCEL_ROWS, table_files.EXCEL_COLUMNS) == (1_048_576, 16_384)
    monkeypatch.setattr(table_files, "EXCEL_ROWS", 5)
    monkeypatch.setattr(table_files, "EXCEL_COLUMNS", 3)
    with pytest.raises(UsageError, match=r"\.xlsx"):
        write_table(tmp_path / "t.xls", table())
    for shape in ((1, 4), (5, 1)):
        with pytest.raises(UsageError, match="holds 5 rows and 3 columns, the table has more"):
            write_table(tmp_path / "t.xlsx", pd.DataFrame(np.zeros(shape)))
    assert list(tmp_path.iterdir()) == []
    # four rows and the header
    write_table(tmp_path / "T.XLSX", pd.DataFrame(np.zeros((4, 3))))
    assert [path.name for path in tmp_path.iterdir()] == ["T.XLSX"]


def test_a_csv_is_written_to_the_byte(tmp_path: Path) -> None:
    cells = pd.DataFrame({"=a": ["=1", "x,y", None], "n": [1.5, -2.0, np.nan], "t": [True, False, True]})
    write_table(tmp_path / "t.csv", cells)
    assert (tmp_path / "t.csv").read_bytes() == b"\xef\xbb\xbf'=a,n,t\n'=1,1.5,True\n\"x,y\",-2.0,False\n,,True\n"
    write_table(tmp_path / "t.TSV", cells)
    assert (tmp_path / "t.TSV").read_bytes().splitlines()[2] == b"x,y\t-2.0\tFalse"


def test_a_workbook_loses_what_it_cannot_hold(tmp_path: Path) -> None:
    write_table(tmp_path / "t.xlsx", pd.DataFrame({"a": ["x\x07y", "a\nb\tc"], "b": [pd.NA, 3], "c": np.int64([4, 5])}))
    sheet = openpyxl.load_workbook(tmp_path / "t.xlsx")["table"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows == [["a", "b", "c"], ["xy", None, 4], ["a\nb\tc", 3, 5]]


def test_a_table_of_many_blocks_is_as_one_of_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_table(tmp_path / "whole.csv", table())
    # two rows of three columns
    monkeypatch.setattr(table_files, "BLOCK_CELLS", 7)
    write_table(tmp_path / "blocks.csv", table())
    assert (tmp_path / "blocks.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    write_table(tmp_path / "empty.csv", table().iloc[:0])
    assert (tmp_path / "empty.csv").read_bytes() == b"\xef\xbb\xbf'-name,number,gap\n"


def test_rows_that_are_appended_are_row_groups_of_parquet(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    with open_table(path) as append:
        for part in (slice(0, 5), slice(5, 13)):
            append(table().iloc[part])
    file = pq.ParquetFile(path)
    assert [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)] == [5, 8]
    read = pd.read_parquet(path)
    # no formula is feared here
    assert read["-name"].tolist() == TEXTS
    assert read["number"].tolist() == table()["number"].tolist()
    assert read["gap"].isna().all()


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".parquet"])
def test_a_table_that_is_not_finished_leaves_nothing(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"t{suffix}"
    path.write_bytes(b"earlier")

    def fill() -> None:
        with open_table(path) as append:
            append(table())
            raise ValueError("stopped")

    with pytest.raises(ValueError, match="stopped"):
        fill()
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [(path.name, b"earlier")]
