"""Which row of a sheet is its header, and what its columns are called."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from sonoher2.cohort.reading.sheet import DoubtError, ReadAs, Row, Sheet, column_letters, listed
from sonoher2.cohort.reading.text import is_date, is_missing, is_number
from sonoher2.core.errors import Finding, InputError
from sonoher2.core.spelling import plural

_TOP = 20
"""Rows among which a header is looked for."""
_SOME = 5
"""Rows below a header that show what its columns hold."""
_MOST = 0.9
"""Share of a column's values that hold a digit in a column of numbers, scores or identifiers."""

Headed = tuple[list[str], list[Row], ReadAs, list[Finding]]
"""Names of the columns ("" for none), rows below the header, keys that say how it was found, and findings."""


def with_header(sheet: Sheet, told: int | list[int] | None) -> Headed:
    """Split a sheet into its header and the rows below it.

    Parameters
    ----------
    sheet
        All rows.
    told
        `header_row` of the study file: a row, or two rows that are joined.

    Raises
    ------
    InputError
        There are no rows under a header, the header cannot be told, or cells stand beyond it.
    """
    if not sheet.rows:
        raise InputError("the table has no rows under its header", where=sheet.where, fix="Give a table with a header")
    if told is not None:
        numbers = told if isinstance(told, list) else [told]
        names, found, findings = _joined(sheet, numbers), ReadAs(), list[Finding]()
        rows = [row for row in sheet.rows if row[0] > numbers[-1]]
    else:
        place, found, findings = _found(sheet)
        names, rows = list(sheet.rows[place][1]), sheet.rows[place + 1 :]
        _refuse_two_rows(sheet, place)
    if not rows:
        raise InputError("the table has no rows under its header", where=sheet.where, fix="Give a table with a header")
    _refuse_wide(names, rows, sheet)
    findings += _longer_than_header(rows, sheet, first=numbers[-1] if told is not None else sheet.rows[place][0])
    return names, rows, found, findings


def _joined(sheet: Sheet, numbers: Sequence[int]) -> list[str]:
    """Names from the rows that the study file names; two rows are joined, upper first."""
    by_number = dict(sheet.rows)
    absent = [number for number in numbers if number not in by_number]
    if absent:
        what = f"the row {absent[0]}, which `header_row` names, is empty or not there"
        raise InputError(what, where=sheet.where, fix="Mend `header_row` in the study file")
    if len(numbers) == 1:
        return list(by_number[numbers[0]])
    parts = [sheet.above.get(number, by_number[number]) for number in numbers]
    width = max(map(len, parts))
    padded = [[*part, *[""] * (width - len(part))] for part in parts]
    return [" ".join(dict.fromkeys(text for text in names if text)) for names in zip(*padded, strict=True)]


def _found(sheet: Sheet) -> tuple[int, ReadAs, list[Finding]]:
    """Position of the header among the rows: the first row, or the first one below titles."""
    first = next((i for i, (_, cells) in enumerate(sheet.rows[:_TOP]) if _count(cells) > 1), 0)
    if first == 0:
        return 0, {}, []
    number, cells = sheet.rows[first]
    width = max(len(row) for _, row in sheet.rows[first : first + _TOP])
    if not _reads_like_header(cells, width):
        what = f"the first row is a title, and row {number} does not read like a header"
        raise DoubtError(what, where=sheet.where, fix="Name the row of the header as `header_row` in the study file")
    titles = listed(row for row, _ in sheet.rows[:first])
    what = f"the header is in row {number}; above it stands a title (row{'s' if first > 1 else ''} {titles})"
    fix = f"Set `header_row: {number}` in the study file, or delete the rows above the header"
    return first, {"header_row": number}, [Finding("warning", what, sheet.where, fix)]


def _count(cells: Sequence[str]) -> int:
    return sum(cell != "" for cell in cells)


def _reads_like_header(cells: Sequence[str], width: int) -> bool:
    """Whether the cells are names: one for each column, none a number or a date, no two alike."""
    names = [cell for cell in cells if cell]
    words = all(not (is_number(name) or is_date(name) or is_missing(name)) for name in names)
    return words and len(set(names)) == len(names) == width and width > 1


def _refuse_two_rows(sheet: Sheet, place: int) -> None:
    """Refuse a second row that belongs to the header: it names what the first leaves open, or it holds no numbers."""
    if place + 1 >= len(sheet.rows):
        return
    (upper, names), (lower, below) = sheet.rows[place], sheet.rows[place + 1]
    body = [cells for _, cells in sheet.rows[place + 2 : place + 2 + _TOP]]
    if not (_completes(names, below, upper in sheet.wide) or _only_words(below, body)):
        return
    if len(names) < len(below) and _reads_like_header(below, len(below)):
        what = f"row {upper} has {len(names)} cells, and the header seems to be in row {lower}"
        fix = f"Set `header_row: {lower}` in the study file, or delete the rows above the header"
        raise DoubtError(what, where=sheet.where, fix=fix, reading={"header_row": lower})
    what = f"rows {upper} and {lower} look like a header of two rows"
    fix = f"Set `header_row: [{upper}, {lower}]` in the study file, or write the names in one row"
    reading: ReadAs = {"header_row": [upper, lower]}
    if _reads_like_header(names, len(names)) and len(below) <= len(names):
        fix = f"{fix}; delete row {lower} if it is not wanted"
    raise DoubtError(what, where=sheet.where, fix=fix, reading=reading)


