"""Curves drawn from scores by hand; legends whole."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.legend import Legend

from sonoher2.report.content.style import paper_style, signature_colours
from sonoher2.report.figures.performance.curves import Line, decision_figure, pr_figure, roc_figure

EIGHT = ["Clinical", "Radiomics", "Deep", "DLR (early)", "DLR", "Clinical+Radiomics", "Combined", "Combined (zoo)"]
# from the highest score down: an event, no event, an event, no event
FOUR = Line("A", "#111111", "A 0.75", np.array([1, 0, 1, 0]), np.array([0.9, 0.8, 0.7, 0.1]))


def test_roc_by_hand() -> None:
    axes = roc_figure({"Test": [FOUR]}).axes[0]
    chance, curve = axes.lines
    assert chance.get_xdata().tolist() == chance.get_ydata().tolist() == [0, 1]
    points = set(zip(curve.get_xdata().tolist(), curve.get_ydata().tolist(), strict=True))
    # one minus specificity to the right, sensitivity upwards
    assert {(0, 0), (0, 0.5), (0.5, 0.5), (0.5, 1), (1, 1)} == points
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("1 − specificity", "sensitivity")


def test_precision_and_recall_by_hand() -> None:
    axes = pr_figure({"Test": [FOUR]}).axes[0]
    chance, curve = axes.lines
    assert set(chance.get_ydata()) == {0.5}
    points = set(zip(curve.get_xdata().round(6).tolist(), curve.get_ydata().round(6).tolist(), strict=True))
    assert {(0, 1), (0.5, 1), (0.5, 0.5), (1, 0.666667), (1, 0.5)} <= points
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("recall (sensitivity)", "precision (PPV)")


def test_net_benefit_by_hand() -> None:
    axes = decision_figure({"Test": [FOUR]}).axes[0]
    everyone, no_one, model = axes.lines
    at = model.get_xdata().tolist()
    place = at.index(pytest.approx(0.5))
    # at 0.5: two true and one false positive of four patients
    assert model.get_ydata()[place] == pytest.approx(2 / 4 - 1 / 4)
    assert everyone.get_ydata()[place] == pytest.approx(0.0)
    place = at.index(pytest.approx(0.2))
    assert model.get_ydata()[place] == pytest.approx(2 / 4 - 1 / 4 * 0.25)
    assert everyone.get_ydata()[place] == pytest.approx(0.5 - 0.5 * 0.25)
    assert set(no_one.get_ydata()) == {0}
    assert everyone.get_label() == "all called positive"
    assert no_one.get_label() == "none called positive"


def panel(count: int) -> list[Line]:
    rng, colours = np.random.default_rng(0), signature_colours(EIGHT)
    outcome = (rng.random(60) < 0.4).astype(np.int64)
    return [Line(name, colours[name], f"{name} 0.94 (0.90–0.97)", outcome, rng.random(60)) for name in EIGHT[:count]]


@pytest.mark.parametrize(("panels", "count"), [(1, 2), (3, 8)])
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
