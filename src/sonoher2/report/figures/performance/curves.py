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
from sonoher2.report.content.style import COLUMN, GREY, INK, LINES, PAGE, PALE, unit_square
from sonoher2.study.results import columns as c


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
_LEGEND_LINE = 0.17
"""Inches of one line of a legend."""


@dataclass(frozen=True)
class Legend:
    """How the legend below a panel is set."""

    title: str | None = None
    columns: int = 1
    spacing: float | None = None


def roc_figure(shown: Panels) -> Figure:
    """ROC curves; the legend gives each AUC."""
    return _figure(shown, _draw_roc, 3.2)


def pr_figure(shown: Panels) -> Figure:
    """Precision-recall curves; the dashed line is the share of events, the precision of chance."""
    return _figure(shown, _draw_pr, 3.2)


def decision_figure(shown: Panels) -> Figure:
    """Net benefit over threshold probabilities, with treating all and treating none."""
    return _figure(shown, _draw_decision, 2.6, columns_below=2)


def _figure(shown: Panels, draw: Callable[[Axes, Panel], Legend], height: float, columns_below: int = 1) -> Figure:
    """Draw the panels, two to a row, each above a place of its own for the legend, where no curve can pass."""
    # a legend has two lines more than signatures: its title and the gap, or treating all and none
    below = _LEGEND_LINE * -(-(2 + max(len(lines) for lines in shown.values())) // columns_below)
    figure, places = panels_above_legends(len(shown), 2, height, below)
    for (upper, lower), (title, lines) in zip(places, shown.items(), strict=True):
        legend = draw(upper, lines)
        upper.set_title(title)
        handles, labels = upper.get_legend_handles_labels()
        lower.legend(
            handles,
            labels,
            title=legend.title,
            ncols=legend.columns,
            columnspacing=legend.spacing,
            loc="upper left",
            borderaxespad=0,
            title_fontsize=7,
            alignment="left",
        )
    return figure


def panels_above_legends(
    count: int, columns: int, height: float, below: float
) -> tuple[Figure, list[tuple[Axes, Axes]]]:
    """Lay out panels row by row, each above an empty place for its legend.

    Parameters
    ----------
    count, columns
        Panels, and how many to a row at most.
    height, below
        Inches of a panel and of a legend.
    """
    columns = min(count, columns)
    rows = -(-count // columns)
    figure = Figure(figsize=(COLUMN if columns == 1 else PAGE, rows * (height + below)), layout="constrained")
    grid = figure.subplots(2 * rows, columns, squeeze=False, gridspec_kw={"height_ratios": [height, below] * rows})
    for place in grid.flat:
        place.axis("off")
    places = [(grid[2 * row, column], grid[2 * row + 1, column]) for row in range(rows) for column in range(columns)]
    for upper, _ in places[:count]:
        upper.axis("on")
    return figure, places[:count]


def _draw_roc(axes: Axes, lines: Panel) -> Legend:
    axes.plot([0, 1], [0, 1], color=GREY, lw=0.8, ls=(0, (4, 3)))
    for line, dash in zip(lines, _dashes(lines), strict=True):
        false_positive, true_positive, _ = roc_points(line.outcome, line.score)
        axes.plot(false_positive, true_positive, color=line.colour, ls=dash, label=line.legend)
    unit_square(axes)
    axes.set(xlabel="1 − specificity", ylabel="sensitivity")
    return Legend("AUC (interval)")


def _draw_pr(axes: Axes, lines: Panel) -> Legend:
    events = float(np.mean(lines[0].outcome))
    axes.axhline(events, color=GREY, lw=0.8, ls=(0, (4, 3)))
    for line, dash in zip(lines, _dashes(lines), strict=True):
        recall, precision, _ = pr_points(line.outcome, line.score)
        # a precision holds for all recalls since the point before
        recall, precision = np.append(0.0, recall), np.append(precision[0], precision)
        axes.step(recall, precision, where="pre", color=line.colour, ls=dash, label=line.legend)
    unit_square(axes)
    axes.set(xlabel="recall (sensitivity)", ylabel="precision (PPV)")
    return Legend("AUPRC (interval)")


def _draw_decision(axes: Axes, lines: Panel) -> Legend:
    at = np.linspace(0.01, 0.99, 99)
    curves = [net_benefit(line.outcome, line.score, at) for line in lines]
    axes.plot(at, curves[0][c.TREAT_ALL], color=GREY, lw=1.0, label="all called positive")
    axes.axhline(0, color=INK, lw=1.0, label="none called positive")
    for line, dash, curve in zip(lines, _dashes(lines), curves, strict=True):
        axes.plot(at, curve[c.MODEL], color=line.colour, ls=dash, label=line.name)
    top = max(float(np.mean(line.outcome)) for line in lines)
    axes.set(xlim=(0, 1), ylim=(-0.25 * top, 1.15 * top), xlabel="threshold probability", ylabel="net benefit")
    axes.grid(color=PALE, lw=0.4)
    return Legend(columns=2, spacing=1.0)


def _dashes(lines: Panel) -> list[Dash]:
    return [LINES[index % len(LINES)] for index in range(len(lines))]
