"""Rows of a text table: which line is no row, what separates the cells, which characters they are."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from sonoher2.cohort.reading.encoding import decoded
from sonoher2.cohort.reading.sheet import MOST_BYTES, DoubtError, ReadAs, Row, Sheet, filled, too_large
from sonoher2.cohort.reading.text import clean, is_date, is_missing, is_number
from sonoher2.config.tables import TableReading
from sonoher2.core.errors import Finding, InputError
from sonoher2.core.table_files import text_of_written

SEPARATORS = (",", ";", "\t")
_SEP_LINE = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
_GUARDED = re.compile(r'="([^"]*)"')
_LOOKED_AT = 30
"""Lines from which separators and comments are told."""


def read_delimited(path: Path, reading: TableReading) -> Sheet:
    """Rows of a CSV, TSV or TXT file.

    Parameters
    ----------
    path
        The file.
    reading
        Its encoding and header row, where they are told.

    Raises
    ------
    InputError
        The encoding or the header cannot be told, or a quote is not closed.
    """
    where = path.name
    if path.stat().st_size > MOST_BYTES:
        raise too_large(where)
    data = path.read_bytes()
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        what = f"the file is an Excel workbook although its name ends with {path.suffix}"
        raise InputError(what, where=where, fix="Open it in Excel and save it as .xlsx")
    text, guess = decoded(data, reading.encoding, where)
    # only \n and \r end a line; `splitlines` would also break cells at rarer characters
    lines = io.StringIO(text, newline="").readlines()
    given = _SEP_LINE.fullmatch(lines[0].strip("\r\n")) if lines else None
    # Excel does not show the line that names the separator and counts rows after it
    lines = lines[1:] if given else lines
    start = 0 if reading.header_row else _after_comments(lines, given[1] if given else None, where)
    first = _first(reading) - 1 if reading.header_row else start
    separator = given[1] if given else _separator(lines[first:])
    counted: dict[int, int] = {}
    rows = filled(_records(lines[start:], start, separator, where, counted), where)
    found: ReadAs = {"encoding": guess} if guess else {}
    return Sheet(rows, where, found=found, findings=_told(guess, where), counted=counted)


def _first(reading: TableReading) -> int:
    rows = reading.header_row
    return rows[0] if isinstance(rows, list) else rows or 1


def _told(guess: str, where: str) -> tuple[Finding, ...]:
    if not guess:
        return ()
    name = {"gb18030": "GBK (GB 18030, Chinese)", "cp1252": "Windows-1252 (Western European)"}[guess]
    what = f"the file is not UTF-8 text and was read as {name}"
    fix = f"Look whether its words are right; save it as 'CSV UTF-8' in Excel, or set `encoding: {guess}`"
    return (Finding("warning", what, where, fix),)


def _records(lines: Sequence[str], start: int, separator: str, where: str, counted: dict[int, int]) -> Iterator[Row]:
    reader = csv.reader(lines, delimiter=separator, strict=True)
    number = start
    try:
        for number, cells in enumerate(reader, start=start + 1):
            counted[number] = len(cells)
            yield number, [text_of_written(_unguarded(clean(cell))) for cell in cells]
    except csv.Error as error:
        what = f"the row cannot be taken apart ({error})"
        fix = "Close each quote, and write a quote within a quoted value twice"
        raise InputError(what, where=f"{where}, row {number + 1}", fix=fix) from None


def _unguarded(cell: str) -> str:
    """Text of a cell that a program wrote as a formula, ``="007"``, so that Excel keeps it as it is."""
    guarded = _GUARDED.fullmatch(cell)
    return clean(guarded[1]) if guarded else cell


def _separator(lines: Sequence[str]) -> str:
    """Tell the separator by the first line that has one at least as often as most lines below it."""
    bare = [re.sub(r'"[^"]*"', "", line) for line in lines[:_LOOKED_AT] if line.strip()]
    for i, line in enumerate(bare):
        below = bare[i + 1 :]
        fitting = [
            mark
            for mark in SEPARATORS
            if line.count(mark) and 2 * sum(other.count(mark) >= line.count(mark) for other in below) >= len(below)
        ]
        if fitting and below:
            return max(fitting, key=line.count)
    return max(SEPARATORS, key=bare[0].count) if bare else SEPARATORS[0]


def _after_comments(lines: Sequence[str], separator: str | None, where: str) -> int:
    """How many lines of comment stand above the header; cBioPortal writes four, which begin with ``#``."""
    end = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    if not end:
        return 0
    separator = separator or _separator(lines[end:] or lines)
    block = [_cells(line, separator) for line in lines[:end]]
    below = [_cells(line, separator) for line in lines[end : end + _LOOKED_AT] if line.strip()]
    numbered = next((i for i, cells in enumerate(block) if cells[0] == "#" and len(cells) > 1), None)
    if numbered is not None:
        return numbered
    if not below or len(block[-1]) < 2 or len(block[-1]) != len(below[0]):
        return end
    if _is_data(below[0]):
        return end - 1
    # the line below it has no number: it is the header where numbers follow
    if end == 1 and not any(_is_data(cells) for cells in below[1:]):
        what = "row 1 begins with # and may be a comment or the header"
        fix = "Set `header_row: 1` or `header_row: 2`, or remove the #"
        raise DoubtError(what, where=where, fix=fix)
    return end


def _cells(line: str, separator: str) -> list[str]:
    return [clean(cell) for cell in next(csv.reader([line], delimiter=separator), [""])] or [""]


def _is_data(cells: Sequence[str]) -> bool:
    return any(is_missing(cell) or is_number(cell) or is_date(cell) for cell in cells)
