"""Reading a table as text, whatever program wrote it, and taking columns from it.

A table is a data frame of str, missing values None; its index counts rows as a spreadsheet does, the header being
row 1, so that an error can name the row that a user sees.
"""

from __future__ import annotations

import csv
import datetime
import difflib
import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from sonoher2.config import ColumnSource, Join, Template
from sonoher2.errors import InputError

MISSING = frozenset(
    {
        "", "-", "--", ".", "?", "na", "n/a", "#n/a", "nan", "nc", "nd", "n.d.", "null", "none",
        "unknown", "missing", "not available", "not applicable", "not evaluated", "not known", "not done",
        "[not available]", "[not applicable]", "[not evaluated]", "[unknown]", "[discrepancy]", "[completed]",
    }
)  # fmt: skip
"""Spellings of a missing value, compared without regard to case."""

Row = tuple[int, list[str]]
"""Number of a row as a spreadsheet counts, and its cells."""


def read_table(
    path: Path, missing: Iterable[str] = (), keep: Iterable[str] = (), as_written: Iterable[str] = ()
) -> pd.DataFrame:
    """Read a table as text.

    Parameters
    ----------
    path
        CSV (comma, semicolon or tab), TSV, TXT, Excel (the first sheet of .xlsx or .xlsm) or Parquet.
    missing
        Further spellings of a missing value, besides `MISSING`.
    keep
        Values that are not missing although `MISSING` lists them, such as a level called ``none``.
    as_written
        Columns in which only an empty cell and `missing` are missing: whoever reads them knows what ``-`` means there.

    Returns
    -------
    (rows, columns) of str or None; the index counts rows as a spreadsheet does.

    Raises
    ------
    InputError
        The file cannot be read, holds no rows, or two of its columns have one name.
    """
    path = Path(path)
    header, *rows = _filled(_rows(path), path)
    kept, declared = {_folded(value) for value in keep}, {_folded(value) for value in missing}
    spellings, few = (MISSING | declared) - kept, ({""} | declared) - kept
    names = _column_names(header, rows, path)
    absent = [few if name in set(as_written) else spellings for name in names]
    cells = [[_cell(text, none) for text, none in zip(row, absent, strict=False)] for _, row in rows]
    index = pd.Index([line for line, _ in rows], name="row")
    return pd.DataFrame(cells, columns=names, index=index, dtype=object)


def _rows(path: Path) -> Iterator[Row]:
    readers = {".xlsx": _excel_rows, ".xlsm": _excel_rows, ".parquet": _parquet_rows}
    readers |= dict.fromkeys((".csv", ".tsv", ".txt", ".tab"), _text_rows)
    kind = path.suffix.lower()
    if kind not in readers:
        fix = "Save it as .xlsx" if kind == ".xls" else "Tables are CSV, TSV, TXT, Excel (.xlsx) or Parquet"
        raise InputError("this kind of table cannot be read", where=str(path), fix=fix)
    if not path.is_file():
        raise InputError("there is no such table", where=str(path), fix="Mend `table` or `data` in the study file")
    try:
        yield from readers[kind](path)
    except (OSError, ValueError, KeyError, csv.Error, zipfile.BadZipFile) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise InputError(f"the table cannot be read ({reason})", where=str(path), fix="Save it anew") from error


def _text_rows(path: Path) -> Iterator[Row]:
    # only \n and \r end a line; `splitlines` would also break cells at rarer characters
    lines = io.StringIO(_decoded(path.read_bytes()), newline="").readlines()
    # cBioPortal writes four lines of description before the header
    start = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    reader = csv.reader(lines[start:], delimiter=_delimiter(lines[start:]))
    for cells in reader:
        yield start + reader.line_num, [cell.strip() for cell in cells]


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _delimiter(lines: list[str]) -> str:
    header = re.sub(r'"[^"]*"', "", lines[0]) if lines else ""
    return max((",", ";", "\t"), key=header.count)


