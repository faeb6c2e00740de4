"""How features and results hold when the lesions are outlined otherwise."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sonoher2.report.content.style import BLUE, EXCELLENT, GOOD, GREY, PAGE, PALE, VERMILLION, panels
from sonoher2.study.results import columns as c


def redrawn_figure(table: pd.DataFrame, labels: Mapping[tuple[str, float], str], colours: Mapping[str, str]) -> Figure:
    """AUC of each signature under each outline, with its interval; one panel per outcome.

    Parameters
    ----------
    table
        `change, strength, signature, outcome, auc, auc_low, auc_high`.
    labels
        Name of each outline by change and strength, in order.
    colours
        By signature.
    """
    outcomes, signatures = list(table[c.OUTCOME].unique()), list(table[c.SIGNATURE].unique())
    figure, axes = panels(len(outcomes), 1, 2.5, PAGE)
    for axis, outcome in zip((row[0] for row in axes), outcomes, strict=True):
        for index, signature in enumerate(signatures):
            rows = table[(table[c.OUTCOME] == outcome) & (table[c.SIGNATURE] == signature)]
            rows = rows.set_index([c.CHANGE, c.STRENGTH]).reindex(list(labels))
            x = np.arange(len(labels)) + 0.16 * (index - (len(signatures) - 1) / 2)
            axis.vlines(x, rows[c.low(c.AUC)], rows[c.high(c.AUC)], color=colours[signature], lw=1.3)
            axis.plot(x, rows[c.AUC], "o", ms=5, color=colours[signature], label=signature)
            axis.axhline(rows[c.AUC].iloc[0], color=colours[signature], lw=0.6, ls=":", zorder=0)
        axis.axhline(0.5, color=GREY, lw=0.8, ls=(0, (4, 3)), zorder=0)
        low = float(table[c.low(c.AUC)].min())
        axis.set(ylabel="AUC", xlim=(-0.5, len(labels) - 0.5), ylim=(min(0.45, low - 0.03), 1.0))
        axis.set_xticks(np.arange(len(labels)), list(labels.values()))
        axis.grid(axis="y", color=PALE, lw=0.5, zorder=0)
        axis.set_title(outcome if len(outcomes) > 1 else "")
    figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside upper left", ncols=4)
    return figure


def icc_figure(table: pd.DataFrame) -> Figure:
    """Spread of the features' ICC by family, selected features as dots.

    Parameters
    ----------
    table
        `family, icc, selected`.
    """
    families = list(table.groupby(c.FAMILY)[c.ICC].median().sort_values().index)
    height = 0.26 * len(families) + 0.75
    figure = Figure(figsize=(PAGE, height))
    axis = figure.add_axes((0.17, 0.45 / height, 0.8, 1 - 0.75 / height))
    for y, family in enumerate(families):
        icc = table.loc[table[c.FAMILY] == family, c.ICC].dropna()
        if icc.empty:
            continue
        low, first, middle, third, high = np.percentile(icc, [5, 25, 50, 75, 95])
        axis.plot([low, high], [y, y], color=BLUE, lw=1, zorder=1)
        axis.plot([first, third], [y, y], color=BLUE, lw=7, alpha=0.35, solid_capstyle="butt", zorder=2)
        axis.plot(middle, y, "|", color=BLUE, ms=9, mew=2, zorder=3)
        chosen = table.loc[(table[c.FAMILY] == family) & table[c.SELECTED], c.ICC]
        axis.plot(chosen, np.full(len(chosen), y), "o", ms=4.5, mfc=VERMILLION, mec="white", mew=0.6, zorder=4)
    for limit, name in ((GOOD, "good"), (EXCELLENT, "excellent")):
        axis.axvline(limit, color=GREY, lw=0.8, ls=(0, (4, 3)), zorder=0)
        axis.text(limit, len(families) - 0.4, name, fontsize=7, color=GREY, ha="center", va="bottom")
    axis.set(xlim=(min(0.0, float(table[c.ICC].min())), 1.01), ylim=(-0.6, len(families) - 0.4), xlabel="ICC(2,1)")
    axis.set_yticks(range(len(families)), families)
    return figure
