"""Outcomes and scores out of a table of predictions."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.core import columns as c

Scores = tuple[NDArray[np.int64], NDArray[np.float64]]


def outcome_scores(rows: pd.DataFrame, outcome: str) -> Scores:
    """Outcomes (patients,) as 0 or 1 and scores (patients,) of rows of one signature, set and outcome."""
    return np.asarray(rows[c.LABEL] == outcome, dtype=np.int64), np.asarray(rows[c.SCORE], dtype=np.float64)
