"""Stability of the selection: shown cells."""

from __future__ import annotations

import numpy as np
import pandas as pd

import report_by_hand as by
from sonoher2.report.chapters.model.selection_stability import selection_stability_parts

STEPS = pd.DataFrame(
    {
        "repeats": ["final", "final", "without fold 1", "without fold 1"], "step": ["varies", "LASSO"] * 2,
        "features_in": [1497, 1400, 1497, 1300], "features_out": [1400, 12, 1300, 9],
    }
)  # fmt: skip
KEPT = pd.DataFrame(
    {
        "feature": ["a", "b", "c", "d"], "left_at": ["", "LASSO", "varies", "LASSO"],
        "in_folds": [1.0, 0.4, 0.0, 0.0], "in_bootstraps": [0.93, 0.51, 0.0, 0.02],
    }
)  # fmt: skip
INDEX = pd.DataFrame(
    {
        "repeats": ["outer folds", "bootstraps"], "runs": [5, 100], "kept": [11.25, 12.5], "index": [0.62, 0.44],
        "index_low": [0.5, 0.4], "index_high": [0.7, 0.49],
    }
)  # fmt: skip


def test_cells() -> None:
    shown = by.tables(
        selection_stability_parts(by.view(selection_steps=STEPS, kept_features=KEPT, selection_index=INDEX))
    )
    assert shown["selection_steps"].shown.to_numpy().tolist() == [["varies", "1,400", "1,300"], ["LASSO", "12", "9"]]
    assert list(shown["selection_steps"].shown) == ["Step", "Final", "Without fold 1"]
    assert shown["kept_features"].shown.to_numpy().tolist() == [
        ["a", "kept", "100%", "93%"], ["b", "left: LASSO", "40%", "51%"], ["d", "left: LASSO", "0%", "2%"],
    ]  # fmt: skip
    assert "all 4 features" in shown["kept_features"].caption
    assert shown["selection_index"].shown.to_numpy().tolist() == [
        ["outer folds", "5", "11.2", "0.62 (0.50–0.70)"], ["bootstraps", "100", "12.5", "0.44 (0.40–0.49)"],
    ]  # fmt: skip


def test_without_bootstraps_their_column_is_absent() -> None:
    view = by.view(kept_features=KEPT.assign(in_bootstraps=np.nan))
    table = by.tables(selection_stability_parts(view))["kept_features"].shown
    assert list(table) == ["Feature", "Final selection", "Kept in outer folds"]
    assert table["Feature"].tolist() == ["a", "b"]
    assert list(selection_stability_parts(by.view())) == []
