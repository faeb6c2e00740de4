"""Which set each row of another tool's table belongs to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from sonoher2.audit.tables.columns import (
    FOLD,
    SET,
    VALIDATION,
    Side,
    find_columns,
    numbers,
    side_of,
    side_of_file,
)
from sonoher2.core.columns import TEST, TRAIN
from sonoher2.core.errors import InputError
from sonoher2.study.results import columns as c

WORD, BY_NAME = "word", "by_name"
TOLD = [WORD, BY_NAME]
"""What a set was called, and whether the name of the file told it."""
FOLDS = "if these are the folds of a cross-validation, give the tables of one fold at a time"


def row_sides(table: pd.DataFrame, path: Path) -> list[Side | None]:
    """Set of each row: from its column, else from the file's name.

    Raises
    ------
    InputError
        A word names no set, or a second column of sets says another one.
    """
    columns = find_columns(table, SET)
    if not columns:
        return [side_of_file(path)] * len(table)
    first, *others = columns
    sides = _sides(table[first])
    unknown = sorted({str(cell) for cell, side in zip(table[first], sides, strict=True) if side is None and cell})
    if unknown:
        what = f"'{unknown[0]}' names neither training nor test"
        raise InputError(what, where=f"{path}, column '{first}'", fix="Write train or test")
    for other in others:
        pairs = list(zip(sides, _sides(table[other]), strict=True))
        differ = sum(a is not None and b is not None and a.name != b.name for a, b in pairs)
        if differ:
            what = f"the columns '{first}' and '{other}' tell different sets in {differ} rows"
            raise InputError(what, where=str(path), fix="Keep the one by which the model was trained and tested")
        sides = [a or b for a, b in pairs]
    return sides


def _sides(cells: pd.Series) -> list[Side | None]:
    return [None if cell is None else side_of(str(cell)) for cell in cells]


def refuse_folds(table: pd.DataFrame, rows: pd.DataFrame, path: Path) -> None:
    """Refuse a table of a cross-validation: in each fold other patients are tested.

    Parameters
    ----------
    table
        As it was read.
    rows
        `patient_id` and `set` of its rows.
    path
        Of the table.

    Raises
    ------
    InputError
        A column names the fold, and patients have other sets in other folds; or patients without a fold are both in
        the validation and in the test set.
    """
    known = rows.dropna(subset=c.SET)
    columns = fold_columns(table)
    if columns:
        folds = table[columns].astype(str).agg("|".join, axis=1).set_axis(rows.index)[known.index]
        sets = known.groupby([known[c.PATIENT_ID], folds])[c.SET].agg(lambda names: " ".join(sorted(set(names))))
        torn = int((sets.groupby(level=0).nunique() > 1).sum())
        if torn:
            raise InputError(
                f"{torn} patients are in other sets in other folds",
                where=f"{path}, column '{columns[0]}'",
                fix="Give the tables of one fold, or one out-of-fold score for each patient with the set oof",
            )
    _refuse_overlap(_patients(known, VALIDATION), _patients(known, TEST), str(path))


def fold_columns(table: pd.DataFrame) -> list[str]:
    """Columns that name the fold; ``split`` does so where it holds numbers and another column names the sets."""
    further = find_columns(table, SET)[1:]
    return find_columns(table, FOLD) + [name for name in further if numbers(table[name]) is not None]


def _patients(rows: pd.DataFrame, side: str) -> set[str]:
    return set(rows.loc[rows[c.SET] == side, c.PATIENT_ID])


def _refuse_overlap(validation: set[str], test: set[str], where: str = "") -> None:
    both = sorted(validation & test)
    if both:
        what = f"{len(both)} patients are in the validation set and in the test set, {both[0]} first"
        raise InputError(
            what, where=where, fix="Give each patient one set, or leave the rows of the validation set out"
        )


def torn_by_name(known: pd.DataFrame) -> list[str]:
    """Say which sets are told by a file's name and denied by another table's column: the name may mean something else.

    Parameters
    ----------
    known
        `patient_id, set, word, by_name`, where the set is known.
    """
    by_name = known[BY_NAME].astype(bool)
    inside = known[c.SET] == TRAIN
    of_column = inside[~by_name].groupby(known.loc[~by_name, c.PATIENT_ID]).agg(["all", "any"])
    named = known[by_name & known[c.PATIENT_ID].isin(of_column.index)]
    column = of_column.loc[named[c.PATIENT_ID]]
    denied = np.where(named[c.SET] == TRAIN, ~column["any"], column["all"])
    return [
        f"{rows[c.PATIENT_ID].nunique()} patients are in the set '{word}' by the name of a file, and not by a column of"
        " another table; if the name means something else, give that file a column of sets."
        for word, rows in named[denied].groupby(WORD)
    ]


def settle(frames: list[pd.DataFrame]) -> tuple[list[pd.DataFrame], list[str]]:
    """Turn training, validation and test sets into the two that are compared.

    A validation set beside a test set is neither: the tool may have been tuned on it. Alone it is the test set. Where
    one table says validation and another test of the same patients, it is one set.

    Parameters
    ----------
    frames
        `patient_id, set, word, by_name` and what else there is.

    Returns
    -------
    The frames without the rows that are left out, their index kept; and sentences that say what was done.

    Raises
    ------
    InputError
        Some patients, not all, are in the validation set of one table and in the test set of another.
    """
    known = pd.concat([frame[[c.PATIENT_ID, c.SET, *TOLD]] for frame in frames]).dropna(subset=c.SET)
    denied = torn_by_name(known)
    train, validation, test = (_patients(known, side) for side in (TRAIN, VALIDATION, TEST))
    if not test or validation <= test or test <= validation:
        frames = [frame.assign(**{c.SET: frame[c.SET].replace(VALIDATION, TEST)}) for frame in frames]
        words = known.loc[known[c.SET] != TRAIN, WORD]
        return frames, [*_pooled(words), *denied]
    _refuse_overlap(validation, test)
    alone = validation - train
    kept = [
        frame[(frame[c.SET] != VALIDATION) & ~(frame[c.SET].isna() & frame[c.PATIENT_ID].isin(alone))]
        for frame in frames
    ]
    note = (
        f"{len(validation)} patients of a validation set ({_quoted(known.loc[known[c.SET] == VALIDATION, WORD])}) are"
        " left out: the tool may have been tuned on them, so that they are neither training nor test."
    )
    if validation & train:
        note += f" {len(validation & train)} of them are in training too, and stay there; {FOLDS}."
    return kept, [note, *_pooled(known.loc[known[c.SET] == TEST, WORD]), *denied]


def _pooled(words: pd.Series) -> list[str]:
    return [f"The test set is what the tables call {_quoted(words)}."] if words.nunique() > 1 else []


def _quoted(words: pd.Series) -> str:
    return " and ".join(f"'{word}'" for word in sorted(set(words)))
