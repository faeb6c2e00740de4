"""One row per patient: what learning can start from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.audit.tables.read import Tables
from sonoher2.core.columns import TEST, TRAIN
from sonoher2.study.results import columns as c


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
