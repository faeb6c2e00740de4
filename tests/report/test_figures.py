"""Figures that a reader can read: legends whole, letters there, no value that is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.legend import Legend

from sonoher2.report.content.style import chinese_fonts, paper_style, signature_colours
from sonoher2.report.figures.performance.curves import Line, decision_figure, pr_figure, roc_figure
from sonoher2.report.figures.performance.uncertainty import coverage_figure
from sonoher2.report.page.save import save_figure, undrawn_letters

EIGHT = ["Clinical", "Radiomics", "Deep", "DLR (early)", "DLR", "Clinical+Radiomics", "Combined", "Combined (zoo)"]


def panel(count: int) -> list[Line]:
    rng, colours = np.random.default_rng(0), signature_colours(EIGHT)
    outcome = (rng.random(60) < 0.4).astype(np.int64)
    return [Line(name, colours[name], f"{name} 0.94 (0.90–0.97)", outcome, rng.random(60)) for name in EIGHT[:count]]


@pytest.mark.parametrize("count", [2, 8])
@pytest.mark.parametrize("panels", [1, 3])
@pytest.mark.parametrize("draw", [roc_figure, pr_figure, decision_figure])
def test_no_legend_is_cut_off_or_covers_a_curve(draw, panels: int, count: int) -> None:
    with paper_style():
        figure = draw({f"Panel {number}": panel(count) for number in range(panels)})
        FigureCanvasAgg(figure)
        figure.draw_without_rendering()
        legends = [axes.get_legend() for axes in figure.axes if axes.get_legend()]
        curves = [axes.get_window_extent() for axes in figure.axes if axes.lines]
    assert len(legends) == panels
    for legend in legends:
        assert isinstance(legend, Legend)
        assert len(legend.get_texts()) == count + 2 * (draw is decision_figure)
        box = legend.get_window_extent()
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1
        assert not any(box.overlaps(curve) for curve in curves)


def test_sets_that_never_decide_have_no_share_of_right_ones() -> None:
    row = {"signature": "Clinical", "label": "positive", "n": 9, "coverage": 1.0, "low": 0.7, "high": 1.0}
    table = pd.DataFrame([{**row, "single": 0.0, "right": np.nan}, {**row, "single": 0.5, "right": 0.75}])
    figure = coverage_figure(table, 0.9, {"Clinical": "#000000"})
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert "0% decided" in texts
    assert "50% decided, 75% right" in texts
    assert not any("nan" in text for text in texts)


def titled(title: str, folder: Path) -> list[str]:
    with paper_style(), undrawn_letters() as missing:
        figure = Figure(layout="constrained")
        figure.add_subplot().set_title(title)
        save_figure(figure, folder, "figure")
    return missing


def test_letters_that_no_font_has_are_told(tmp_path: Path) -> None:
    assert titled("\ue123", tmp_path)
    assert titled("age", tmp_path) == []


def test_chinese_letters_are_drawn(tmp_path: Path) -> None:
    if not chinese_fonts():
        pytest.skip("this machine has no font with Chinese letters")
    assert titled("绝经状态：已绝经", tmp_path) == []
