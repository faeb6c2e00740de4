"""A first study file for a folder of images and tables: what can be guessed is, and what must be confirmed says so."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from sonoher2.cohort.find_images import FoundImage, find_images, stem
from sonoher2.cohort.guess import GuessedColumn, clinical_columns, her2_columns, outcome_column, patient_column
from sonoher2.cohort.table import plain, read_table
from sonoher2.config import TIMINGS
from sonoher2.errors import InputError

TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".parquet")
IMAGES_TABLE = "sonoher2-images.csv"
CONFIRM = "# CONFIRM:"


@dataclass(frozen=True)
class Draft:
    """A study file that waits for its user.

    Attributes
    ----------
    text
        YAML with comments.
    tables
        Text of the tables to write beside it, by file name.
    questions
        What the user must confirm, also in the text.
    """

    text: str
    tables: dict[str, str] = field(default_factory=dict)
    questions: tuple[str, ...] = ()


def draft_study(folder: Path) -> Draft:
    """Draft a study file for a folder.

    Parameters
    ----------
    folder
        With a clinical table and, in it or in subfolders, images and masks. The draft's tables belong into it, and
        its paths are relative to it.

    Raises
    ------
    InputError
        The folder does not exist or holds no table with a row per patient.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError("there is no such folder", where=str(folder), fix="Give the folder of images and tables")
    name, table, patient, named = _clinical_table(folder)
    found, lost_masks = find_images(folder)
    questions: list[str] = []
    lines = [
        "# Drafted by `sonoher2 init`. Lines with CONFIRM are guesses: check each of them, then run `sonoher2 check`.",
        "",
        f"title: {_quoted(folder.resolve().name)}",
        "",
    ]
    tables = {}
    if found:
        tables[IMAGES_TABLE] = _images_csv(found, table, patient)
        lines += _images_section(found, lost_masks, questions)
    lines += _clinical_section(name, table, patient, named, questions)
    lines += _target_section(table, questions)
    lines += _rest(found)
    return Draft("\n".join(lines) + "\n", tables, tuple(questions))


def _clinical_table(folder: Path) -> tuple[Path, pd.DataFrame, str, bool]:
    """Find the table that tells most about patients, its column of patients, and whether that is named so."""
    best: tuple[tuple[bool, int], Path, pd.DataFrame, str, bool] | None = None
    for path in sorted(folder.rglob("*")):
        usable = path.suffix.lower() in TABLE_SUFFIXES and not path.name.startswith((".", "~$", IMAGES_TABLE))
        if not usable or len(path.relative_to(folder).parts) > 2:
            continue
        try:
            table = read_table(path)
        except InputError:
            continue
        patient = patient_column(table)
        known = len(clinical_columns(table)) + len(her2_columns(table)) + (outcome_column(table) is not None)
        if patient is not None and (best is None or (patient[1], known) > best[0]):
            best = (patient[1], known), path.relative_to(folder), table, *patient
    if best is None:
        what = "no table with a column of patients was found"
        fix = "Put a CSV or Excel table with one row per patient and a column `patient_id` into the folder"
        raise InputError(what, where=str(folder), fix=fix)
    return best[1:]


def _images_csv(found: list[FoundImage], table: pd.DataFrame, patient: str) -> str:
    by_image, ids = _patients_by_image(found, table, patient), sorted(set(table[patient]), key=len, reverse=True)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["patient_id", "image", "mask"])
    for one in found:
        name = stem(one.image) or ""
        owner = by_image.get(plain(name)) or _id_in(name, ids) or name
        writer.writerow([owner, one.image.as_posix(), ";".join(mask.as_posix() for mask in one.masks)])
    return stream.getvalue()


def _patients_by_image(found: list[FoundImage], table: pd.DataFrame, patient: str) -> dict[str, str]:
    """Patient of each image by its name, where a column of the table names the images."""
    names = {plain(stem(one.image) or "") for one in found}
    for column in table.columns:
        named = table[column].dropna().map(lambda text: plain(stem(Path(text)) or Path(text).name))
        if len(named) and named.isin(names).mean() > 0.5:
            return dict(zip(named, table.loc[named.index, patient], strict=True))
    return {}


def _id_in(name: str, ids: list[str]) -> str | None:
    """Patient whose id stands in a file's name, between separators."""
    for known in ids:
        if re.search(rf"(^|[^a-zA-Z0-9]){re.escape(known)}($|[^a-zA-Z0-9])", name):
            return known
    return None


