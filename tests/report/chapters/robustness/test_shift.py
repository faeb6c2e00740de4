"""Shift: training beside the new cohort, never the other way round."""

from __future__ import annotations

import numpy as np
import pandas as pd

import report_by_hand as by
from sonoher2.report.chapters.robustness.shift import shift_parts

SHIFT = pd.DataFrame(
    [
        ("features", "wavelet-HL_glcm_Contrast", "1.2 ± 0.3", "2.1 ± 0.5", 0.0, 0.01, 1.9, 0.6),
        ("clinical", "age", "52 ± 11", "57 ± 12", 0.1, 0.2, -0.43, 0.2),
        ("images", "rows", "400 ± 0", "500 ± 0", 0.0, 0.0, np.nan, 1.0),
    ],
    columns=["part", "column", "training", "new", "missing_training", "missing_new", "difference", "distance"],
)
DOMAIN = pd.DataFrame(
    {
        "space": ["clinical", "Radiomics"], "training": [1200, 1199], "new": [89, 88], "columns": [2, 9],
        "auc": [0.6, 0.9], "auc_low": [0.5, 0.8], "auc_high": [0.75, 0.95], "p": [0.04, 0.0005],
    }
)  # fmt: skip


def test_cells() -> None:
    parts = list(shift_parts(by.view(by.validation(), shift=SHIFT, domain=DOMAIN)))
    assert [part.name for part in parts] == ["shift", "shift", "domain"]
    found = by.tables(parts)
    assert found["shift"].shown.columns.tolist() == [
        "Part", "Column", "Training", "This cohort", "Missing, training", "Missing, here", "SMD", "KS",
    ]  # fmt: skip
    assert found["shift"].shown.to_numpy().tolist() == [
        ["Features", "wavelet-HL_glcm_Contrast", "1.2 ± 0.3", "2.1 ± 0.5", "0%", "1%", "1.90", "0.60"],
        ["Clinical", "age", "52 ± 11", "57 ± 12", "10%", "20%", "−0.43", "0.20"],
        ["Images", "image rows (pixels)", "400 ± 0", "500 ± 0", "0%", "0%", "–", "1.00"],
    ]
    assert found["shift"].data["column"].tolist()[2] == "rows"
    assert found["domain"].shown.to_numpy().tolist() == [
        ["clinical data", "1,200", "89", "2", "0.60 (0.50–0.75)", "0.040"],
        ["Radiomics", "1,199", "88", "9", "0.90 (0.80–0.95)", "<0.001"],
    ]


def test_many_columns_are_cut_in_the_figure_and_scroll_in_the_table() -> None:
    many = pd.concat([SHIFT.iloc[:1]] * 31, ignore_index=True)
    parts = list(shift_parts(by.view(by.validation(), shift=many)))
    assert by.drawings(parts)["shift"].caption.endswith("At most 30 of each kind are drawn.")
    assert by.tables(parts)["shift"].long
    thirty = list(shift_parts(by.view(by.validation(), shift=many.iloc[:30])))
    assert "At most" not in by.drawings(thirty)["shift"].caption
    assert not by.tables(shift_parts(by.view(by.validation(), shift=many.iloc[:25])))["shift"].long


def test_without_differences_there_is_no_figure() -> None:
    parts = shift_parts(by.view(by.validation(), shift=SHIFT.iloc[2:]))
    assert [part.kind for part in parts] == ["table"]
    assert list(shift_parts(by.view(by.validation()))) == []