def _excel_rows(path: Path) -> Iterator[Row]:
    with warnings.catch_warnings():
        # openpyxl tells of drop-down lists and styles that it does not keep; only values are wanted
        warnings.simplefilter("ignore", UserWarning)
        frame = pd.read_excel(path, header=None, dtype=object, na_filter=False, engine="openpyxl")
    for line, cells in enumerate(frame.itertuples(index=False, name=None), start=1):
        yield line, [as_text(cell) for cell in cells]


def _parquet_rows(path: Path) -> Iterator[Row]:
    frame = pd.read_parquet(path)
    yield 1, [as_text(name) for name in frame.columns]
    for line, cells in enumerate(frame.itertuples(index=False, name=None), start=2):
        yield line, [as_text(cell) for cell in cells]


def as_text(value: Any) -> str:
    """Text of a cell as a user would type it: 5.0 is "5", a date is ISO, nothing is ""."""
    if isinstance(value, str):
        return value.strip()
    if value is None or pd.isna(value):
        return ""
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return (value.date() if midnight else value).isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _filled(rows: Iterable[Row], path: Path) -> list[Row]:
    filled = [row for row in rows if any(row[1])]
    if len(filled) < 2:
        raise InputError("the table has no rows under its header", where=str(path), fix="Give a table with a header")
    return filled


def _column_names(header: Row, rows: list[Row], path: Path) -> list[str]:
    names = header[1]
    while names and not names[-1]:
        names = names[:-1]
    for line, cells in rows:
        # a cell beyond the header shifts a row in silence; empty ones are left over from a spreadsheet
        if any(cells[len(names) :]):
            fix = "A separator inside a value needs quotes around the value"
            raise InputError(f"{len(cells)} cells under {len(names)} columns", where=f"{path}, row {line}", fix=fix)
        cells.extend([""] * (len(names) - len(cells)))
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        shown = ", ".join(f"'{name}'" for name in twice)
        raise InputError(f"several columns are called {shown}", where=str(path), fix="Give each its own name")
    return names


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _cell(text: str, missing: Iterable[str]) -> str | None:
    return None if _folded(text) in missing else text


def is_missing(text: str, keep: Iterable[str] = ()) -> bool:
    """Whether a text is a spelling of a missing value and none of those in `keep`."""
    return _folded(text) in MISSING - {_folded(value) for value in keep}


def plain(text: str) -> str:
    """Fold a value into the form that is compared: case and spacing do not count, and 3.0 is 3."""
    return re.sub(r"^(-?\d+)\.0+$", r"\1", _folded(text))


def none_if_missing(values: pd.Series) -> pd.Series:
    """Write every missing value of a column of objects as None."""
    return values.astype(object).where(values.notna(), None)


def column(table: pd.DataFrame, name: str, where: str) -> pd.Series:
    """One column of a table.

    Parameters
    ----------
    table
        As from `read_table`.
    name
        Of the column.
    where
        Name of the table, for the error.

    Raises
    ------
    InputError
        There is no such column; the nearest names are given.
    """
    if name in table.columns:
        return table[name]
    names = [str(known) for known in table.columns]
    by_folded = {_folded(known): known for known in names}
    near = difflib.get_close_matches(_folded(name), by_folded, n=1, cutoff=0.6)
    shown = ", ".join(names[:30]) + (f" and {len(names) - 30} more" if len(names) > 30 else "")
    hint = f"Did you mean '{by_folded[near[0]]}'? " if near else ""
    raise InputError(f"there is no column '{name}'", where=where, fix=f"{hint}The columns are: {shown}")


def resolve(table: pd.DataFrame, source: ColumnSource, where: str) -> pd.Series:
    """Values of a column or of a template over columns.

    Parameters
    ----------
    table
        As from `read_table`.
    source
        A column's name, a text such as ``Images/{ID}.png``, or a `Template` with replacements.
    where
        Name of the table, for the error.

    Returns
    -------
    (rows,) of str; None where a column of the template has no value.

    Raises
    ------
    InputError
        A column is unknown.
    """
    text = source.template if isinstance(source, Template) else source
    if not isinstance(source, Template) and (text in table.columns or "{" not in text):
        return column(table, text, where)
    parts = re.split(r"\{([^{}]+)\}", text)
    values = {name: column(table, name, where) for name in parts[1::2]}
    known = pd.Series(True, index=table.index)
    filled = pd.Series(parts[0], index=table.index, dtype=object)
    for name, after in zip(parts[1::2], parts[2::2], strict=True):
        known &= values[name].notna()
        filled = filled + values[name].fillna("") + after
    for old, new in source.replace.items() if isinstance(source, Template) else ():
        filled = filled.str.replace(old, new, regex=False)
    return none_if_missing(filled.where(known))


