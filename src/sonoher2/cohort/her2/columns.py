"""The HER2 columns of a table: every cell read, or listed by its spelling with the line that lets the study file say.

A cell is read by itself in `her2_cell`; here the whole column is looked at, since what ``-``, ``+`` and ``1`` mean
depends on what else stands there.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from sonoher2.cohort.her2.cell import AMPLIFIED_OR_AVAILABLE, Cell, Doubt, Role, read_cell
from sonoher2.cohort.her2.tokens import normalised
from sonoher2.cohort.tables import columns as c
from sonoher2.cohort.tables.all_errors import collected
from sonoher2.cohort.tables.table import column, is_missing, place
from sonoher2.config.target import Her2Role, Her2Target, Recount
from sonoher2.core.errors import Finding, InputError

EXPECTED: dict[Role, str] = {
    "ihc": "an IHC score (0, 1+, 2+, 3+)",
    "ish": "an ISH result (positive, negative, equivocal, group 1 to 5)",
    "ratio": "a HER2/CEP17 ratio of 0 to 50",
    "copies": "mean HER2 copies per cell, 0 to 100",
}
_FILL_IN = "FILL-IN"
_MANY = 10
"""Cells of a column in which every score is to be expected."""
_ANSWERS = frozenset({"yes", "no", "y", "n", "true", "false", "是", "否"})
_DONE = re.compile(r"是否|有无|送检|已行|已做|\b(?:done|performed|tested|ordered)\b")
_FOUND = re.compile(r"扩增|擴增|阳性|陽性|amplif|positiv|结果|結果|result")
_LONGEST = 60


@dataclass(frozen=True)
class Unread:
    """A spelling that was not understood.

    Attributes
    ----------
    column, role
        Name of the column in the table, and what it holds: ``ihc``, ``ish``, ...
    spelling
        As it stands in the table.
    rows
        All rows where it stands.
    """

    column: str
    role: str
    spelling: str
    rows: tuple[int, ...]


@dataclass(frozen=True)
class UnreadFinding(Finding):
    """An error about cells that were not understood; `unread` lists all of them."""

    unread: tuple[Unread, ...] = ()


def unread_table(findings: Iterable[Finding]) -> pd.DataFrame:
    """List the spellings that no column understood.

    Parameters
    ----------
    findings
        Such as those of a `FindingsError`.

    Returns
    -------
    `column, role, spelling, cells, rows`, the commonest of each column first; empty when all was read.
    """
    unread = [one for found in findings if isinstance(found, UnreadFinding) for one in found.unread]
    rows = [
        {
            c.COLUMN: one.column, c.ROLE: one.role, c.SPELLING: one.spelling, c.CELLS: len(one.rows),
            c.ROWS: " ".join(map(str, one.rows)),
        }
        for one in unread
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=[c.COLUMN, c.ROLE, c.SPELLING, c.CELLS, c.ROWS])


def asks_whether_done(name: str) -> bool:
    """Whether a column's name asks if a test was done, as ``是否行FISH``, and not what it found, as ``是否扩增``."""
    words = name.casefold().replace("_", " ")
    return bool(_DONE.search(words)) and not _FOUND.search(words)


def looks_like(values: pd.Series, role: Role) -> bool:
    """Whether a column's values look like HER2 results: most of the cells that say something can be read as such.

    A few cells that cannot be read change nothing.

    Parameters
    ----------
    values
        (rows,) of str or None.
    role
        Kind of result.
    """
    counts = Counter(text for text in values.dropna() if text)
    cells = {text: read_cell(text, role) for text in counts}
    said = {text: number for text, number in counts.items() if (cell := cells[text]) is None or not cell.missing}
    read = sum(number for text, number in said.items() if getattr(cells[text], role, None) is not None)
    return bool(said) and 2 * read > sum(said.values())


