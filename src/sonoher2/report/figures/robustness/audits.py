"""Figures of the audits: null distributions beside the real AUC, and what is found of a planted signal."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sonoher2.report.content.style import GREY, INK, PAGE, PALE
from sonoher2.report.content.wording import p_value
from sonoher2.study.results import columns as c
from sonoher2.study.results.audits import NullAudit

_LINE = 0.3
"""Inches between two signatures."""


def null_figure(audit: NullAudit, sets: Mapping[str, str], colours: Mapping[str, str]) -> Figure:
    """AUC of permuted labels (dots), their mean with its interval (bar), and the real AUC (diamond), set by set.

    Parameters
    ----------
    audit
        The null audit.
    sets
        Title of each set.
    colours
        By signature.
    """
    several = audit.summary[c.OUTCOME].nunique() > 1
    lines = list(audit.summary[[c.SIGNATURE, c.OUTCOME]].drop_duplicates().itertuples(index=False, name=None))
    figure = Figure(figsize=(PAGE, _LINE * len(lines) + 0.9), layout="constrained")
    panels = figure.subplots(1, len(sets), sharex=True, sharey=True, squeeze=False)[0]
    for axes, (subset, title) in zip(panels, sets.items(), strict=True):
        for y, (signature, outcome) in enumerate(lines):
            _null_line(axes, y, _of(audit.permuted, subset, signature, outcome)[c.AUC].to_numpy(), colours[signature])
            for row in _of(audit.summary, subset, signature, outcome).to_dict("records"):
                _real(axes, y, row, colours[signature])
        axes.axvline(0.5, color=GREY, lw=0.8, ls=(0, (4, 3)), zorder=0)
        axes.set(title=title, xlabel="AUC", ylim=(len(lines) - 0.4, -0.6))
        axes.grid(axis="x", color=PALE, lw=0.5)
        axes.set_axisbelow(True)
    panels[0].set_yticks(range(len(lines)), [f"{name}, {outcome}" if several else name for name, outcome in lines])
    return figure


def _of(table: pd.DataFrame, subset: str, signature: str, outcome: str) -> pd.DataFrame:
    return table[(table[c.SET] == subset) & (table[c.SIGNATURE] == signature) & (table[c.OUTCOME] == outcome)]


def _null_line(axes: Axes, y: float, values: np.ndarray, colour: str) -> None:
    # spread by rank, so that the same figure comes out every time
    spread = 0.22 * np.cos(np.arange(len(values)) * 2.4)
    axes.plot(values, y + spread, "o", ms=2.6, mfc=colour, mec="none", alpha=0.55)


def _real(axes: Axes, y: float, row: Mapping[Hashable, Any], colour: str) -> None:
    axes.plot([row[c.low(c.MEAN)], row[c.high(c.MEAN)]], [y, y], color=INK, lw=2.2, solid_capstyle="butt")
    axes.plot(row[c.REAL], y, "D", ms=6, mfc=colour, mec=INK, mew=0.8)
    text = p_value(row[c.P])
    shown = f"p {text}" if text.startswith("<") else f"p = {text}"
    axes.text(1.02, y, shown, transform=axes.get_yaxis_transform(), va="center", fontsize=7)


def planted_figure(summary: pd.DataFrame, sets: Mapping[str, str], colours: Mapping[str, str]) -> Figure:
    """Share of the best possible AUC that each signature finds, with standard errors: hollow in training.

    Parameters
    ----------
    summary
        As in `PlantedAudit`.
    sets
        Title of each set; the last is drawn filled.
    colours
        By signature.
    """
    signatures = list(summary[c.SIGNATURE].drop_duplicates())
    figure = Figure(figsize=(PAGE, _LINE * len(signatures) + 0.9), layout="constrained")
    axes = figure.subplots()
    last = list(sets)[-1]
    for row in summary[summary[c.SET].isin(list(sets))].to_dict("records"):
        y = signatures.index(row[c.SIGNATURE]) + (0.14 if row[c.SET] == last else -0.14)
        colour = colours[row[c.SIGNATURE]]
        error = row[c.error(c.SHARE)]
        axes.plot([row[c.SHARE] - error, row[c.SHARE] + error], [y, y], color=colour, lw=1.4)
        axes.plot(row[c.SHARE], y, "o", ms=5, mec=colour, mfc=colour if row[c.SET] == last else "white", mew=1.2)
    for limit in (0.0, 1.0):
        axes.axvline(limit, color=GREY, lw=0.8, ls=(0, (4, 3)), zorder=0)
    axes.set_yticks(range(len(signatures)), signatures)
    axes.set(
        xlabel="share of the best possible AUC that is found: (AUC − 0.5) / (best AUC − 0.5)",
        ylim=(len(signatures) - 0.4, -0.6),
    )
    axes.grid(axis="x", color=PALE, lw=0.5)
    axes.set_axisbelow(True)
    return figure
