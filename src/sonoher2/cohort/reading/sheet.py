"""A table as it stands in its file, before anybody said which row is its header; and how large one may be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypedDict

from sonoher2.core.errors import Finding, InputError

MOST_BYTES = 512 * 1024**2
"""Largest file of a table, and largest sum of a workbook's parts once they are decompressed."""
MOST_ROWS = 1_048_576
MOST_COLUMNS = 100_000
MOST_CELLS = 20_000_000

Row = tuple[int, list[str]]
"""Number of a row as a spreadsheet counts, and its cells, none empty at the end."""


class ReadAs(TypedDict, total=False):
    """Keys of the study file that say how a table is read, where that was found and not told."""

    sheet: str
    header_row: int | list[int]
    encoding: str


class DoubtError(InputError):
    """A table that can be read in two ways, or in none, until the study file says how.

    Parameters
    ----------
    what, where, fix
        As in `InputError`.
    reading
        Keys of the study file that would decide it, the likeliest way; empty when nothing is likely.
    """

    def __init__(self, what: str, *, where: str, fix: str, reading: ReadAs | None = None) -> None:
        super().__init__(what, where=where, fix=fix)
        self.reading = reading or ReadAs()


@dataclass(frozen=True)
class Sheet:
    """Rows of a file in their order.

    Attributes
    ----------
    rows
        Rows that hold something; a cell is text.
    where
        Name of the file for messages, with the sheet where the workbook has several.
    excel
        Whether it is a workbook's sheet, so that messages speak of cells.
    wide
        Row numbers with a cell that is merged over several columns.
    above
        Cells of the first rows with the text of cells merged over them, by row number.
    found
        Keys of the study file that say how it was read, where that was found and not told.
    findings
        What a user must know of the reading.
    counted
        Cells of each row of a text file by its number, the empty ones at its end included.
    """

    rows: list[Row]
    where: str
    excel: bool = False
    wide: frozenset[int] = frozenset()
    above: dict[int, list[str]] = field(default_factory=dict)
    found: ReadAs = field(default_factory=ReadAs)
    findings: tuple[Finding, ...] = ()
    counted: dict[int, int] = field(default_factory=dict)


def filled(rows: Iterable[Row], where: str) -> list[Row]:
    """Rows that hold something, without the empty cells at their end.

    Raises
    ------
    InputError
        There are more rows, columns or cells than a table may have.
    """
    kept, cells = list[Row](), 0
    for number, texts in rows:
        while texts and not texts[-1]:
            texts.pop()
        if not texts:
            continue
        cells += len(texts)
        if number > MOST_ROWS or len(texts) > MOST_COLUMNS or cells > MOST_CELLS:
            raise too_large(where)
        kept.append((number, texts))
    return kept


def too_large(where: str) -> InputError:
    """Error for a table above a limit."""
    limits = f"{MOST_ROWS:,} rows, {MOST_COLUMNS:,} columns, {MOST_CELLS // 10**6} million cells"
    fix = f"A table may have {limits} and {MOST_BYTES // 1024**2} MB; remove what lies far outside the table"
    return InputError("the table is too large", where=where, fix=fix)


def column_letters(number: int) -> str:
    """Name that a spreadsheet gives to a column, counted from 1: 28 is AB."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def listed(numbers: Iterable[Any]) -> str:
    """List the first five of some numbers or names, and how many more there are."""
    texts = [str(number) for number in numbers]
    more = len(texts) - 5
    return ", ".join(texts[:5]) + (f" and {more} more" if more > 0 else "")
