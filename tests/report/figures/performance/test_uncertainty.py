"""Sets of classes and zones, as drawn."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sonoher2.report.figures.performance.uncertainty import coverage_figure, zone_figure


def test_sets_that_never_decide_have_no_share_of_right_ones() -> None:
    row = {"signature": "Clinical", "label": "positive", "n": 9, "coverage": 0.9, "low": 0.7, "high": 1.0}
    table = pd.DataFrame([{**row, "single": 0.0, "right": np.nan}, {**row, "single": 0.5, "right": 0.75}])
    axes = coverage_figure(table, 0.8, {"Clinical": "#000000"}).axes[0]
    texts = [text.get_text() for text in axes.texts]
    assert "0% decided" in texts
    assert "50% decided, 75% right" in texts
    assert not any("nan" in text for text in texts)
    assert np.allclose(axes.lines[0].get_xdata(), [0.7, 1.0])
    assert axes.lines[1].get_xdata()[0] == 0.9
    assert list(axes.lines[-1].get_xdata()) == [0.8, 0.8]


def test_a_class_without_a_patient_decides_nothing() -> None:
    full = {"signature": "Clinical", "label": "positive", "n": 9, "coverage": 0.9, "low": 0.7, "high": 1.0}
    table = pd.DataFrame([{**full, "single": 0.5, "right": 0.75}, {**full, "label": "negative", "n": 0}])
    table.loc[1, ["coverage", "low", "high"]] = np.nan
    texts = [text.get_text() for text in coverage_figure(table, 0.8, {"Clinical": "#000000"}).axes[0].texts]
    assert "no patients" in texts
    assert not any("nan" in text for text in texts)


def test_zones_by_hand() -> None:
    y, score = np.array([0, 0, 1, 1, 1]), np.array([0.05, 0.2, 0.3, 0.6, 0.9])
    axes = zone_figure([("Test", y, score)], 0.2, 0.6, "positive").axes[0]
    # a score on a threshold belongs to the zone above it
    assert [text.get_text() for text in axes.texts] == ["ruled out\n20%", "undecided\n40%", "ruled in\n40%"]
    bars = [(round(bar.get_x() + bar.get_width() / 2, 3), bar.get_height()) for bar in axes.patches[:60]]
    assert sum(height for _, height in bars if height > 0) == 3
    assert sum(height for _, height in bars if height < 0) == -2
    spans = [(round(patch.get_x(), 3), round(patch.get_width(), 3)) for patch in axes.patches[60:]]
    assert spans == [(0.0, 0.2), (0.2, 0.4), (0.6, 0.4)]
    assert axes.get_xlabel() == "probability of positive"


def test_all_patients_with_probability_one_are_ruled_in() -> None:
    axes = zone_figure([("Test", np.array([1, 0]), np.array([1.0, 0.0]))], 0.2, 0.6, "x").axes[0]
    assert axes.texts[-1].get_text() == "ruled in\n50%"
