"""Scores of another tool's models: those of a set, one for each patient, and their AUCs."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.audit.tables.read import Tables
from sonoher2.evaluation.discrimination import auc_delong
from sonoher2.study.results import columns as c


def rows_of(tables: Tables, model: str, side: str) -> pd.DataFrame:
    """Predictions of a model for a set, where label and score are known."""
    rows = tables.predictions
    return rows[(rows[c.MODEL] == model) & (rows[c.SET] == side)].dropna(subset=[c.LABEL, c.SCORE])


def scored(tables: Tables, model: str, side: str) -> pd.DataFrame:
    """One row for each patient and way of scoring: `patient_id, label, out_of_fold, score`."""
    return _by_patient(rows_of(tables, model, side))


def _by_patient(rows: pd.DataFrame) -> pd.DataFrame:
    """Give one row for each patient, label and way of scoring, with the mean score: images of a patient are alike."""
    keys = [c.PATIENT_ID, c.LABEL, c.OUT_OF_FOLD]
    return rows.groupby(keys, sort=False, dropna=False)[[c.SCORE]].mean().reset_index()


def arrays(rows: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Labels and scores, (rows,) each."""
    return rows[c.LABEL].to_numpy(np.int64), rows[c.SCORE].to_numpy(np.float64)


def auc_rows(tables: Tables) -> pd.DataFrame:
    """AUC of each model, set and way of scoring, with DeLong's interval.

    Columns: `model, set, out_of_fold, n, events, auc, auc_low, auc_high`.
    """
    rows = []
    known = tables.predictions.dropna(subset=[c.LABEL, c.SCORE])
    for (model, side, out_of_fold), of_set in known.groupby([c.MODEL, c.SET, c.OUT_OF_FOLD], sort=False):
        part = _by_patient(of_set)
        estimate = auc_delong(*arrays(part))
        rows.append(
            {
                c.MODEL: model,
                c.SET: side,
                c.OUT_OF_FOLD: bool(out_of_fold),
                c.N: len(part),
                c.EVENTS: int(part[c.LABEL].sum()),
                c.AUC: estimate.value,
                c.low(c.AUC): estimate.low,
                c.high(c.AUC): estimate.high,
            }
        )
    columns = [c.MODEL, c.SET, c.OUT_OF_FOLD, c.N, c.EVENTS, c.AUC, c.low(c.AUC), c.high(c.AUC)]
    return pd.DataFrame(rows, columns=columns)


def turned_round(aucs: pd.DataFrame) -> list[str]:
    """Models of which one AUC is below 0.5 with its whole interval, and none above: scores of the controls, perhaps."""
    below, above = aucs[c.high(c.AUC)] < 0.5, aucs[c.low(c.AUC)] > 0.5
    return [str(name) for name in aucs.loc[below, c.MODEL].unique() if not above[aucs[c.MODEL] == name].any()]
