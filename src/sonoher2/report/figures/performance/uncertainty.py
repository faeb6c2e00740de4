"""Sets of classes against the coverage asked for, and zones of decision."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sonoher2.report.content.style import BLUE, COLUMN, GREY, INK, ORANGE, PAGE, PALE, SKY, VERMILLION
from sonoher2.report.figures.rows import estimate_axes, margin_text
from sonoher2.study.results import columns as c


def coverage_figure(table: pd.DataFrame, asked: float, colours: Mapping[str, str]) -> Figure:
    """Coverage of the sets by class, against the coverage asked for, and what the sets say.

    Parameters
    ----------
    table
        `signature, label, n, coverage, low, high, single, right`, of one set.
    asked
        The coverage asked for.
    colours
        By signature.
    """
    blocks = [(str(name), rows.to_dict("records")) for name, rows in table.groupby(c.SIGNATURE, sort=False)]
    lines = len(table) + 0.7 * len(blocks)
    figure, axes = estimate_axes(lines, "share of sets that hold the true class")
    y = 0.0
    for name, rows in blocks:
        margin_text(axes, y, -2.2, name, fontweight="bold")
        for row in rows:
            axes.plot([row[c.LOW], row[c.HIGH]], [y, y], color=colours[name], lw=1.3)
            axes.plot(row[c.COVERAGE], y, "o", ms=5, color=colours[name])
            margin_text(axes, y, -1.2, str(row[c.LABEL]))
            margin_text(axes, y, -0.06, f"{row[c.N]:.0f}", ha="right")
            right = f", {row[c.RIGHT]:.0%} right" if row[c.SINGLE] > 0 else ""
            decided = "no patients" if math.isnan(row[c.SINGLE]) else f"{row[c.SINGLE]:.0%} decided{right}"
            margin_text(axes, y, 1.06, decided)
            y += 1
        y += 0.7
    axes.axvline(asked, color=GREY, lw=0.8, ls=(0, (4, 3)), zorder=0)
    axes.set(xlim=(min(0.6, float(table[c.LOW].min()) - 0.02), 1.01), ylim=(y - 0.4, -0.9))
    margin_text(axes, -0.95, -0.06, "n", ha="right")
    return figure


def zone_figure(
    cells: Sequence[tuple[str, NDArray[np.int64], NDArray[np.float64]]], rule_out: float, rule_in: float, outcome: str
) -> Figure:
    """Patients by probability, events upwards and others downwards, over the zones ruled out, undecided, ruled in.

    Parameters
    ----------
    cells
        Title, outcomes (patients,) and probabilities (patients,) of each panel.
    rule_out, rule_in
        Thresholds.
    outcome
        Name of the event.
    """
    figure = Figure(figsize=(PAGE if len(cells) > 1 else COLUMN, 2.1), layout="constrained")
    for axes, (title, y, score) in zip(figure.subplots(1, len(cells), squeeze=False)[0], cells, strict=True):
        _zones(axes, y, score, rule_out, rule_in)
        axes.set(title=title, xlabel=f"probability of {outcome}")
    figure.axes[0].set_ylabel("patients")
    return figure


def _zones(axes: Axes, y: NDArray[np.int64], score: NDArray[np.float64], rule_out: float, rule_in: float) -> None:
    edges = np.linspace(0, 1, 31)
    up, down = (np.histogram(score[y == value], edges)[0] for value in (1, 0))
    middle = (edges[:-1] + edges[1:]) / 2
    axes.bar(middle, up, 0.03, color=VERMILLION)
    axes.bar(middle, -down, 0.03, color=BLUE)
    axes.axhline(0, color=INK, lw=0.6)
    most = 1.6 * max(up.max(), down.max(), 1)
    zones = ((0.0, rule_out, "ruled out", SKY), (rule_out, rule_in, "undecided", PALE), (rule_in, 1.0, "in", ORANGE))
    for low, high, name, colour in zones:
        low, high = np.clip([low, high], 0, 1)
        axes.axvspan(low, high, color=colour, alpha=0.3, lw=0, zorder=0)
        if high - low > 0.04:
            text = "ruled in" if name == "in" and high - low > 0.2 else name
            share = np.mean((score >= low) & ((score < high) | (high == 1)))
            axes.text((low + high) / 2, most * 0.97, f"{text}\n{share:.0%}", ha="center", va="top", fontsize=6.5)
    axes.set(xlim=(0, 1), ylim=(-most, most))
    axes.yaxis.set_major_formatter(lambda value, _: f"{abs(value):.0f}")
