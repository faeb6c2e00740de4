"""Calibration: observed shares at predicted ones, events upwards."""

from __future__ import annotations

import numpy as np

from sonoher2.report.figures.performance.calibration import calibration_figure
from sonoher2.report.figures.performance.curves import Line

# ten patients with 0.1 and ten with 0.9: one and eight events
SCORE = np.repeat([0.1, 0.9], 10)
OUTCOME = np.array([1] + [0] * 9 + [1] * 8 + [0] * 2)
LINE = Line("A", "#111111", "slope 1", OUTCOME, SCORE + np.linspace(-0.01, 0.01, 20))


def test_dots_bars_and_columns() -> None:
    upper, lower = calibration_figure([("", [LINE])], 0.9).axes
    dots = next(line for line in upper.lines if line.get_marker() == "o")
    assert np.allclose(dots.get_xdata(), [0.1, 0.9], atol=0.01)
    assert np.allclose(dots.get_ydata(), [0.1, 0.8])
    # Wilson at 90 %, 1 of 10 and 8 of 10
    low_first, high_first = upper.containers[0].lines[2][0].get_segments()[0][:, 1]
    assert (round(low_first, 3), round(high_first, 3)) == (0.023, 0.348)
    diagonal = upper.lines[0]
    assert np.asarray(diagonal.get_xdata()).tolist() == np.asarray(diagonal.get_ydata()).tolist() == [0, 1]
    heights = np.array([bar.get_height() for bar in lower.patches])
    assert (heights[heights > 0].sum(), heights[heights < 0].sum()) == (9, -11)
    assert upper.texts[0].get_text() == "slope 1"


def test_panels_of_two_outcomes_begin_new_rows() -> None:
    figure = calibration_figure([("low", [LINE, LINE]), ("high", [LINE, LINE])], 0.9)
    titles = [axes.get_title() or axes.get_title("left") for axes in figure.axes]
    assert [title for title in titles if title] == ["A\nlow", "A\nlow", "A\nhigh", "A\nhigh"]