def _completes(names: Sequence[str], below: Sequence[str], merged: bool) -> bool:
    """Whether the lower row names columns that the upper one leaves open, and is no row of values."""
    if not _count(below) or any(is_number(cell) or is_date(cell) for cell in below if cell):
        return False
    open_columns = [i for i, cell in enumerate(below) if cell and (i >= len(names) or not names[i])]
    named = [i for i, name in enumerate(names) if name]
    # a row of values has something under most names
    empty = sum(i >= len(below) or not below[i] for i in named)
    return bool(open_columns) and (merged or 2 * empty >= len(named))


def _only_words(below: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    """Whether a row holds a word in each of at least two columns whose cells hold a digit everywhere else."""
    if len(body) < _SOME:
        return False
    columns = 0
    for i, cell in enumerate(below):
        values = [row[i] for row in body if i < len(row) and not is_missing(row[i])]
        if len(values) >= _SOME and sum(map(_has_digit, values)) >= _MOST * len(values):
            if is_number(cell) or _shape(cell) in map(_shape, values):
                return False
            numbers = sum(map(is_number, values)) >= _MOST * len(values)
            columns += not is_missing(cell) and (numbers or not _has_digit(cell))
    return columns > 1


def _has_digit(text: str) -> bool:
    return any(letter.isdigit() for letter in text)


def _refuse_wide(names: list[str], rows: Sequence[Row], sheet: Sheet) -> None:
    """Refuse cells beyond the header, which shift a row in silence."""
    while names and not names[-1]:
        names.pop()
    beyond = [(number, cells) for number, cells in rows if len(cells) > len(names)]
    if not beyond:
        return
    # a few rows that are too wide do not make another row the header
    likely = _likely_header(sheet) if len(beyond) > 1 and 2 * len(beyond) >= len(rows) else None
    what = f"{len(beyond)} rows have cells beyond the {len(names)} columns of the header"
    if len(beyond) == 1:
        what = f"{len(beyond[0][1])} cells under {len(names)} columns"
    where = f"{sheet.where}, row{'s' if len(beyond) > 1 else ''} {listed(number for number, _ in beyond)}"
    if likely is not None:
        fix = f"The header seems to be in row {likely}: set `header_row: {likely}` in the study file"
        raise DoubtError(what, where=where, fix=fix, reading={"header_row": likely})
    fix = "A separator inside a value needs quotes around the value"
    values = [[cells[i] for _, cells in rows[:200] if i < len(cells)] for i in range(len(names))]
    if any(shows_patient(name, column) for name, column in zip(names, values, strict=True) if name):
        fix = "The first row does not look like a header: write one, or name its row as `header_row`"
    if sheet.excel:
        number, cells = max(beyond, key=lambda row: len(row[1]))
        cell = f"{column_letters(len(cells))}{number}"
        fix = f"Give each column a name, or empty the cells without one, such as {cell}"
    raise InputError(what, where=where, fix=fix)


def _longer_than_header(rows: Sequence[Row], sheet: Sheet, *, first: int) -> list[Finding]:
    """Notice rows of a text file with more cells than the header has, the last ones empty.

    A decimal comma or a separator within a value moves the cells behind it, and an empty last cell hides that. Where
    each row ends with the same number of separators too many, a program wrote them.

    Raises
    ------
    InputError
        Some rows are longer than the header, and others are not.
    """
    header = sheet.counted.get(first, 0)
    longer = [number for number, _ in rows if sheet.counted.get(number, 0) > header]
    if not longer:
        return []
    where = f"{sheet.where}, row{'s' if len(longer) > 1 else ''} {listed(longer)}"
    if len(longer) < len(rows) or len({sheet.counted[number] for number in longer}) > 1:
        have = "1 row has" if len(longer) == 1 else f"{len(longer)} rows have"
        what = f"{have} more cells than the header has, and an empty one at their end"
        fix = "A separator inside a value needs quotes around the value; remove a separator too many at the end"
        raise InputError(what, where=where, fix=fix)
    what = f"each row ends with {plural(sheet.counted[longer[0]] - header, 'separator')} more than the header"
    return [Finding("note", what, sheet.where, "Look whether each value stands under its name")]


def _likely_header(sheet: Sheet) -> int | None:
    """Find the first of the upper rows, but the first, that reads like a header of the whole table."""
    width = Counter(len(cells) for _, cells in sheet.rows).most_common(1)[0][0]
    for number, cells in sheet.rows[1:_TOP]:
        below = [row for other, row in sheet.rows if other > number]
        values = [[row[i] for row in below if i < len(row)] for i in range(len(cells))]
        if any(shows_patient(name, column) for name, column in zip(cells, values, strict=True)):
            continue
        if len(cells) >= width and _reads_like_header(cells, len(cells)):
            return number
    return None


def shows_patient(name: str, values: Sequence[str | None]) -> bool:
    """Whether a column's name is rather a value of the column, because the table has no header.

    Parameters
    ----------
    name
        Of the column.
    values
        The column's values.
    """
    if is_number(name) or is_date(name) or name in values:
        return True
    shapes = Counter(_shape(value) for value in values if value is not None)
    return any(letter.isdigit() for letter in name) and shapes[_shape(name)] > len(values) / 2


def _shape(text: str) -> str:
    return re.sub(r"\d", "9", text)
