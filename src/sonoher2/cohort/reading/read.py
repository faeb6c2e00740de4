"""From a file to a table of text."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from sonoher2.cohort.reading.delimited import read_delimited
from sonoher2.cohort.reading.header import shows_patient, with_header
from sonoher2.cohort.reading.parquet import read_parquet
from sonoher2.cohort.reading.sheet import DoubtError, ReadAs, Row, Sheet, listed
from sonoher2.cohort.reading.text import CONTROL, MISSING
from sonoher2.config.tables import TableReading
from sonoher2.core.errors import Finding, InputError
from sonoher2.core.files import path_fault
from sonoher2.core.spelling import folded

TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".tab", ".xlsx", ".xlsm", ".parquet")
_ATTEMPTS = 4


@dataclass(frozen=True)
class ReadTable:
    """A table and how it was read.

    Attributes
    ----------
    frame
        (rows, columns) of str or None; the index counts rows as a spreadsheet does.
    where
        Name of the file for messages, with the sheet where the workbook has several.
    findings
        What a user must know of the reading: warnings.
    found
        Keys of the study file (`sheet`, `header_row`, `encoding`) that were not told and that the table needs.
    """

    frame: pd.DataFrame
    where: str
    findings: tuple[Finding, ...] = ()
    found: ReadAs = field(default_factory=ReadAs)


def read_table(
    path: Path,
    missing: Iterable[str] = (),
    keep: Iterable[str] = (),
    as_written: Iterable[str] = (),
    *,
    reading: TableReading | None = None,
    findings: list[Finding] | None = None,
) -> pd.DataFrame:
    """Read a table as text.

    Parameters
    ----------
    path
        CSV (comma, semicolon or tab), TSV, TXT, Excel (.xlsx or .xlsm) or Parquet.
    missing
        Further spellings of a missing value, besides `MISSING`.
    keep
        Values that are not missing although `MISSING` lists them, such as a level called ``none``.
    as_written
        Columns in which only an empty cell and `missing` are missing: whoever reads them knows what ``-`` means there.
    reading
        Sheet, header row and encoding, where they are told.
    findings
        Where warnings are added.

    Returns
    -------
    (rows, columns) of str or None; the index counts rows as a spreadsheet does.

    Raises
    ------
    InputError
        The file cannot be read, holds no rows, two of its columns have one name, or it can be read in two ways.
    """
    table = read_whole(path, missing, keep, as_written, reading=reading)
    if findings is not None:
        findings += table.findings
    return table.frame


def read_whole(
    path: Path,
    missing: Iterable[str] = (),
    keep: Iterable[str] = (),
    as_written: Iterable[str] = (),
    *,
    reading: TableReading | None = None,
    named: Mapping[str, Iterable[str]] | None = None,
) -> ReadTable:
    """Read a table as text and say how.

    Parameters
    ----------
    path, missing, keep, as_written, reading
        As in `read_table`.
    named
        As `keep`, for single columns.

    Raises
    ------
    InputError
        As `read_table`.
    """
    sheet = _sheet(Path(path), reading or TableReading())
    names, rows, found, findings = with_header(sheet, reading.header_row if reading else None)
    kept_values, declared = {folded(value) for value in keep}, {folded(value) for value in missing}
    spellings, few = (MISSING | declared) - kept_values, frozenset(({""} | declared) - kept_values)
    kept = _named(names, rows, sheet)
    _refuse_merged(rows, kept, sheet)
    untouched = {" ".join(name.split()) for name in as_written}
    own = {
        " ".join(name.split()): {folded(value) for value in values} - declared for name, values in (named or {}).items()
    }
    headers = [" ".join(names[i].split()) for i in kept]
    absent = [few if name in untouched else spellings - own[name] if name in own else spellings for name in headers]
    cells = [_cells(row, kept, absent) for _, row in rows]
    _refuse_control(rows, kept, names, sheet)
    index = pd.Index([number for number, _ in rows], name="row")
    frame = pd.DataFrame(cells, columns=[names[i] for i in kept], index=index, dtype=object)
    return ReadTable(frame, sheet.where, (*sheet.findings, *findings), {**sheet.found, **found})


def detect_reading(path: Path, missing: Iterable[str] = (), keep: Iterable[str] = ()) -> ReadTable:
    """Read a table as far as it can be told how: for a draft of a study file, whose user confirms it.

    What `read_table` refuses because two ways are possible is read in the likelier way; that way's keys are in
    `found`, and the doubt is among the findings.

    Parameters
    ----------
    path, missing, keep
        As in `read_table`.

    Raises
    ------
    InputError
        As `read_table`, where no way is likely.
    """
    told = ReadAs()
    doubts: list[Finding] = []
    for _ in range(_ATTEMPTS):
        try:
            table = read_whole(path, missing, keep, reading=TableReading.model_validate(told))
        except DoubtError as doubt:
            if not doubt.reading or doubt.reading.items() <= told.items():
                raise
            told |= doubt.reading
            doubts.append(Finding("warning", doubt.what, doubt.where, doubt.fix))
        else:
            findings = (*doubts, *table.findings)
            return ReadTable(table.frame, table.where, findings, {**told, **table.found})
    raise InputError("the table cannot be read in any way", where=Path(path).name, fix="Save it as one plain table")


def _sheet(path: Path, reading: TableReading) -> Sheet:
    readers: dict[str, Callable[[], Sheet]] = dict.fromkeys((".xlsx", ".xlsm"), lambda: _read_excel(path, reading))
    readers |= dict.fromkeys((".csv", ".tsv", ".txt", ".tab"), lambda: read_delimited(path, reading))
    fault = path_fault(str(path))
    if fault:
        raise InputError(
            f"this cannot be the path of a table: {fault}", where=f"{path.name[:60]}...", fix="Mend the path"
        )
    readers[".parquet"] = lambda: read_parquet(path)
    kind = path.suffix.lower()
    if kind not in readers:
        fix = "Save it as .xlsx" if kind == ".xls" else "Tables are CSV, TSV, TXT, Excel (.xlsx) or Parquet"
        raise InputError("this kind of table cannot be read", where=str(path), fix=fix)
    _refuse_foreign_keys(
        path, reading, excel=kind in (".xlsx", ".xlsm"), text=kind not in (".xlsx", ".xlsm", ".parquet")
    )
    try:
        path = on_disk(path)
        if not path.is_file():
            raise InputError("there is no such table", where=str(path), fix="Mend `table` or `data` in the study file")
        return readers[kind]()
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "not a path that can be opened"
        raise InputError(f"the table cannot be read ({reason})", where=str(path), fix="Save it anew") from error


def _read_excel(path: Path, reading: TableReading) -> Sheet:
    # openpyxl is slow to import, and a prediction reads no workbook
    from sonoher2.cohort.reading.excel import read_excel

    return read_excel(path, reading)


def _refuse_foreign_keys(path: Path, reading: TableReading, *, excel: bool, text: bool) -> None:
    if reading.sheet is not None and not excel:
        raise InputError("`sheet` is for Excel workbooks", where=path.name, fix="Remove `sheet` from the study file")
    if reading.encoding is not None and not text:
        raise InputError("`encoding` is for text tables", where=path.name, fix="Remove `encoding` from the study file")


def _named(names: Sequence[str], rows: Sequence[Row], sheet: Sheet) -> list[int]:
    """Positions of the columns that have a name, and of the first one where it alone has none."""
    counts = Counter(name for name in names if name)
    twice = sorted(name for name, count in counts.items() if count > 1)
    if twice:
        columns = [(name, i) for i, name in enumerate(names) if counts[name] > 1]
        values = [[cells[i] for _, cells in rows[:200] if i < len(cells)] for _, i in columns]
        if any(shows_patient(name, column) for (name, _), column in zip(columns, values, strict=True)):
            what = "its first row does not look like a header: several columns have one name"
            raise InputError(what, where=sheet.where, fix="Write a header, or name its row as `header_row`")
        shown = listed(f"'{name}'" for name in twice)
        raise InputError(f"several columns are called {shown}", where=sheet.where, fix="Give each its own name")
    # FAE writes the patients in a first column without a name
    return [i for i, name in enumerate(names) if name or (i == 0 and names.count("") == 1)]


def _cells(row: Sequence[str], kept: Sequence[int], absent: Sequence[frozenset[str]]) -> list[str | None]:
    texts = [row[i] if i < len(row) else "" for i in kept]
    pairs = zip(texts, absent, strict=True)
    return [None if not text or folded(text) in missing else text for text, missing in pairs]


def _refuse_merged(rows: Sequence[Row], kept: Sequence[int], sheet: Sheet) -> None:
    """Refuse values that are merged over columns; a remark alone in its row is none."""
    wide = [number for number, cells in rows if number in sheet.wide and sum(c != "" for c in cells) > 1]
    if wide and len(kept) > 1:
        what = "cells are merged over several columns, so that it is open whose value they hold"
        where = f"{sheet.where}, row{'s' if len(wide) > 1 else ''} {listed(wide)}"
        raise InputError(what, where=where, fix="Unmerge them in Excel and give each cell its value")


def _refuse_control(rows: Sequence[Row], kept: Sequence[int], names: Sequence[str], sheet: Sheet) -> None:
    """Refuse characters that no text holds, naming their cells."""
    bad = [
        (number, names[i])
        for number, cells in rows
        for i in kept
        if i < len(cells) and not cells[i].isprintable() and CONTROL.search(cells[i])
    ]
    if bad or any(CONTROL.search(name) for name in names):
        columns = listed(dict.fromkeys(f"'{name}'" for _, name in bad if not CONTROL.search(name)))
        numbers = listed(dict.fromkeys(number for number, _ in bad))
        where = f"{sheet.where}, column {columns}, row {numbers}" if bad else f"{sheet.where}, header"
        what = "a cell holds a control character (such as NUL), which no text has"
        raise InputError(what, where=where, fix="The file may be damaged; save it anew, or type the cell again")


def on_disk(path: Path) -> Path:
    """Find the file of a path whose name is composed otherwise on the disk (é as one character or as two).

    Parameters
    ----------
    path
        As a table or a study file gives it.

    Returns
    -------
    The path of the existing file or folder, or `path` itself where there is none or several.
    """
    if str(path).isascii() or path.exists():
        return path
    here = Path(path.anchor) if path.is_absolute() else Path()
    for part in path.relative_to(path.anchor).parts if path.is_absolute() else path.parts:
        if part.isascii() or (here / part).exists():
            here = here / part
            continue
        if not here.is_dir():
            return path
        wanted = unicodedata.normalize("NFC", part)
        alike = [other for other in here.iterdir() if unicodedata.normalize("NFC", other.name) == wanted]
        if len(alike) != 1:
            return path
        here = alike[0]
    return here
