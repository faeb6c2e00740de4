"""AUC at each site, pooled, and expected at a further one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sonoher2.report.content.style import GREY
from sonoher2.report.figures.rows import estimate_axes, margin_text
from sonoher2.study.analyses.robustness.sites import FURTHER, POOLED
from sonoher2.study.results import columns as c


def site_figure(table: pd.DataFrame, colours: Mapping[str, str]) -> Figure:
    """AUC at each site, then the pooled one as a diamond and the range expected at a further site as a bar.

    Parameters
    ----------
    table
        `signature, site, n, events, auc, auc_low, auc_high`, of one set and outcome.
    colours
        By signature.
    """
    blocks = [(str(name), rows) for name, rows in table.groupby(c.SIGNATURE, sort=False)]
    lines = sum(len(rows) for _, rows in blocks) + 0.7 * len(blocks)
    figure, axes = estimate_axes(lines, "AUC")
    y = 0.0
    for name, rows in blocks:
        margin_text(axes, y, -2.2, name, fontweight="bold")
        for _, row in rows.iterrows():
            _site(axes, y, row, colours[name])
            y += 1
        y += 0.7
    # the range expected at a further site may be all there is, and would press the sites together
    low = min(0.4, float(table.loc[table[c.SITE] != FURTHER, c.low(c.AUC)].min()))
    axes.axvline(0.5, color=GREY, lw=0.8, ls=(0, (4, 3)), zorder=0)
    axes.set(xlim=(max(0.0, low - 0.02), 1.01), ylim=(y - 0.4, -0.9))
    margin_text(axes, -0.95, -0.06, "events/n", ha="right")
    margin_text(axes, -0.95, 1.06, "AUC (interval)")
    return figure


def _site(axes: Axes, y: float, row: pd.Series, colour: str) -> None:
    name, value, low, high = str(row[c.SITE]), row[c.AUC], row[c.low(c.AUC)], row[c.high(c.AUC)]
    margin_text(axes, y, -1.2, name, fontstyle="italic" if name in (POOLED, FURTHER) else "normal")
    if name != FURTHER:
        margin_text(axes, y, -0.06, f"{row[c.EVENTS]:.0f}/{row[c.N]:.0f}", ha="right")
    if not (np.isfinite(low) and np.isfinite(high)):
        margin_text(axes, y, 1.06, "too few")
        return
    if name == POOLED:
        axes.fill([low, value, high, value], [y, y - 0.32, y, y + 0.32], color=colour)
    elif name == FURTHER:
        axes.plot([low, high], [y, y], color=colour, lw=4, alpha=0.35, solid_capstyle="butt")
    else:
        axes.plot([low, high], [y, y], color=colour, lw=1.3)
        axes.plot(value, y, "s", ms=4, color=colour)
    centre = "" if name == FURTHER else f"{value:.2f} "
    margin_text(axes, y, 1.06, f"{centre}({low:.2f}–{high:.2f})")