def join(table: pd.DataFrame, other: pd.DataFrame, on: str, *, where: str, other_where: str) -> pd.DataFrame:
    """Add another table's columns row by row.

    A column that both tables have is kept once, and its values must agree wherever both have one.

    Parameters
    ----------
    table, other
        As from `read_table`.
    on
        Column that both have and whose values are unique in `other`.
    where, other_where
        Names of the two tables, for errors.

    Returns
    -------
    (rows of `table`, columns of both); missing where `other` has no such row.

    Raises
    ------
    InputError
        The column is unknown, its values are not unique in `other`, or a column that both have differs.
    """
    keys, other_keys = column(table, on, where), column(other, on, other_where)
    twice = other_keys[other_keys.duplicated() & other_keys.notna()]
    if len(twice):
        what = f"a value of '{on}' stands twice, so that rows cannot be joined"
        raise InputError(what, where=place(other_where, twice.index, on), fix="Keep one row for each value")
    added = other[other_keys.notna()].set_index(on).reindex(keys)
    added.index = table.index
    for name in added.columns.intersection(table.columns):
        both = table[name].notna() & added[name].notna()
        differ = both & (table[name].map(plain, na_action="ignore") != added[name].map(plain, na_action="ignore"))
        if differ.any():
            raise InputError(
                f"'{name}' differs from that of the joined {other_where}",
                where=f"{where}, row {differ.idxmax()}",
                fix="Rename the column in one of the tables",
            )
    new = added.columns.difference(table.columns, sort=False)
    merged = pd.concat([table, added[new]], axis=1)
    return merged.astype(object).where(merged.notna(), None)


def keep_rows(table: pd.DataFrame, conditions: dict[str, list[str]], where: str) -> pd.DataFrame:
    """Rows whose columns have one of the values that are asked for.

    Parameters
    ----------
    table
        As from `read_table`.
    conditions
        Values by column; all columns must agree.
    where
        Name of the table, for errors.

    Raises
    ------
    InputError
        A column is unknown or no row is left.
    """
    for name, values in conditions.items():
        wanted = {plain(value) for value in values}
        table = table[column(table, name, where).map(plain, na_action="ignore").isin(wanted)]
        if table.empty:
            raise InputError(f"no row is left where '{name}' is {' or '.join(values)}", where=where, fix="Mend `where`")
    return table


def place(where: str, rows: Iterable[Any], name: str = "") -> str:
    """Where in a table something is: file, column and the first few rows.

    Parameters
    ----------
    where
        Name of the table.
    rows
        Row numbers.
    name
        Of the column, if there is one.
    """
    numbers = [str(row) for row in rows]
    shown, more = numbers[:5], len(numbers) - 5
    text = ", ".join(shown) + (f" and {more} more" if more > 0 else "")
    column_text = f", column '{name}'" if name else ""
    return f"{where}{column_text}, row{'s' if len(numbers) > 1 else ''} {text}"


def read_joined(
    path: Path, joins: list[Join], folder: Path, missing: list[str], keep: list[str], as_written: Iterable[str] = ()
) -> pd.DataFrame:
    """Read a table and those that are joined to it.

    Parameters
    ----------
    path
        Of the table, absolute.
    joins
        Tables to join, paths relative to `folder`.
    folder
        The study's data folder.
    missing, keep, as_written
        As in `read_table`.

    Raises
    ------
    InputError
        As `read_table` and `join`.
    """
    table = read_table(path, missing, keep, as_written)
    for step in joins:
        other = read_table(folder / step.table, missing, keep, as_written)
        table = join(table, other, step.on, where=path.name, other_where=step.table.name)
    return table
