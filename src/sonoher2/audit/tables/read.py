"""Reading a table of features, its labels and predictions, whichever tool wrote them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.audit.tables.columns import (
    CALL,
    LABEL,
    MODEL,
    PATIENT,
    SET,
    Side,
    binary,
    find_column,
    model_of_file,
    patient_names,
    score_column,
    side_of,
    side_of_file,
)
from sonoher2.cohort.tables.table import read_table
from sonoher2.core.columns import TEST, TRAIN
from sonoher2.core.errors import InputError
from sonoher2.study.results import columns as c

WHO = [c.PATIENT_ID, c.SET, c.LABEL]


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
    """

    rows: pd.DataFrame
    features: pd.DataFrame
    predictions: pd.DataFrame

    @property
    def models(self) -> list[str]:
        """Names of the models that have predictions."""
        return list(self.predictions[c.MODEL].unique())


@dataclass(frozen=True)
class Pooled:
    """One row per patient who has a set and a label: what learning can start from.

    Attributes
    ----------
    patients
        Identifiers.
    X
        (patients, features): mean over a patient's rows, then the median for what is missing; features that vary.
    y
        (patients,), 0 or 1.
    training
        (patients,), True for a training patient.
    """

    patients: pd.Index
    X: pd.DataFrame
    y: NDArray[np.int64]
    training: NDArray[np.bool_]

    @property
    def usable(self) -> bool:
        """Whether both sets have at least five patients of either class."""
        counts = [int((self.y[side] == k).sum()) for side in (self.training, ~self.training) for k in (0, 1)]
        return min(counts) >= 5


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
        A table cannot be read, or tables contradict each other.
    """
    measured = [_features(path) for path in features]
    scored = [_predictions(path) for path in predictions]
    said = [_who(read_table(path), path) for path in labels]
    rows = pd.concat([rows for rows, _ in measured], ignore_index=True)
    values = pd.concat([values for _, values in measured], ignore_index=True, join="inner")
    found = pd.concat(scored, ignore_index=True) if scored else _no_predictions()
    known = pd.concat([rows, *said, found[WHO]], ignore_index=True)
    label, side = _labels(known), _sides(known)
    rows[c.LABEL] = rows[c.LABEL].fillna(rows[c.PATIENT_ID].map(label))
    rows[c.SET] = rows[c.SET].where(rows[c.SET].notna(), rows[c.PATIENT_ID].map(side))
    found[c.LABEL] = found[c.LABEL].fillna(found[c.PATIENT_ID].map(label))
    found[c.SET] = found[c.SET].where(found[c.SET].notna(), found[c.PATIENT_ID].map(side))
    if values.shape[1] == 0:
        raise InputError("there is no column of numbers", where=str(features[0]), fix="Give the table of features")
    return Tables(rows, values, found)


def _no_predictions() -> pd.DataFrame:
    return pd.DataFrame(columns=[*WHO, c.MODEL, c.SCORE, c.DECISION, c.OUT_OF_FOLD])


def _who(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Patient, set and label of each row; None and NaN where the table does not say."""
    column = find_column(table, PATIENT)
    if column is None:
        raise InputError("no column names the patient", where=str(path), fix="Call it patient_id, ID or CaseID")
    rows = pd.DataFrame({c.PATIENT_ID: patient_names(table[column])}, index=table.index)
    label = find_column(table, LABEL)
    rows[c.LABEL] = binary(table[label], f"{path}, column '{label}'") if label else np.nan
    rows[c.SET] = [None if side is None else side.name for side in _row_sides(table, path)]
    return rows[WHO].reset_index(drop=True)


def _row_sides(table: pd.DataFrame, path: Path) -> list[Side | None]:
    """Set of each row: from its column, else from the file's name."""
    column = find_column(table, SET)
    if column is None:
        return [side_of_file(path)] * len(table)
    sides = [side_of(str(cell)) if cell is not None else None for cell in table[column]]
    unknown = sorted({str(cell) for cell, side in zip(table[column], sides, strict=True) if side is None and cell})
    if unknown:
        what = f"'{unknown[0]}' names neither training nor test"
        raise InputError(what, where=f"{path}, column '{column}'", fix="Write train or test")
    return sides


def _features(path: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows and numbers of one table of features."""
    table = read_table(path)
    rows = _who(table, path)
    used = {find_column(table, names) for names in (PATIENT, LABEL, SET)}
    numbers = {
        str(name): values
        for name in table.columns
        if name not in used and (values := _numbers(table[name])) is not None
    }
    return rows, pd.DataFrame(numbers, index=rows.index)


def _numbers(cells: pd.Series) -> NDArray[np.float64] | None:
    """Cells as numbers; None when one of them is a text, or all are missing."""
    numbers = pd.to_numeric(cells, errors="coerce")
    is_text = bool((numbers.isna() & cells.notna()).any())
    return None if is_text or not numbers.notna().any() else numbers.to_numpy(np.float64)


def _predictions(path: Path) -> pd.DataFrame:
    table = read_table(path)
    rows = _who(table, path)
    column = score_column(table)
    scores = None if column is None else _numbers(table[column])
    if scores is None:
        fix = "Call it score or probability; label-0 and label-1 (Onekey) and Pred (FAE) are known too"
        raise InputError("no column holds scores", where=str(path), fix=fix)
    model, call = find_column(table, MODEL), find_column(table, CALL)
    rows[c.MODEL] = table[model].to_numpy() if model else model_of_file(path)
    rows[c.SCORE] = scores
    rows[c.DECISION] = binary(table[call], f"{path}, column '{call}'").to_numpy() if call and call != column else np.nan
    rows[c.OUT_OF_FOLD] = [side is not None and side.out_of_fold for side in _row_sides(table, path)]
    return rows.dropna(subset=c.SCORE)


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


def pool(tables: Tables) -> Pooled:
    """One row per patient; patients without a label, or in no set or in both, are left out."""
    rows = tables.rows
    sets = rows.groupby(c.PATIENT_ID)[c.SET].nunique()
    known = rows[c.LABEL].notna() & rows[c.SET].isin([TRAIN, TEST]) & rows[c.PATIENT_ID].map(sets).eq(1)
    kept, who = tables.features[known], rows[known]
    X = kept.groupby(who[c.PATIENT_ID].to_numpy()).mean()
    X = X.loc[:, X.notna().any() & (X.max() > X.min())]
    first = who.drop_duplicates(c.PATIENT_ID).set_index(c.PATIENT_ID).loc[X.index]
    training = first[c.SET].eq(TRAIN).to_numpy()
    return Pooled(X.index, X.fillna(X[training].median()).fillna(0.0), first[c.LABEL].to_numpy(np.int64), training)
