"""Rows of a workbook's sheet, and what only Excel has: hidden rows, merged cells, percentages, formulas."""

from __future__ import annotations

import re
import struct
import warnings
import zipfile
import zlib
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet._reader import WorkSheetParser

from sonoher2.cohort.reading.sheet import (
    MOST_CELLS,
    MOST_ROWS,
    DoubtError,
    ReadAs,
    Row,
    Sheet,
    column_letters,
    listed,
    too_large,
)
from sonoher2.cohort.reading.text import as_text, percent_text
from sonoher2.cohort.reading.workbook_limits import check_parts
from sonoher2.config.tables import TableReading
from sonoher2.core.errors import Finding, InputError

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_OLD = b"\xd0\xcf\x11\xe0"
"""First bytes of an old .xls file, and of a workbook with a password."""
# what a number format writes as it is: quoted text, an escaped character; and its conditions and colours
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
_HEADER_ROWS = 20
"""Rows at the top in which a title or a header may stand."""
# whatever openpyxl's parts raise on a damaged workbook
DAMAGED = (
    OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, NotImplementedError,
    RuntimeError, AssertionError, EOFError, MemoryError, ParseError, zipfile.BadZipFile, zlib.error, struct.error,
    InvalidFileException,
)  # fmt: skip


class _Parser(WorkSheetParser):  # type: ignore[misc]
    """openpyxl's reader of one sheet, which also notes formulas that nobody has computed."""

    def __init__(self, source: IO[bytes], book: Any) -> None:
        super().__init__(
            source,
            book.shared_strings,
            data_only=True,
            epoch=book.epoch,
            date_formats=book.date_formats,
            timedelta_formats=book.timedelta_formats,
        )
        self.uncomputed: list[tuple[int, int]] = []

    def parse_cell(self, element: Any) -> dict[str, Any]:
        cell: dict[str, Any] = super().parse_cell(element)
        if cell["value"] is None and element.find(f"{_MAIN}f") is not None:
            value = element.find(f"{_MAIN}v")
            # Excel stores an empty text as an empty value of type `str`
            if value is None or element.get("t") != "str":
                self.uncomputed.append((cell["row"], cell["column"]))
        return cell


@dataclass
class _Read:
    """Filled cells of a sheet by row and column, counted from 1, and what is peculiar about them.

    `units` are words that number formats write behind numbers, by column, with how many numbers have them.
    """

    cells: dict[int, dict[int, str]] = field(default_factory=dict)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    hidden: set[int] = field(default_factory=set)
    filtered: bool = False
    uncomputed: list[tuple[int, int]] = field(default_factory=list)
    units: dict[int, dict[str, int]] = field(default_factory=dict)

    @property
    def looks_like_table(self) -> bool:
        """Whether at least two rows have at least two cells."""
        return sum(len(row) > 1 for row in self.cells.values()) > 1


def read_excel(path: Path, reading: TableReading) -> Sheet:
    """Rows of one sheet of a workbook.

    Parameters
    ----------
    path
        .xlsx or .xlsm.
    reading
        Its sheet, where that is told.

    Raises
    ------
    InputError
        The workbook is damaged, too large or locked; the sheet does not exist or cannot be told; formulas have no
        stored value; cells are merged over several columns.
    """
    _check_size(path)
    try:
        with warnings.catch_warnings():
            # openpyxl tells of drop-down lists and styles that it does not keep; only values are wanted
            warnings.simplefilter("ignore", UserWarning)
            return _read_book(path, reading)
    except InputError:
        raise
    except DAMAGED as error:
        fix = "Open it in Excel, or in another spreadsheet program, and save it anew as .xlsx"
        raise InputError("the table cannot be read: the workbook is damaged", where=path.name, fix=fix) from error


def _check_size(path: Path) -> None:
    with path.open("rb") as stream:
        if stream.read(4) == _OLD:
            what = "the table cannot be read: it has a password or is an old .xls file"
            raise InputError(what, where=path.name, fix="Save it as .xlsx without a password")
    try:
        check_parts(path)
    except InputError:
        raise
    except DAMAGED as error:
        what = "the table cannot be read: it is no Excel workbook, or a damaged one"
        raise InputError(what, where=path.name, fix="Save it anew as .xlsx") from error


