"""Figures of one patient: the image with outline and heat map, and what adds to the log-odds."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from sonoher2.predict.views import CaseView
from sonoher2.report.content.style import ORANGE, PAGE
from sonoher2.report.figures.model.effects import effect_bars
from sonoher2.report.figures.model.heat_maps import draw_heat, draw_outline, heat_bar

_HEIGHT = 2.9
_ROW = 0.26


def image_figure(view: CaseView) -> Figure:
    """Draw a whole image with the lesion's outline and the network's window, and beside it the heat map."""
    figure = Figure(figsize=(PAGE, _HEIGHT), layout="constrained")
    if view.heat is None:
        _draw_image(figure.subplots(), view)
        return figure
    rows, columns = view.pixels.shape
    left, right = figure.subplots(1, 2, gridspec_kw={"width_ratios": [max(columns / rows, 0.8), 1]})
    _draw_image(left, view)
    draw_heat(right, view.heat)
    right.axis("off")
    right.set_title(f"speaks for {view.predicted}")
    heat_bar(figure, [right])
    return figure


def _draw_image(axes: Axes, view: CaseView) -> None:
    axes.imshow(view.pixels, cmap="gray", vmin=0, vmax=255, interpolation="none")
    draw_outline(axes, view.lesion)
    if view.window is not None:
        top, left, side = view.window
        axes.add_patch(Rectangle((left, top), side, side, fill=False, ec=ORANGE, lw=1, ls="--"))
    axes.set(xlim=(-0.5, view.pixels.shape[1] - 0.5), ylim=(view.pixels.shape[0] - 0.5, -0.5))
    axes.axis("off")
    axes.set_title("image")


def effects_figure(names: Sequence[str], log_odds: Sequence[float], outcome: str) -> Figure:
    """Draw bars of what adds to one patient's log-odds of an outcome."""
    figure = Figure(figsize=(PAGE, _ROW * len(names) + 0.65), layout="constrained")
    axes = figure.subplots()
    effect_bars(axes, names, log_odds)
    axes.set_xlabel(f"added to the log-odds of {outcome}, against the mean training patient", loc="right")
    return figure
