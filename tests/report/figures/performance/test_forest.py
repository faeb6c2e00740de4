"""Forest plots: each mark at its value, each word in its line."""

from __future__ import annotations

import numpy as np

import report_by_hand as by
from sonoher2.core.columns import TEST, TRAIN_OOF
from sonoher2.report.figures.performance.forest import auc_figure

COLOURS = {"Clinical": "#111111", "Radiomics": "#222222"}
SETS = {TRAIN_OOF: "Training", TEST: "Test"}


def test_marks_and_words_of_each_line() -> None:
    axes = auc_figure(by.signatures(), SETS, COLOURS).axes[0]
    bars, dots = axes.lines[0:8:2], axes.lines[1:8:2]
    # signature by signature, training above test
    assert np.allclose([bar.get_xdata() for bar in bars], [[0.51, 0.81], [0.53, 0.83], [0.62, 0.92], [0.64, 0.94]])
    assert [dot.get_xdata()[0] for dot in dots] == [0.61, 0.63, 0.72, 0.74]
    assert [dot.get_markerfacecolor() for dot in dots] == ["white", "#111111", "white", "#222222"]
    heights = [dot.get_ydata()[0] for dot in dots]
    assert heights == sorted(heights)
    words = [(text.get_position()[1], text.get_text()) for text in axes.texts if text.get_text()]
    assert [text for y, text in words if y == heights[0]] == ["Training", "1002/1007", "0.61 (0.51–0.81)"]
    assert [text for y, text in words if y == heights[3]] == ["Test", "3/5", "0.74 (0.64–0.94)"]
    assert {"Clinical", "Radiomics"} < {text for _, text in words}


def test_an_estimate_that_is_none_is_said() -> None:
    table = by.signatures().assign(auc=np.nan, events=np.nan)
    axes = auc_figure(table, SETS, COLOURS).axes[0]
    texts = [text.get_text() for text in axes.texts]
    assert texts.count("too few") == 4
    assert "1007" in texts
    # chance alone
    assert [line.get_xdata()[0] for line in axes.lines] == [0.5]


def test_an_estimate_without_an_interval_stands_alone() -> None:
    table = by.signatures().assign(auc_low=np.nan, auc_high=np.nan)
    texts = [text.get_text() for text in auc_figure(table, SETS, COLOURS).axes[0].texts]
    assert {"0.61", "0.63", "0.72", "0.74"} <= set(texts)
    assert not any("nan" in text for text in texts)


def test_several_outcomes_are_named() -> None:
    result = by.three_classes()
    axes = auc_figure(result.performance.signatures, SETS, {"Clinical": "#111111"}).axes[0]
    texts = [text.get_text() for text in axes.texts]
    assert {"Clinical, zero", "Clinical, low", "Clinical, high"} <= set(texts)
