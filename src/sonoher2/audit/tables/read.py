"""Reading a table of features, its labels and predictions, whichever tool wrote them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd

from sonoher2.audit.tables.columns import (
    CALL,
    MODEL,
    OUT_OF_FOLD,
    SET,
    find_column,
    find_columns,
    is_binary,
    model_of_file,
    numbers,
    patient_column,
    patient_names,
    score_columns,
)
from sonoher2.audit.tables.labels import binary, copies_of_label, label_column
from sonoher2.audit.tables.roles import no_features
from sonoher2.audit.tables.sets import BY_NAME, TOLD, WORD, fold_columns, refuse_folds, row_sides, settle
from sonoher2.cohort.tables.table import read_table
from sonoher2.core.columns import TEST
from sonoher2.core.errors import InputError
from sonoher2.study.results import columns as c

WHO = [c.PATIENT_ID, c.SET, c.LABEL]


def _nobody() -> pd.DataFrame:
    return pd.DataFrame(columns=WHO)


@dataclass(frozen=True)
class Tables:
    """What another tool left behind.

    Attributes
    ----------
    rows
        One per row of the features: `patient_id`, `set` (``train``, ``test`` or None) and `label` (0, 1 or NaN).
    features
        (rows, features), NaN where missing.
    predictions
        `patient_id, set, label, model, score, call, out_of_fold`; without rows when there are none. `call` is the
        decision, NaN where there is none.
    labels
        `patient_id, set, label` of the further tables of labels.
    notes
        Sentences: how the tables were read where they could be read in two ways.
    """

    rows: pd.DataFrame
    features: pd.DataFrame
    predictions: pd.DataFrame
    labels: pd.DataFrame = field(default_factory=_nobody)
    notes: tuple[str, ...] = ()

    @property
    def models(self) -> list[str]:
        """Names of the models that have predictions."""
        return list(self.predictions[c.MODEL].unique())


def read_tables(features: Sequence[Path], predictions: Sequence[Path] = (), labels: Sequence[Path] = ()) -> Tables:
    """Read the tables of one study of another tool.

    Parameters
    ----------
    features
        Tables of features, one row per patient or image; several when each set has its own.
    predictions
        Tables of scores; several when each set or model has its own.
    labels
        Further tables that say who is in which set and who is a case.

    Raises
    ------
    InputError
        A table cannot be read, can be read in two ways, or tables contradict each other.
    """
    measured = [_features(path) for path in features]
    scored = [_predictions(path) for path in predictions]
    rows = pd.concat([rows for rows, _, _ in measured], ignore_index=True)
    values = pd.concat([values for _, values, _ in measured], ignore_index=True, join="inner")
    notes = _not_read([values for _, values, _ in measured], [dropped for _, _, dropped in measured])
    found = pd.concat([rows for rows, _ in scored], ignore_index=True) if scored else _no_predictions()
    said = pd.concat([_who(read_table(path), path) for path in labels], ignore_index=True) if labels else _nobody()
    if values.shape[1] == 0:
        raise InputError("there is no column of numbers", where=str(features[0]), fix="Give the table of features")
    _refuse_strangers(rows, values, said, found, str(features[0]))
    (rows, said, found), sets = settle([rows, said.reindex(columns=[*WHO, *TOLD]), found])
    values = values.loc[rows.index]
    known = pd.concat([rows, said, found], ignore_index=True)
    label, side = _labels(known), _sides(known)
    rows, found = (_completed(table, label, side).drop(columns=TOLD) for table in (rows, found))
    copies, of_label = copies_of_label(values, rows[c.LABEL])
    about_scores = [*chain.from_iterable(note for _, note in scored), *_about_scores(found, rows)]
    return Tables(
        rows.reset_index(drop=True),
        values.drop(columns=copies).reset_index(drop=True),
        found.reset_index(drop=True),
        said[WHO].reset_index(drop=True),
        (*sets, *of_label, *notes, *about_scores),
    )


def _no_predictions() -> pd.DataFrame:
    return pd.DataFrame(columns=[*WHO, *TOLD, c.MODEL, c.SCORE, c.DECISION, c.OUT_OF_FOLD])


def _who(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Patient, label, set and how it is told, of each row; None and NaN where the table does not say."""
    column = patient_column(table)
    if column is None:
        raise InputError("no column names the patient", where=str(path), fix="Call it patient_id, ID or CaseID")
    if count := int(table[column].isna().sum()):
        fix = "Write the patient into each row, or remove those that belong to nobody"
        raise InputError(f"{count} rows name no patient", where=f"{path}, column '{column}'", fix=fix)
    rows = pd.DataFrame({c.PATIENT_ID: patient_names(table[column])}, index=table.index)
    label = label_column(table, path)
    rows[c.LABEL] = binary(table[label], f"{path}, column '{label}'") if label else np.nan
    sides = row_sides(table, path)
    rows[c.SET] = pd.Series([None if side is None else side.name for side in sides], table.index, object)
    rows[WORD] = pd.Series([None if side is None else side.word for side in sides], table.index, object)
    refuse_folds(table, rows, path)
    rows[BY_NAME] = not find_columns(table, SET)
    return rows[[*WHO, *TOLD]].reset_index(drop=True)