def read_columns(table: pd.DataFrame, target: Her2Target, where: str) -> tuple[pd.DataFrame, list[Finding]]:
    """Read all HER2 columns of a table.

    Parameters
    ----------
    table
        As from `read_table`, its HER2 columns as written.
    target
        Columns, and the map of spellings.
    where
        Name of the table, for findings.

    Returns
    -------
    (rows,): `ihc, ish, ratio, copies`, `recount_ratio, recount_copies, recount_result` and `reported`, object, None
    where nothing is said; and errors, warnings and notes.
    """
    findings: list[Finding] = []
    unread: list[Unread] = []
    frame = pd.DataFrame(index=table.index, dtype=object)
    cells: dict[str, pd.Series] = {}
    for name, (role, header) in headers_of(target).items():
        frame[name] = None
        if header is None:
            continue
        with collected(findings):
            reader = _Column(column(table, header, where), role, target.spellings(role), where)
            cells[name], problems, spellings = reader.read()
            findings += problems
            unread += spellings
            frame[name] = _part(cells[name], role)
    findings += _shared(frame, cells, where)
    findings += _dashes(cells, frame, target, where)
    frame[c.REPORTED] = None
    if target.status is not None:
        with collected(findings):
            frame[c.REPORTED] = _reported(column(table, target.status, where), target)
    findings += _ready_line(unread, target)
    findings += _never_met(table, target, where)
    return frame, findings


def headers_of(target: Her2Target) -> dict[str, tuple[Role, str | None]]:
    """Role and header of each column that is read, by its name in `read_columns`; None where the study names none."""
    recount = target.recount or Recount.model_construct()
    return {
        c.IHC: ("ihc", target.ihc),
        c.ISH: ("ish", target.ish),
        c.RATIO: ("ratio", target.ratio),
        c.COPIES: ("copies", target.copies),
        "recount_ratio": ("ratio", recount.ratio),
        "recount_copies": ("copies", recount.copies),
        "recount_result": ("ish", recount.result),
    }


def role_of_columns(target: Her2Target) -> dict[str, Her2Role]:
    """Tell of each HER2 column, those of a recount included, under which role of `values` its spellings stand."""
    roles: dict[str, Her2Role] = {header: role for role, header in headers_of(target).values() if header is not None}
    return roles if target.status is None else {**roles, target.status: "status"}


def _part(cells: pd.Series, role: str) -> pd.Series:
    return pd.Series([getattr(cell, role) if cell else None for cell in cells], index=cells.index, dtype=object)