class _Book:
    """A workbook's sheets and what their cells mean, each sheet read once."""

    def __init__(self, name: str, stream: IO[bytes]) -> None:
        self.name = name
        self._book = load_workbook(stream, read_only=True, data_only=True, keep_links=False)
        self.shared_strings: list[str] = next((sheet._shared_strings for sheet in self._book.worksheets), [])
        self.epoch = self._book.epoch
        self.date_formats = self._book._date_formats
        self.timedelta_formats = self._book._timedelta_formats
        self.percents = {
            i for i, style in enumerate(self._book._cell_styles) if _is_percent(self._format(style.numFmtId))
        }
        self.zeros = {
            i: len(zeros)
            for i, style in enumerate(self._book._cell_styles)
            if re.fullmatch("00+", zeros := self._format(style.numFmtId))
        }
        self.units = {
            i: unit
            for i, style in enumerate(self._book._cell_styles)
            if (unit := _written_unit(self._format(style.numFmtId)))
        }
        self.sheets = {sheet.title: sheet for sheet in self._book.worksheets}
        self.visible = [name for name, sheet in self.sheets.items() if sheet.sheet_state == "visible"]
        self._read: dict[str, _Read] = {}

    def _format(self, number: int) -> str:
        from openpyxl.styles.numbers import BUILTIN_FORMATS, BUILTIN_FORMATS_MAX_SIZE

        if number < BUILTIN_FORMATS_MAX_SIZE:
            return str(BUILTIN_FORMATS.get(number, ""))
        formats = self._book._number_formats
        place = number - BUILTIN_FORMATS_MAX_SIZE
        return str(formats[place]) if place < len(formats) else ""

    @property
    def strict(self) -> bool:
        """Whether it is written as strict Open XML, whose sheets openpyxl does not see."""
        archive, book = self._book._archive, "xl/workbook.xml"
        return book in archive.namelist() and b"purl.oclc.org/ooxml" in archive.read(book)

    def read(self, name: str) -> _Read:
        if name not in self._read:
            with self._book._archive.open(self.sheets[name]._worksheet_path) as source:
                self._read[name] = self._parsed(_Parser(source, self))
        return self._read[name]

    def _parsed(self, parser: _Parser) -> _Read:
        read, count = _Read(), 0
        for number, row in parser.parse():
            count += len(row) + 1
            if count > MOST_CELLS or number > MOST_ROWS:
                raise too_large(self.name)
            texts = {cell["column"]: text for cell in row if (text := self._text(cell))}
            if texts:
                read.cells.setdefault(number, {}).update(texts)
            for cell in row:
                if isinstance(cell["value"], int | float) and not isinstance(cell["value"], bool):
                    seen = read.units.setdefault(cell["column"], {})
                    unit = self.units.get(cell["style_id"], "")
                    seen[unit] = seen.get(unit, 0) + 1
        read.uncomputed = parser.uncomputed
        read.filtered = getattr(parser, "auto_filter", None) is not None
        read.hidden = {int(row) for row, how in parser.row_dimensions.items() if _is_hidden(how)}
        for area in parser.merged_cells.mergeCell if parser.merged_cells else ():
            left, top, right, bottom = area.bounds
            read.merged.append((top, left, bottom, right))
        return read

    def _text(self, cell: dict[str, Any]) -> str:
        value = cell["value"]
        if cell["style_id"] in self.percents and isinstance(value, int | float) and not isinstance(value, bool):
            return percent_text(value)
        text = as_text(value)
        # shown with leading zeros: so are they written elsewhere
        return text.zfill(self.zeros[cell["style_id"]]) if text.isdecimal() and cell["style_id"] in self.zeros else text


def _is_hidden(row: dict[str, Any]) -> bool:
    """Whether a row is hidden or has no height."""
    return row.get("hidden") in ("1", "true") or (re.fullmatch(r"0+(\.0+)?", row.get("ht") or "") is not None)


def _is_percent(number_format: str) -> bool:
    """Whether a number format shows a number a hundredfold; a quoted per cent sign does not."""
    return "%" in _LITERAL.sub("", number_format.partition(";")[0])


def _written_unit(number_format: str) -> str:
    """Word that a number format writes with a number, such as cm of ``0.0"cm"``; empty for none."""
    word = "".join(re.findall(r'"([^"]*)"', number_format.partition(";")[0])).strip()
    return word if any(letter.isalpha() for letter in word) else ""


def _read_book(path: Path, reading: TableReading) -> Sheet:
    # openpyxl leaves a file open that it cannot read
    with path.open("rb") as stream:
        book = _Book(path.name, stream)
        name, found, findings = _chosen(book, reading)
        others = [other for other in book.visible if other != name]
        where = f"{path.name}, sheet '{name}'" if len(book.sheets) > 1 else path.name
        read = book.read(name)
        findings += _other_tables(book, others, where) if not reading.sheet and not found else []
    if others and not reading.sheet:
        where = f"{where} (other sheets: {listed(others)})"
    _refuse_uncomputed(read, where)
    above = _filled_above(read)
    wide = _fill_down(read, where)
    findings += _hidden(read, where) + _units(read, where)
    return Sheet(_rows(read, where), where, True, wide, above, found, tuple(findings))