def _features(path: Path) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Rows and numbers of one table of features, and the columns of numbers that are none by their name."""
    table = read_table(path)
    rows = _who(table, path)
    measured = {str(name): values for name in table.columns if (values := numbers(table[name])) is not None}
    used, dropped = no_features(table)
    kept = {name: values for name, values in measured.items() if name not in used | dropped}
    return rows, pd.DataFrame(kept, index=rows.index), [name for name in measured if name in dropped]


def _not_read(tables: list[pd.DataFrame], dropped: list[list[str]]) -> list[str]:
    """Say which columns of numbers are not read as features."""
    notes = []
    names = list(dict.fromkeys(chain.from_iterable(dropped)))
    if names:
        shown = ", ".join(f"'{name}'" for name in names[:5]) + (f" and {len(names) - 5} more" if names[5:] else "")
        notes.append(f"Not read as features, by their names: {shown}.")
    every = set(chain.from_iterable(table.columns for table in tables))
    lacking = len(every) - len(every.intersection(*(table.columns for table in tables)))
    if lacking:
        notes.append(f"{lacking} columns of numbers are not in every table of features and are not read.")
    return notes


def _refuse_strangers(
    rows: pd.DataFrame, values: pd.DataFrame, said: pd.DataFrame, found: pd.DataFrame, where: str
) -> None:
    """Refuse features whose patients are columns, or are none of those in the tables of labels that they need."""
    own, labelled = set(rows[c.PATIENT_ID]), set(said[c.PATIENT_ID])
    others = labelled | set(found[c.PATIENT_ID])
    if own & others:
        return
    if others & set(patient_names(values.columns.to_series())):
        fix = "Turn the table round: one row for each patient or image"
        raise InputError("the patients are its columns", where=where, fix=fix)
    if labelled and rows[c.LABEL].isna().all():
        raise InputError(
            "none of its patients is in the tables of labels", where=where, fix="Write identifiers alike in all tables"
        )


def _predictions(path: Path) -> tuple[pd.DataFrame, list[str]]:
    """Scores of one table, and what is to be said of them."""
    table = read_table(path)
    rows = _who(table, path)
    columns = score_columns(table)
    scores = numbers(table[columns[0]]) if columns else None
    if scores is None:
        fix = "Call it score or probability; label-0 and label-1 (Onekey) and Pred (FAE) are known too"
        raise InputError("no column holds scores", where=str(path), fix=fix)
    decisions = [name for name in columns[1:] if is_binary(table[name])]
    model, call = find_column(table, MODEL), next(iter([*find_columns(table, CALL), *decisions]), None)
    rows[c.MODEL] = table[model].to_numpy() if model else model_of_file(path)
    rows[c.SCORE] = scores
    rows[c.DECISION] = binary(table[call], f"{path}, column '{call}'").to_numpy() if call else np.nan
    rows[c.OUT_OF_FOLD] = rows[WORD].isin(OUT_OF_FOLD)
    notes = []
    folds = fold_columns(table)
    if folds and not (rows[c.OUT_OF_FOLD].any() or rows[c.SET].eq(TEST).all()):
        notes.append(
            f"The column '{folds[0]}' of {path.name} names folds: where its training scores are out of fold, the set"
            " must say oof."
        )
    return rows.dropna(subset=c.SCORE), notes


def _about_scores(found: pd.DataFrame, rows: pd.DataFrame) -> list[str]:
    """Say where scores may be something else, or somebody else's."""
    notes = []
    if len(found) and not found[c.PATIENT_ID].isin(rows[c.PATIENT_ID]).any():
        notes.append("No patient with predictions is in the tables of features.")
    keys = [c.MODEL, c.SET, c.OUT_OF_FOLD, c.PATIENT_ID]
    several = found.groupby(keys, dropna=False)[c.SCORE].nunique()
    patients = several[several > 1].index.unique(c.PATIENT_ID)
    if len(patients):
        notes.append(f"{len(patients)} patients have several scores of one model and set: their mean is taken.")
    for model, scores in found.groupby(c.MODEL, sort=False)[c.SCORE]:
        if scores.isin([0, 1]).all():
            notes.append(f"The scores of {model} are only 0 and 1: are they decisions?")
    return notes


def _labels(known: pd.DataFrame) -> pd.Series:
    """Label of each patient, index `patient_id`."""
    told = known.dropna(subset=c.LABEL).drop_duplicates([c.PATIENT_ID, c.LABEL])
    twice = told.loc[told[c.PATIENT_ID].duplicated(), c.PATIENT_ID]
    if len(twice):
        what = f"{len(twice)} patients are a case in one row and a control in another, patient {twice.iloc[0]} first"
        raise InputError(what, fix="Give tables of one study with one label for each patient")
    return told.set_index(c.PATIENT_ID)[c.LABEL]


def _sides(known: pd.DataFrame) -> pd.Series:
    """Set of each patient who is in one only, index `patient_id`."""
    told = known.dropna(subset=c.SET).drop_duplicates([c.PATIENT_ID, c.SET])
    return told[~told[c.PATIENT_ID].duplicated(keep=False)].set_index(c.PATIENT_ID)[c.SET]


def _completed(rows: pd.DataFrame, label: pd.Series, side: pd.Series) -> pd.DataFrame:
    """Fill in what another table says of a patient."""
    patients = rows[c.PATIENT_ID]
    sets = rows[c.SET].where(rows[c.SET].notna(), patients.map(side))
    return rows.assign(**{c.LABEL: rows[c.LABEL].fillna(patients.map(label)), c.SET: sets})