@dataclass(frozen=True)
class _Column:
    """One column and what the study file says of its spellings."""

    texts: pd.Series
    role: Role
    meanings: dict[str, str]
    where: str

    @property
    def header(self) -> str:
        return str(self.texts.name)

    @property
    def place(self) -> str:
        return f"{self.where}, column '{self.header}'"

    def read(self) -> tuple[pd.Series, list[Finding], list[Unread]]:
        """Cells by row (None: nothing or not understood), findings, and what was not understood."""
        counts = Counter(text for text in self.texts.dropna() if text)
        declared = self._declared(counts)
        cells = {text: declared.get(normalised(text), read_cell(text, self.role)) for text in counts}
        open_texts = [text for text in counts if normalised(text) not in declared]
        if self.role == "ihc":
            cells |= dict.fromkeys(_contradicted(open_texts, cells), None)
        if self.role == "ish" and any(cell is not None and cell.ish == "ISH negative" for cell in cells.values()):
            # where negative is written otherwise, NA is not "not amplified"
            for text in open_texts:
                if normalised(text) in AMPLIFIED_OR_AVAILABLE:
                    cells[text] = Cell(doubt="dash")
        unread = [
            Unread(self.header, self.role, text, tuple(int(row) for row in self.texts.index[self.texts == text]))
            for text, _ in counts.most_common()
            if cells[text] is None
        ]
        doubts = self._doubts({text: counts[text] for text in open_texts}, cells)
        values = [cells[text] if isinstance(text, str) and text else None for text in self.texts]
        return pd.Series(values, self.texts.index, object, self.header), [*self._error(unread), *doubts], unread

    def _declared(self, counts: Counter[str]) -> dict[str, Cell]:
        met = {normalised(text) for text in counts}
        declared: dict[str, Cell] = {}
        for spelling, meaning in self.meanings.items():
            key = normalised(spelling)
            if key not in met:
                continue
            cell = read_cell(meaning, self.role)
            if cell is None:
                what = f"`values` gives '{_short(spelling)}' the meaning '{_short(meaning)}'"
                fix = f"Write what it is: {EXPECTED[self.role]}, or missing"
                raise InputError(f"{what}, which is not {EXPECTED[self.role]}", where=self.place, fix=fix)
            if declared.setdefault(key, cell) != cell:
                what = f"`values` gives '{_short(spelling)}' two meanings"
                raise InputError(what, where=self.place, fix="Spellings that differ in case or width are one: keep one")
        return {key: Cell(cell.ihc, cell.ish, cell.ratio, cell.copies) for key, cell in declared.items()}

    def _error(self, unread: list[Unread]) -> list[Finding]:
        if not unread:
            return []
        rows = sorted(row for one in unread for row in one.rows)
        listed = ", ".join(f"'{_short(one.spelling)}' ({len(one.rows)})" for one in unread)
        what = f"not {EXPECTED[self.role]}, or more than one: {listed}"
        fix = "Mend the cells, or say in the study file what each spelling means"
        return [UnreadFinding("error", what, place(self.place, rows), fix, unread=tuple(unread))]

    def _doubts(self, counts: dict[str, int], cells: dict[str, Cell | None]) -> list[Finding]:
        if self.role == "ihc":
            return [*self._stand_for_scores(counts, cells), *self._coded(counts, cells), *self._shares(counts, cells)]
        if self.role == "ish":
            return [*self._bare(counts, cells), *self._answers(counts, cells)]
        return self._bare(counts, cells)

    def _bare(self, counts: dict[str, int], cells: dict[str, Cell | None]) -> list[Finding]:
        bare = _doubted(counts, cells, "bare")
        if not bare:
            return []
        what = f"{_counted(bare)} is taken for negative"
        return [Finding("warning", what, self.place, "Give its meaning in `values` if it is a code for something else")]

    def _stand_for_scores(self, counts: dict[str, int], cells: dict[str, Cell | None]) -> list[Finding]:
        """Words and signs that were read as a score although no score is written."""
        plusses = any("++" in normalised(text) for text in counts)
        told = {}
        for text, number in counts.items():
            cell = cells[text]
            if cell is None or cell.doubt not in ("sign", "word") or (plusses and normalised(text) in ("+", "(+)")):
                continue
            told[f"'{_short(text)}' as {cell.ihc}"] = number
        if not told:
            return []
        listed = ", ".join(f"{text} ({number})" for text, number in told.items())
        what = f"signs and words without a written score were read: {listed}"
        fix = 'If one means something else, say so in `values`, such as {"-": missing}'
        return [Finding("warning", what, self.place, fix)]

    def _coded(self, counts: dict[str, int], cells: dict[str, Cell | None]) -> list[Finding]:
        """Notice numbers that may be codes of a status: 0 and 1, 1 and 2, and in a longer column 1, 2 and 3."""
        said = {text: cell for text in counts if (cell := cells[text]) is not None and cell.ihc is not None}
        scores = {cell.ihc for cell in said.values()}
        if any(cell.doubt != "bare" for cell in said.values()):
            return []
        few = scores in ({"0", "1+"}, {"1+", "2+"}, {"0", "1+", "2+"})
        # where nobody has IHC 0, 1 may be negative, 2 equivocal and 3 positive
        odd = scores in ({"1+", "2+", "3+"}, {"1+", "3+"}, {"0", "3+"}) and sum(counts[text] for text in said) >= _MANY
        if not (few or odd):
            return []
        numbers = " and ".join(sorted(score.removesuffix("+") for score in scores if score))
        what = f"the column holds only {numbers}: this may be a coded status (negative, positive) and not an IHC score"
        return [Finding("warning", what, self.place, "Make sure that 1 means IHC 1+; a coded status is no IHC score")]

    def _shares(self, counts: dict[str, int], cells: dict[str, Cell | None]) -> list[Finding]:
        """Scores beside a share of cells that the guideline does not give to them."""
        told = _doubted(counts, cells, "share")
        if not told:
            return []
        what = f"the share of cells does not fit the score, which was taken as it stands: {_counted(told)}"
        fix = "Look at the reports: 1+ and 3+ are scores of more than 10 % of the cells, 0 of at most 10 %"
        return [Finding("warning", what, self.place, fix)]

    def _answers(self, counts: dict[str, int], cells: dict[str, Cell | None]) -> list[Finding]:
        """Yes and no alone, which may say whether the test was done."""
        said = [text for text in counts if (cell := cells[text]) is not None and cell.ish is not None]
        if not said or not all(normalised(text) in _ANSWERS for text in said):
            return []
        listed = _counted({text: counts[text] for text in said})
        fix = "Say in `values` what they mean, such as {ish: {yes: positive, no: negative}}, or leave the column out"
        if asks_whether_done(self.header):
            what = f"the column says whether a test was done, and not what it found: {listed}"
            return [Finding("error", what, self.place, fix)]
        what = f"yes and no were read as ISH positive and negative: {listed}"
        return [Finding("warning", f"{what}; the column may say whether the test was done", self.place, fix)]