def _chosen(book: _Book, reading: TableReading) -> tuple[str, ReadAs, list[Finding]]:
    """Name of the sheet to read: as told, the first, or the only one that holds a table."""
    if book.strict:
        fix = "Save it in Excel as 'Excel Workbook (.xlsx)'"
        raise InputError("the workbook is a 'Strict Open XML Spreadsheet'", where=book.name, fix=fix)
    if reading.sheet is not None:
        if reading.sheet not in book.sheets:
            fix = f"The sheets are: {listed(book.sheets)}"
            raise InputError(f"there is no sheet '{reading.sheet}'", where=book.name, fix=fix)
        return reading.sheet, {}, []
    names = book.visible or list(book.sheets)
    if not names:
        raise InputError("the workbook has no sheet of cells", where=book.name, fix="Give a workbook with a table")
    if len(names) == 1 or book.read(names[0]).looks_like_table:
        return names[0], {}, []
    tables = [name for name in names if book.read(name).looks_like_table]
    if len(tables) > 1:
        what = f"the first sheet '{names[0]}' holds no table and several others do"
        fix = f"Name the sheet in the study file, such as `sheet: {tables[0]}`; they are: {listed(tables)}"
        raise DoubtError(what, where=book.name, fix=fix)
    if not tables:
        return names[0], {}, []
    what = f"the first sheet '{names[0]}' holds no table, so the sheet '{tables[0]}' was read"
    fix = f"Set `sheet: {tables[0]}` in the study file"
    return tables[0], {"sheet": tables[0]}, [Finding("warning", what, book.name, fix)]


def _other_tables(book: _Book, others: list[str], where: str) -> list[Finding]:
    tables = [name for name in others if book.read(name).looks_like_table]
    if not tables:
        return []
    what = f"only this sheet was read, and other sheets hold tables too: {listed(tables)}"
    return [Finding("warning", what, where, "Name the sheet to read as `sheet` in the study file")]


def _refuse_uncomputed(read: _Read, where: str) -> None:
    if read.uncomputed:
        cells = listed(f"{column_letters(column)}{row}" for row, column in read.uncomputed)
        what = f"{len(read.uncomputed)} formulas have no stored value (cells {cells})"
        if len(read.uncomputed) == 1:
            what = f"a formula has no stored value (cell {cells})"
        raise InputError(what, where=where, fix="Open and save the file in Excel, which stores the values")


def _filled_above(read: _Read) -> dict[int, list[str]]:
    """Cells of the first rows with the text of cells that are merged over them, for a header of two rows."""
    top: dict[int, dict[int, str]] = {row: dict(cells) for row, cells in read.cells.items() if row <= _HEADER_ROWS}
    for first, left, last, right in read.merged:
        text = read.cells.get(first, {}).get(left)
        if text is None or first > _HEADER_ROWS or right - left > 1000:
            continue
        for row in range(first, min(last, _HEADER_ROWS) + 1):
            top.setdefault(row, {}).update(dict.fromkeys(range(left, right + 1), text))
    return {row: _texts(cells) for row, cells in top.items()}


def _fill_down(read: _Read, where: str) -> frozenset[int]:
    """Give the value of a merged cell to all its rows; rows with a cell that is merged over columns."""
    numbers, wide, work = sorted(read.cells), set[int](), 0
    for top, left, bottom, right in read.merged:
        text = read.cells.get(top, {}).get(left)
        if text is None:
            continue
        rows = numbers[bisect_left(numbers, top) : bisect_right(numbers, bottom)]
        work += len(rows)
        if work > MOST_CELLS:
            raise too_large(where)
        if right > left:
            wide.update(rows)
        for row in rows:
            read.cells[row].setdefault(left, text)
    return frozenset(wide)


def _hidden(read: _Read, where: str) -> list[Finding]:
    numbers = sorted(read.cells)
    count = sum(row in read.hidden for row in numbers[1:])
    if not count:
        return []
    how = "by a filter in Excel" if read.filtered else "in Excel"
    what = f"{count} of {len(numbers) - 1} rows are hidden {how} and were read all the same"
    return [Finding("warning", what, where, "Show all rows, or delete those that do not belong to the study")]


def _units(read: _Read, where: str) -> list[Finding]:
    """Tell of columns whose numbers Excel shows with different units: what is read is the bare number."""
    findings = []
    for column, seen in sorted(read.units.items()):
        if len(seen) > 1:
            shown = ", ".join(f"{unit or 'no unit'} ({count})" for unit, count in seen.items())
            what = f"Excel shows the numbers of column {column_letters(column)} in different units: {shown}"
            fix = "Write all in one unit; the unit is a format in Excel, and only the number is read"
            findings.append(Finding("warning", what, where, fix))
    return findings


def _rows(read: _Read, where: str) -> list[Row]:
    size = sum(max(cells) for cells in read.cells.values())
    if size > MOST_CELLS:
        row, column = max(((row, max(cells)) for row, cells in read.cells.items()), key=lambda cell: cell[1])
        what = f"the table is too large: a cell stands as far out as {column_letters(column)}{row}"
        raise InputError(what, where=where, fix="Remove the cells that lie far outside the table")
    return [(number, _texts(read.cells[number])) for number in sorted(read.cells)]


def _texts(cells: dict[int, str]) -> list[str]:
    texts = [""] * max(cells, default=0)
    for column, text in cells.items():
        texts[column - 1] = text
    return texts
