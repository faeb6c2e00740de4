"""Writing tables that a spreadsheet opens rightly, and reading back what was written: all tables go this way."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pandas as pd

from sonoher2.core.errors import UsageError
from sonoher2.core.files import atomic_path, write_bytes

SUFFIXES = (".csv", ".tsv", ".xlsx")
EXCEL_ROWS, EXCEL_COLUMNS = 1_048_576, 16_384

# a spreadsheet takes a text that begins so for a formula
_FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
_ESCAPED = re.compile(r"''*[=+\-@\t\r＝＋－＠]")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


def check_suffix(target: Path) -> None:
    """Refuse a name that does not say CSV or Excel, before anything is computed.

    Raises
    ------
    UsageError
        The suffix is another.
    """
    if Path(target).suffix.lower() not in SUFFIXES:
        raise UsageError(f"{target}: tables are written as .csv, .tsv or .xlsx; end the name so.")


def write_table(target: Path, table: pd.DataFrame) -> None:
    """Write a table without its index, whole or not at all; the suffix says how.

    A CSV is UTF-8 with a byte-order mark, by which Excel knows the encoding. A text that a spreadsheet would compute
    stands behind an apostrophe, which `sonoher2` takes off again; numbers stay numbers. In a workbook it is a text.

    Parameters
    ----------
    target
        .csv, .tsv or .xlsx.
    table
        Any; missing values become empty cells.

    Raises
    ------
    UsageError
        The suffix is another, or a workbook cannot hold so many rows or columns.
    InputError
        The file cannot be written.
    """
    target = Path(target)
    check_suffix(target)
    if target.suffix.lower() == ".xlsx":
        _write_workbook(target, table)
    else:
        write_bytes(target, csv_bytes(table, "\t" if target.suffix.lower() == ".tsv" else ","))


def csv_bytes(table: pd.DataFrame, separator: str = ",") -> bytes:
    """Bytes of a table as CSV, as `write_table` writes it."""
    safe = table.copy(deep=False)
    safe.columns = pd.Index([safe_text(str(name)) for name in table.columns])
    for i in range(table.shape[1]):
        values = table.iloc[:, i]
        if not (pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values)):
            safe.isetitem(i, values.map(_safe, na_action="ignore").array)
    stream = io.StringIO()
    safe.to_csv(stream, index=False, lineterminator="\n", sep=separator)
    return stream.getvalue().encode("utf-8-sig")


def _safe(value: Any) -> Any:
    return safe_text(value) if isinstance(value, str) else value


def safe_text(text: str) -> str:
    """Text behind an apostrophe where a spreadsheet would take it for a formula; a number stays as it is."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def text_of_written(text: str) -> str:
    """Undo `safe_text`."""
    return text[1:] if text.startswith("'") and _ESCAPED.match(text) and not _NUMBER.fullmatch(text[1:]) else text


def read_written(source: Path) -> pd.DataFrame:
    """Read a CSV that `write_table` wrote: text, empty where nothing stands.

    Parameters
    ----------
    source
        The file.
    """
    table = pd.read_csv(source, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    table.columns = pd.Index([text_of_written(str(name)) for name in table.columns])
    return table.map(text_of_written)


def _write_workbook(target: Path, table: pd.DataFrame) -> None:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    rows, columns = table.shape
    if rows >= EXCEL_ROWS or columns > EXCEL_COLUMNS:
        limit = f"{EXCEL_ROWS:,} rows and {EXCEL_COLUMNS:,} columns"
        raise UsageError(f"{target}: a sheet of Excel holds {limit}, the table has more; write a .csv.")
    book = Workbook(write_only=True)
    sheet = book.create_sheet("table")

    def cell(value: Any) -> Any:
        if value is None or pd.isna(value):
            return None
        if not isinstance(value, str):
            return value.item() if hasattr(value, "item") else value
        made = WriteOnlyCell(sheet, _CONTROL.sub("", value))
        # a text is never a formula, whatever it begins with
        made.data_type = "s"
        return made

    sheet.append([cell(str(name)) for name in table.columns])
    for row in table.itertuples(index=False, name=None):
        sheet.append([cell(value) for value in row])
    with atomic_path(target) as temporary:
        book.save(temporary)
