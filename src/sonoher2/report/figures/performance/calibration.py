"""Calibration: predicted against observed share of events, with the spread of the predictions below."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sonoher2.evaluation.calibration import calibration_curve, smooth_calibration_curve
from sonoher2.report.content.style import COLUMN, GREY, INK, PAGE, unit_square
from sonoher2.report.figures.performance.curves import Line
from sonoher2.study.results import columns as c

_PER_GROUP = 15
"""Patients in a group: fewer would say nothing of the observed share."""


def calibration_figure(rows: Sequence[tuple[str, Sequence[Line]]], confidence: float) -> Figure:
    """Draw one panel per outcome (row) and signature (column), with Wilson intervals.

    Parameters
    ----------
    rows
        Title and lines of each row.
    confidence
        Level of the intervals.
    """
    most = max(len(lines) for _, lines in rows)
    columns = min(most, 3)
    cells = [(title, line) for title, lines in rows for line in _filled(lines, columns)]
    count = -(-len(cells) // columns)
    width = COLUMN if columns == 1 else PAGE
    figure = Figure(figsize=(width, count * (width / columns * 1.28 + 0.12)), layout="constrained")
    grid = figure.subplots(
        2 * count, columns, squeeze=False, gridspec_kw={"height_ratios": [3.6, 1] * count}, sharex="col"
    )
    for index, (title, line) in enumerate(cells):
        row, column = divmod(index, columns)
        upper, lower = grid[2 * row, column], grid[2 * row + 1, column]
        if line is None:
            upper.axis("off")
            lower.axis("off")
            continue
        _draw_curve(upper, line, confidence, first=column == 0)
        _draw_histogram(lower, line, first=column == 0)
        upper.set_title(f"{line.name}\n{title}" if title else line.name)
    return figure


def _filled(lines: Sequence[Line], columns: int) -> list[Line | None]:
    """Lines, and empty places so that the next outcome begins a new row."""
    return [*lines, *([None] * (-len(lines) % columns))]


def _draw_curve(axes: Axes, line: Line, confidence: float, *, first: bool) -> None:
    groups = int(np.clip(len(line.score) // _PER_GROUP, 2, 10))
    points = calibration_curve(line.outcome, line.score, groups, confidence)
    smooth = smooth_calibration_curve(line.outcome, line.score)
    axes.plot([0, 1], [0, 1], color=GREY, lw=0.8, ls=(0, (4, 3)))
    axes.plot(smooth[c.PREDICTED_SHARE], smooth[c.OBSERVED_SHARE], color=line.colour, lw=1.4)
    bars = np.abs(points[[c.LOW, c.HIGH]].to_numpy().T - points[c.OBSERVED_SHARE].to_numpy())
    axes.errorbar(
        points[c.PREDICTED_SHARE],
        points[c.OBSERVED_SHARE],
        yerr=bars,
        fmt="o",
        ms=3.5,
        color=INK,
        elinewidth=0.8,
        capsize=1.5,
    )
    unit_square(axes)
    axes.set_aspect("auto")
    axes.tick_params(labelbottom=False)
    axes.text(0.03, 0.97, line.legend, transform=axes.transAxes, va="top", fontsize=7)
    if first:
        axes.set_ylabel("observed share")


def _draw_histogram(axes: Axes, line: Line, *, first: bool) -> None:
    """Events upwards, the others downwards."""
    edges = np.linspace(0, 1, 26)
    up, down = (np.histogram(line.score[line.outcome == value], edges)[0] for value in (1, 0))
    centres, width = (edges[:-1] + edges[1:]) / 2, 0.034
    axes.bar(centres, up, width, color=line.colour)
    axes.bar(centres, -down, width, color="#9a9a9a")
    axes.axhline(0, color=INK, lw=0.6)
    most = max(up.max(), down.max(), 1)
    axes.set(ylim=(-1.15 * most, 1.15 * most), yticks=[-most, 0, most], xlabel="predicted probability")
    axes.set_yticklabels([str(most), "0", str(most)])
    if first:
        axes.set_ylabel("patients")
