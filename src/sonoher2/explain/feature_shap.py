"""SHAP values of the features that a search selected, for whole sets of patients, kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sonoher2.engine import FRAME, Step
from sonoher2.explain.margins import of_table, selected_margin
from sonoher2.explain.shapley import shap_values

if TYPE_CHECKING:
    from sonoher2.classifiers.search import ModelSearch

ROUNDS, BACKGROUND = 3, 50
"""See `shapley.shap_values`."""


def _shap(space: pd.DataFrame, training: pd.DataFrame, search: ModelSearch, outcome: int) -> pd.DataFrame:
    margin = of_table(selected_margin(search, outcome))
    values, _ = shap_values(margin, training, space, rounds=ROUNDS, background=BACKGROUND)
    return values


FEATURE_SHAP = Step("shap", _shap, FRAME)
"""Of patients (patients, selected features), the training patients alike, a fitted search, and the number of a class:
(patients, selected features)."""