def _images_section(found: list[FoundImage], lost_masks: list[Path], questions: list[str]) -> list[str]:
    without = sum(not one.masks for one in found)
    ask = [f"{IMAGES_TABLE} was written from {len(found)} images: is the patient of each right?"]
    if without:
        ask.append(f"{without} images have no mask and will be left out")
    if lost_masks:
        ask.append(f"{len(lost_masks)} masks belong to no image, the first of them {lost_masks[0].as_posix()}")
    questions += ask
    return [
        *(f"{CONFIRM} {question}" for question in ask),
        "images:",
        f"  table: {IMAGES_TABLE}",
        "  mask: mask",
        "  # mm_per_pixel: mm_per_pixel     # add the column if the size of a pixel is known",
        "",
    ]


def _clinical_section(name: Path, table: pd.DataFrame, patient: str, named: bool, questions: list[str]) -> list[str]:
    ask = f"is {patient} the column of the patients?"
    questions += [] if named else [ask]
    doubt = "" if named else f"     {CONFIRM} {ask}"
    lines = ["clinical:", f"  table: {_quoted(name.as_posix())}", f"  patient_id: {_quoted(patient)}{doubt}"]
    guesses = clinical_columns(table)
    taken = set(her2_columns(table).values())
    guesses = [guess for guess in guesses if guess.column not in taken]
    usable = [guess for guess in guesses if guess.timing == TIMINGS[0]]
    lines.append("  columns:" if usable else "  columns: {}")
    for guess in guesses:
        if guess.doubt:
            questions.append(f"{guess.column}: {guess.doubt}")
        # a column that is known only later stands ready, but a pre-biopsy study cannot use it
        lines.append(f"    {'' if guess in usable else '# '}{_column_line(guess)}")
    unused = [str(c) for c in table.columns if c != patient and c not in {g.column for g in guesses}]
    if unused:
        lines.append(f"  # not used: {', '.join(unused[:20])}" + (" ..." if len(unused) > 20 else ""))
    return [*lines, ""]


def _column_line(guess: GuessedColumn) -> str:
    parts = [f"column: {_quoted(guess.column)}", f"kind: {guess.kind}", f"timing: {guess.timing}"]
    if guess.unit:
        parts.append(f"unit: {_quoted(guess.unit)}")
    if guess.levels:
        parts.append(f"levels: [{', '.join(_quoted(level) for level in guess.levels)}]")
    doubt = f"     {CONFIRM} {guess.doubt}" if guess.doubt else ""
    return f"{guess.key}: {{{', '.join(parts)}}}{doubt}"


def _target_section(table: pd.DataFrame, questions: list[str]) -> list[str]:
    her2 = her2_columns(table)
    if "ihc" in her2:
        question = "are these the columns of the raw HER2 results?"
        lines = [f"  {key}: {_quoted(column)}" for key, column in her2.items()]
        lines += ["  rule: ASCO/CAP 2023", "  task: positive-vs-negative     # or low-vs-zero, zero-low-positive"]
    elif (outcome := outcome_column(table)) is not None:
        column, positive, negative = outcome
        question = f"is {column} what the study predicts?"
        lines = [f"  column: {_quoted(column)}", f"  positive: {_quoted(positive)}"]
        lines += [f"  negative: {_quoted(negative)}"] if negative is not None else []
    else:
        question = "no HER2 result and no other outcome was found: name its column and its positive value"
        lines = ["  column: her2_status", "  positive: positive"]
    questions.append(question)
    return [f"{CONFIRM} {question}", "target:", *lines, ""]


def _rest(found: list[FoundImage]) -> list[str]:
    lines = [
        "# When the prediction is made. ER, PR and Ki-67 come with the biopsy: only a `biopsy` study may use them.",
        "timing: pre-biopsy",
        "",
        "split: {kind: random, test_share: 0.3}",
    ]
    if found:
        lines += ["", "radiomics:", "  ring: {share: 0.2}     # or {mm: 2}, when the size of a pixel is known"]
    return lines


def _quoted(text: str) -> str:
    """Write a text for YAML, with quotes only where it needs them."""
    return (
        text if re.fullmatch(r"[A-Za-z][\w./ +-]*[\w+]", text) and text.casefold() not in _WORDS else json.dumps(text)
    )


_WORDS = ("true", "false", "null", "none")
