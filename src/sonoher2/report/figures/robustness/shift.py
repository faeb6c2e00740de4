"""How far a new cohort lies from the training patients, column by column."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sonoher2.report.content.style import BLUE, INK, ORANGE, PAGE, PALE, VERMILLION
from sonoher2.study.results import columns as c

MOST_COLUMNS = 30
"""Columns of a part that the figure of shift draws."""


def shift_figure(table: pd.DataFrame) -> Figure:
    """Standardised mean differences of a new cohort from the training patients, largest first.

    Parameters
    ----------
    table
        As `study.shift.shift_table`; columns without a difference are left out.
    """
    shown = table.dropna(subset=c.DIFFERENCE).groupby(c.PART, sort=False).head(MOST_COLUMNS)
    marks = {"features": ("o", BLUE), "clinical": ("s", VERMILLION), "images": ("D", ORANGE)}
    height = len(shown) * 0.16 + 0.9
    figure = Figure(figsize=(PAGE, height))
    axes = figure.add_axes((0.5, 0.5 / height, 0.46, 1 - 0.65 / height))
    y, ticks = 0.0, []
    for part, rows in shown.groupby(c.PART, sort=False):
        shape, colour = marks[str(part)]
        at = y + np.arange(len(rows))
        axes.hlines(at, 0, rows[c.DIFFERENCE], color=colour, lw=0.8)
        axes.plot(rows[c.DIFFERENCE], at, shape, ms=4, color=colour, label=str(part))
        ticks += list(zip(at, rows[c.COLUMN], strict=True))
        y += len(rows) + 1
    axes.axvspan(-0.1, 0.1, color=PALE, alpha=0.6, lw=0, zorder=0)
    axes.axvline(0, color=INK, lw=0.6)
    axes.set(ylim=(y - 0.5, -1), xlabel="standardised mean difference (new − training)")
    axes.set_yticks([place for place, _ in ticks], [_short(str(name)) for _, name in ticks], fontsize=6.5)
    axes.legend(loc="lower right")
    return figure


def _short(name: str, longest: int = 52) -> str:
    return name if len(name) <= longest else f"{name[: longest - 1]}…"
