"""Calibration at a new site, before and after each repair."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sonoher2.report.content.style import BLUE, GREEN, GREY, PAGE, PALE, PURPLE, VERMILLION
from sonoher2.study.analyses.robustness.new_site import PRIOR_SHIFT
from sonoher2.study.results import columns as c
from sonoher2.study.results.updated import FROZEN, UPDATES

_COLOURS = dict(zip((FROZEN, PRIOR_SHIFT, *UPDATES), (VERMILLION, PURPLE, BLUE, GREEN), strict=True))
_PANELS = {
    c.EXPECTED: ("expected/observed", 1.0),
    c.SLOPE: ("calibration slope", 1.0),
    c.BRIER: ("Brier score", None),
    c.ECE: ("calibration error", 0.0),
}
"""Title, and the value that is right; the Brier score's line is that of the frozen model."""
_WIDEST = 4.0
"""Slopes of few patients have no end; the axis has."""


def repair_figure(table: pd.DataFrame) -> Figure:
    """One panel per figure, one line per repair: dot and range.

    Parameters
    ----------
    table
        As `study.new_site.repair_table`, of one signature and outcome; the frozen model first.
    """
    height = 0.19 * len(table) + 0.75
    figure = Figure(figsize=(PAGE, height))
    # a layout that is made to fit cuts the longest name off
    figure.subplots_adjust(left=0.22, right=0.985, bottom=0.48 / height, top=1 - 0.08 / height, wspace=0.16)
    axes = figure.subplots(1, len(_PANELS), sharey=True)
    y = np.arange(len(table))
    for axis, (name, (title, right)) in zip(axes, _PANELS.items(), strict=True):
        right = float(table[name].iloc[0]) if right is None else right
        axis.axvline(right, color=GREY, lw=0.8, ls=(0, (4, 3)), zorder=0)
        for at, (_, row) in zip(y, table.iterrows(), strict=True):
            colour = _COLOURS[row[c.UPDATE]]
            axis.plot([row[c.low(name)], row[c.high(name)]], [at, at], color=colour, lw=1.3)
            axis.plot(row[name], at, "o", ms=4, color=colour)
        axis.set(xlabel=title, ylim=(len(table) - 0.5, -0.5))
        axis.grid(axis="x", color=PALE, lw=0.5, zorder=0)
        if name in (c.EXPECTED, c.SLOPE):
            # what cannot be estimated, of a model that tells all patients apart, is missing
            highest = np.nanmax([1.1, *table[[name, c.high(name)]].to_numpy().ravel()])
            axis.set_xlim(0, min(_WIDEST, 1.05 * float(highest)))
    axes[0].set_yticks(y, [repair_name(row) for _, row in table.iterrows()])
    return figure


def repair_name(row: pd.Series) -> str:
    """Repair with its number of labelled patients: ``intercept, 30``."""
    return f"{row[c.UPDATE]}, {row[c.LABELLED]:.0f}" if row[c.LABELLED] else str(row[c.UPDATE])