def _doubted(counts: dict[str, int], cells: dict[str, Cell | None], doubt: Doubt) -> dict[str, int]:
    """Spellings that were read with this doubt, with their number of cells."""
    return {text: number for text, number in counts.items() if (cell := cells[text]) and cell.doubt == doubt}


def _contradicted(texts: Sequence[str], cells: dict[str, Cell | None]) -> list[str]:
    """Spellings of IHC that are a score by themselves, but not beside the others of the column."""
    folded = {text: normalised(text) for text in texts}
    said = [cell for cell in cells.values() if cell is not None and cell.ihc is not None]
    signs = {text: folded[text].strip("()-") for text in texts if (cell := cells[text]) is not None and cell.ihc}
    if set(signs.values()) == {"", "+"}:
        # only + and -: positive and negative rather than 1+ and 0
        return list(signs)
    if any(cell.ihc == "0" and cell.doubt in ("", "bare") for cell in said):
        # where zero is written 0, a dash or `negative` is something else
        return [
            text
            for text in texts
            if (cell := cells[text]) is not None
            and cell.ihc == "0"
            and cell.doubt in ("sign", "word")
            and not folded[text].startswith(("(", "no ", "无", "未", "不", "absent", "unstained"))
        ]
    return []


def _shared(frame: pd.DataFrame, cells: dict[str, pd.Series], where: str) -> list[Finding]:
    """Take over what a cell says beyond its column, as ``2+/FISH-`` does; two columns must not disagree."""
    findings: list[Finding] = []
    for name, column_cells in cells.items():
        for part in (c.IHC, c.ISH, c.RATIO, c.COPIES):
            if part == name or name.startswith("recount"):
                continue
            other = _part(column_cells, part)
            differ = frame[part].notna() & other.notna() & (frame[part] != other)
            if differ.any():
                what = f"its {part} is not the one that stands in the column of {part}"
                at = place(f"{where}, column '{column_cells.name}'", differ.index[differ])
                findings.append(Finding("error", what, at, "Mend one of the two cells"))
            frame[part] = frame[part].where(frame[part].notna(), other).astype(object)
            frame[part] = frame[part].where(frame[part].notna(), None)
    return findings


