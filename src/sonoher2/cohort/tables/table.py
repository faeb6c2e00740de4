"""Taking columns and rows from tables, and joining tables.

A table is a data frame of str, missing values None; its index counts rows as a spreadsheet does, the header being
row 1, so that an error can name the row that a user sees.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from sonoher2.cohort.reading.header import shows_patient
from sonoher2.cohort.reading.read import ReadTable, read_table, read_whole
from sonoher2.cohort.reading.text import MISSING, as_text, is_missing
from sonoher2.config.tables import ColumnSource, Join, TableReading, Template
from sonoher2.core.errors import Finding, FindingsError, InputError
from sonoher2.core.spelling import folded, plain

__all__ = [
    "MISSING", "ReadTable", "as_text", "column", "is_missing", "join", "keep_rows", "none_if_missing", "place", "plain",
    "read_joined", "read_table", "resolve",
]  # fmt: skip


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
    composed = unicodedata.normalize("NFC", name)
    if composed in table.columns:
        return table[composed]
    # Excel shows a header of two lines as one
    alike = [known for known in table.columns if " ".join(str(known).split()) == " ".join(composed.split())]
    if len(alike) == 1:
        return table[alike[0]]
    what = f"there is no column '{name}'"
    if any(shows_patient(str(known), table[known].iloc[:200].tolist()) for known in table.columns[:100]):
        # the names are rather a patient's values, which no message may show
        fix = "Its first row does not look like a header: write one, or name its row as `header_row`"
        raise InputError(what, where=where, fix=fix)
    names = [" ".join(str(known).split()) for known in table.columns]
    if len(names) == 1 and re.search(r"[|^~，；、]", names[0]):
        what = f"{what}: the whole table is one column"
        fix = "Separate its cells by commas, semicolons or tabs, or begin the file with a line such as `sep=|`"
        raise InputError(what, where=where, fix=fix)
    by_folded = {folded(known): known for known in names}
    near = difflib.get_close_matches(folded(name), by_folded, n=1, cutoff=0.6)
    shown = ", ".join(names[:30]) + (f" and {len(names) - 30} more" if len(names) > 30 else "")
    hint = f"Did you mean '{by_folded[near[0]]}'? " if near else ""
    raise InputError(what, where=where, fix=f"{hint}The columns are: {shown}")


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
    if not isinstance(source, Template) and (unicodedata.normalize("NFC", text) in table.columns or "{" not in text):
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
        The column is unknown, its values are not unique in `other`, or columns that both have differ; all are named.
    """
    keys, other_keys = column(table, on, where), column(other, on, other_where)
    twice = other_keys[other_keys.duplicated() & other_keys.notna()]
    if len(twice):
        what = f"a value of '{on}' stands twice, so that rows cannot be joined"
        raise InputError(what, where=place(other_where, twice.index, on), fix="Keep one row for each value")
    # Excel shows a header of two lines as one, so that `on` need not be the name to the letter
    rows = other[other_keys.notna()].drop(columns=str(other_keys.name))
    added = rows.set_axis(other_keys.dropna()).reindex(keys)
    added.index = table.index
    problems = []
    for name in added.columns.intersection(table.columns):
        both = table[name].notna() & added[name].notna()
        differ = both & (table[name].map(plain, na_action="ignore") != added[name].map(plain, na_action="ignore"))
        if differ.any():
            what = f"the value differs from that of the joined {other_where}"
            fix = "Mend the values, or rename the column in one of the tables"
            problems.append(Finding("error", what, place(where, differ.index[differ], name), fix))
    if problems:
        raise FindingsError(problems)
    new = added.columns.difference(table.columns, sort=False)
    merged = pd.concat([table, added[new]], axis=1)
    return merged.astype(object).where(merged.notna(), None)


def _alone(table: pd.DataFrame, other: pd.DataFrame, on: str, where: str, other_where: str) -> list[Finding]:
    """Tell of rows that the joined table does not have, whose values of it are missing.

    Raises
    ------
    InputError
        It has none of them.
    """
    keys, others = column(table, on, where), set(column(other, on, other_where).dropna())
    alone = keys[~keys.isin(others)]
    if alone.empty:
        return []
    forms = {_form(key) for key in others}
    alike = sum(_form(key) in forms for key in alone.dropna())
    what = f"{len(alone)} of {len(table)} rows have no row in the joined {other_where}, so that its values are missing"
    fix = "Leave it so if nothing more is known of them"
    if alike:
        what += f"; {alike} of them would match without regard to case, width, signs and leading zeros"
        fix = f"Write '{on}' alike in both tables"
    if len(alone) == len(table):
        raise InputError(what, where=f"{where}, column '{on}'", fix=f"Write '{on}' alike in both tables")
    return [Finding("warning" if alike else "note", what, f"{where}, column '{on}'", fix)]


def _form(key: str) -> str:
    """Form in which identifiers are compared that two programs wrote."""
    return re.sub(r"[\W_]+|(?<!\d)0+(?=\d)", "", plain(unicodedata.normalize("NFKC", key)))


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
    path: Path,
    reading: TableReading,
    joins: list[Join],
    folder: Path,
    missing: list[str],
    keep: list[str],
    as_written: Iterable[str] = (),
    named: Mapping[str, Iterable[str]] | None = None,
) -> ReadTable:
    """Read a table and those that are joined to it.

    Parameters
    ----------
    path
        Of the table, absolute.
    reading
        Its sheet, header row and encoding, where they are told.
    joins
        Tables to join, paths relative to `folder`.
    folder
        The study's data folder.
    missing, keep, as_written, named
        As in `read_whole`.

    Returns
    -------
    The table; its findings also tell of rows that a joined table does not have.

    Raises
    ------
    InputError
        As `read_table` and `join`; or a joined table has none of the rows.
    """
    as_written = list(as_written)
    first = read_whole(path, missing, keep, as_written, reading=reading, named=named)
    table, findings = first.frame, list[Finding](first.findings)
    for step in joins:
        other = read_whole(folder / step.table, missing, keep, as_written, reading=step, named=named)
        table = join(table, other.frame, step.on, where=first.where, other_where=other.where)
        findings += [*other.findings, *_alone(table, other.frame, step.on, first.where, other.where)]
    return ReadTable(table, first.where, tuple(findings), first.found)
