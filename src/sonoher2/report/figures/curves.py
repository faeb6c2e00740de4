"""Curves over all thresholds: ROC, precision-recall and decision curves, one line per signature."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sonoher2.evaluation.decision_curve import net_benefit
from sonoher2.evaluation.discrimination import pr_points, roc_points
from sonoher2.report.figures.style import GREY, INK, LINES, PALE, panels, unit_square


@dataclass(frozen=True)
class Line:
    """One signature in one set, for one outcome.

    Attributes
    ----------
    name, colour
        Of the signature.
    legend
        What the legend says of it.
    outcome, score
        Shape (patients,): 0 or 1, and the probability of 1; both classes occur.
    """

    name: str
    colour: str
    legend: str
    outcome: NDArray[np.int64]
    score: NDArray[np.float64]


Dash = str | tuple[int, tuple[int, ...]]
Panel = Sequence[Line]
Panels = Mapping[str, Panel]
"""Panels by title, two to a row."""


def roc_figure(shown: Panels) -> Figure:
    """ROC curves; the legend gives each AUC."""
    return _figure(shown, _draw_roc, 3.35)


def pr_figure(shown: Panels) -> Figure:
    """Precision-recall curves; the dashed line is the share of events, the precision of chance."""
    return _figure(shown, _draw_pr, 3.35)


def decision_figure(shown: Panels) -> Figure:
    """Net benefit over threshold probabilities, with treating all and treating none."""
    return _figure(shown, _draw_decision, 2.7)


def _figure(shown: Panels, draw: Callable[[Axes, Panel], None], height: float) -> Figure:
    columns = min(len(shown), 2)
    height += 0.18 * max(len(lines) for lines in shown.values())
    figure, grid = panels(-(-len(shown) // columns), columns, height)
    places = [axes for row in grid for axes in row]
    for axes, (title, lines) in zip(places, shown.items(), strict=False):
        draw(axes, lines)
        axes.set_title(title)
    for axes in places[len(shown) :]:
        axes.axis("off")
    return figure


def _draw_roc(axes: Axes, lines: Panel) -> None:
    axes.plot([0, 1], [0, 1], color=GREY, lw=0.8, ls=(0, (4, 3)))
    for line, dash in zip(lines, _dashes(lines), strict=True):
        false_positive, true_positive, _ = roc_points(line.outcome, line.score)
        axes.plot(false_positive, true_positive, color=line.colour, ls=dash, label=line.legend)
    unit_square(axes)
    axes.set(xlabel="1 − specificity", ylabel="sensitivity")
    _legend_below(axes, columns=1, title="AUC (interval)")


def _draw_pr(axes: Axes, lines: Panel) -> None:
    events = float(np.mean(lines[0].outcome))
    axes.axhline(events, color=GREY, lw=0.8, ls=(0, (4, 3)))
    for line, dash in zip(lines, _dashes(lines), strict=True):
        recall, precision, _ = pr_points(line.outcome, line.score)
        # a precision holds for all recalls since the point before
        recall, precision = np.append(0.0, recall), np.append(precision[0], precision)
        axes.step(recall, precision, where="pre", color=line.colour, ls=dash, label=line.legend)
    unit_square(axes)
    axes.set(xlabel="recall (sensitivity)", ylabel="precision (PPV)")
    _legend_below(axes, columns=1, title="AUPRC (interval)")


def _draw_decision(axes: Axes, lines: Panel) -> None:
    at = np.linspace(0.01, 0.99, 99)
    curves = [net_benefit(line.outcome, line.score, at) for line in lines]
    axes.plot(at, curves[0]["treat_all"], color=GREY, lw=1.0, label="all called positive")
    axes.axhline(0, color=INK, lw=1.0, label="none called positive")
    for line, dash, curve in zip(lines, _dashes(lines), curves, strict=True):
        axes.plot(at, curve["model"], color=line.colour, ls=dash, label=line.name)
    top = max(float(np.mean(line.outcome)) for line in lines)
    axes.set(xlim=(0, 1), ylim=(-0.25 * top, 1.15 * top), xlabel="threshold probability", ylabel="net benefit")
    axes.grid(color=PALE, lw=0.4)
    _legend_below(axes, columns=2)


def _legend_below(axes: Axes, columns: int, title: str | None = None) -> None:
    """Where curves may pass anywhere, the legend stands outside."""
    axes.legend(
        loc="upper left", bbox_to_anchor=(-0.04, -0.16), ncols=columns, title=title, alignment="left", title_fontsize=7
    )


def _dashes(lines: Panel) -> list[Dash]:
    return [LINES[index % len(LINES)] for index in range(len(lines))]
