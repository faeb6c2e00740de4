"""Writing tables that a spreadsheet opens rightly, and reading back what was written: all tables go this way."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from sonoher2.core.errors import UsageError
from sonoher2.core.files import atomic_path

SUFFIXES = (".csv", ".tsv", ".xlsx", ".parquet")
EXCEL_ROWS, EXCEL_COLUMNS = 1_048_576, 16_384
BLOCK_CELLS = 500_000
"""Of a large table that are turned into text at once."""

Append = Callable[[pd.DataFrame], None]
"""Writes further rows of a table; the columns are the same each time."""

# a spreadsheet takes a text that begins so for a formula
_FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
_ESCAPED = re.compile(r"''*[=+\-@\t\r＝＋－＠]")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


def check_suffix(target: Path) -> None:
    """Refuse a name that does not say how to write a table, before anything is computed.

    Raises
    ------
    UsageError
        The suffix is another.
    """
    if Path(target).suffix.lower() not in SUFFIXES:
        raise UsageError(f"{target}: tables are written as .csv, .tsv, .xlsx or .parquet; end the name so.")


def write_table(target: Path, table: pd.DataFrame) -> None:
    """Write a table without its index, whole or not at all; the suffix says how, see `open_table`.

    Raises
    ------
    UsageError
        The suffix is another, or a workbook cannot hold so many rows or columns.
    InputError
        The file cannot be written.
    """
    rows = max(1, BLOCK_CELLS // max(1, table.shape[1]))
    if Path(target).suffix.lower() == ".xlsx":
        _check_sheet(target, *table.shape)
    with open_table(target) as append:
        for start in range(0, max(1, len(table)), rows):
            append(table.iloc[start : start + rows])


@contextmanager
def open_table(target: Path) -> Iterator[Append]:
    """Give a function that appends rows; the file has its name when all are written, and is not there on failure.

    A CSV is UTF-8 with a byte-order mark, by which Excel knows the encoding. A text that a spreadsheet would compute
    stands behind an apostrophe, which `sonoher2` takes off again; numbers stay numbers. In a workbook it is a text, and
    in Parquet texts are as they are. Missing values become empty cells.

    Parameters
    ----------
    target
        .csv, .tsv, .xlsx or .parquet; there the rows of one call are a row group.

    Raises
    ------
    UsageError, InputError
        As from `write_table`.
    """
    target = Path(target)
    check_suffix(target)
    suffix = target.suffix.lower()
    writers: dict[str, Callable[[Path], AbstractContextManager[Append]]] = {".xlsx": _workbook, ".parquet": _parquet}
    with atomic_path(target) as temporary, writers.get(suffix, _text)(temporary) as append:
        yield append


@contextmanager
def _text(target: Path) -> Iterator[Append]:
    separator = "\t" if target.suffix.lower() == ".tsv" else ","
    with target.open("wb") as stream:

        def append(rows: pd.DataFrame) -> None:
            stream.write(csv_bytes(rows, separator, header=not stream.tell()))

        yield append


def csv_bytes(table: pd.DataFrame, separator: str = ",", *, header: bool = True) -> bytes:
    """Bytes of a table as CSV, as `write_table` writes it; without a header they follow others."""
    safe = table.copy(deep=False)
    safe.columns = pd.Index([safe_text(str(name)) for name in table.columns])
    for i in range(table.shape[1]):
        values = table.iloc[:, i]
        if not (pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values)):
            safe.isetitem(i, values.map(_safe, na_action="ignore").array)
    stream = io.StringIO()
    safe.to_csv(stream, index=False, header=header, lineterminator="\n", sep=separator)
    return stream.getvalue().encode("utf-8-sig" if header else "utf-8")


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


@contextmanager
def _parquet(target: Path) -> Iterator[Append]:
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    writer: ParquetWriter | None = None

    def append(rows: pd.DataFrame) -> None:
        nonlocal writer
        # cells of several kinds have no type of their own
        mixed = [name for name in rows.columns if rows[name].dtype == object]
        text = rows.assign(**{name: rows[name].map(str, na_action="ignore").astype("str") for name in mixed})
        block = pa.Table.from_pandas(text, preserve_index=False).replace_schema_metadata()
        writer = writer or ParquetWriter(target, block.schema)
        writer.write_table(block)

    try:
        yield append
    finally:
        if writer is not None:
            writer.close()


@contextmanager
def _workbook(target: Path) -> Iterator[Append]:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet("table")
    written = 0

    def cell(value: Any) -> Any:
        if value is None or pd.isna(value):
            return None
        if not isinstance(value, str):
            return value.item() if hasattr(value, "item") else value
        made = WriteOnlyCell(sheet, _CONTROL.sub("", value))
        # a text is never a formula, whatever it begins with
        made.data_type = "s"
        return made

    def append(rows: pd.DataFrame) -> None:
        nonlocal written
        if not written:
            sheet.append([cell(str(name)) for name in rows.columns])
        written += len(rows)
        _check_sheet(target, written, rows.shape[1])
        for row in rows.itertuples(index=False, name=None):
            sheet.append([cell(value) for value in row])

    try:
        yield append
    except BaseException:
        # else it is closed when nothing can be written any more
        sheet.close()
        raise
    book.save(target)


def _check_sheet(target: Path, rows: int, columns: int) -> None:
    if rows >= EXCEL_ROWS or columns > EXCEL_COLUMNS:
        limit = f"{EXCEL_ROWS:,} rows and {EXCEL_COLUMNS:,} columns"
        raise UsageError(f"{target}: a sheet of Excel holds {limit}, the table has more; write a .csv.")