def _dashes(cells: dict[str, pd.Series], frame: pd.DataFrame, target: Her2Target, where: str) -> list[Finding]:
    """Tell of dashes among ISH results, which were taken as not done and may mean negative."""
    if c.ISH not in cells:
        return []
    dashed = cells[c.ISH].map(lambda cell: cell is not None and cell.doubt == "dash")
    number, open_ones = int(dashed.sum()), int((dashed & (frame[c.IHC] == "2+")).sum())
    if not number:
        return []
    what = f"a dash, 'none' or 'NA' in {number} cells was taken as not done, not as negative"
    if open_ones:
        what += f"; {open_ones} of them are IHC 2+ and stay indeterminate"
    if open_ones and not (frame[c.ISH] == "ISH negative").any():
        what += ", so that of IHC 2+ only ISH positives are left"
    fix = 'Say what it means in `values`, under the target: {ish: {"-": negative}} or {ish: {"-": missing}}'
    return [Finding("warning" if open_ones else "note", what, f"{where}, column '{target.ish}'", fix)]


def _reported(texts: pd.Series, target: Her2Target) -> pd.Series:
    meanings = {normalised(spelling): meaning for spelling, meaning in target.spellings("status").items()}

    def said(text: str) -> str | None:
        meaning = meanings.get(normalised(text), text)
        cell = read_cell(meaning, "ihc")
        none = is_missing(meaning) or (cell is not None and cell.missing)
        return None if none else meaning

    return pd.Series([said(text) if text else None for text in texts], index=texts.index, dtype=object)


def _ready_line(unread: list[Unread], target: Her2Target) -> list[Finding]:
    """Write the map for the study file: what it holds already, and all spellings that were not understood."""
    if not unread:
        return []
    flat = {spelling: meaning for spelling, meaning in target.values.items() if isinstance(meaning, str)}
    parts = [f"{_yaml(spelling)}: {_yaml(meaning)}" for spelling, meaning in flat.items()]
    for role in ("ihc", "ish", "ratio", "copies", "status"):
        own = target.values.get(role, {})
        entries = {key: _yaml(text) for key, text in own.items()} if isinstance(own, dict) else {}
        entries |= {one.spelling: _FILL_IN for one in unread if one.role == role}
        if entries:
            parts.append(f"{role}: {{{', '.join(f'{_yaml(key)}: {text}' for key, text in entries.items())}}}")
    number = "1 spelling was" if len(unread) == 1 else f"{len(unread)} spellings were"
    what = f"{number} not understood; the line for the study file is `values: {{{', '.join(parts)}}}`"
    fix = (
        f"Put it under `target` with a meaning for each {_FILL_IN}: 0, 1+, 2+, 3+ (ihc), positive, negative, equivocal,"
        " group 1 to 5 (ish), a number (ratio, copies), or missing"
    )
    return [Finding("error", what, "target", fix)]


def _yaml(text: str) -> str:
    shown = json.dumps(text, ensure_ascii=False)
    # a reader must see an invisible character, and YAML reads the escape as JSON does
    return "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in shown)


def _never_met(table: pd.DataFrame, target: Her2Target, where: str) -> list[Finding]:
    """Spellings of the map that stand in no row, so that a slip is seen."""
    texts: dict[str, set[str]] = {}
    for header, role in role_of_columns(target).items():
        if header in table.columns:
            texts.setdefault(role, set()).update(normalised(text) for text in table[header].dropna())
    anywhere = set().union(*texts.values())
    never = []
    for key, meaning in target.values.items():
        if isinstance(meaning, str):
            never += [key] if normalised(key) not in anywhere else []
        else:
            never += [spelling for spelling in meaning if normalised(spelling) not in texts.get(key, set())]
    if not never:
        return []
    what = f"{', '.join(repr(_short(spelling)) for spelling in never)} of `values` stands in no row"
    return [Finding("note", what, where, "Mend the spelling, or leave it out")]


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"'{_short(text)}' ({number})" for text, number in counts.items())


def _short(text: str) -> str:
    shown = _yaml(text)[1:-1]
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
