"""What each feature adds to the log-odds: a swarm of patients per feature, and bars of one patient."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sonoher2.report.content.style import BLUE, GREY, INK, PAGE, PALE, VERMILLION
from sonoher2.report.content.wording import signed

MOST_ROWS = 12
"""Features with smaller effects are left to the table."""
_LIMIT = 2.0
_COLOURS = "coolwarm"
_ROW = 0.27


def swarm_figure(effects: pd.DataFrame, values: pd.DataFrame, outcome: str) -> Figure:
    """Draw one dot per patient in a row per feature, largest mean effect on top.

    Parameters
    ----------
    effects
        (patients, features), log-odds.
    values
        Same shape, standardised; NaN has no colour.
    outcome
        What the log-odds are of.
    """
    ordered = effects.abs().mean().sort_values(ascending=False, kind="stable").index[:MOST_ROWS]
    figure = Figure(figsize=(PAGE, _ROW * len(ordered) + 0.9), layout="constrained")
    axes = figure.subplots()
    spread = float(np.ptp(effects[ordered].to_numpy())) or 1.0
    axes.axvline(0, color=GREY, lw=0.7)
    for row, name in enumerate(ordered):
        effect = effects[name].to_numpy(np.float64)
        colour = values[name].to_numpy(np.float64)
        known = np.isfinite(colour)
        y = row + swarm(effect, spread / 70)
        axes.scatter(effect[~known], y[~known], s=7, color=GREY, lw=0)
        axes.scatter(effect[known], y[known], s=7, c=colour[known], cmap=_COLOURS, vmin=-_LIMIT, vmax=_LIMIT, lw=0)
    axes.set_yticks(np.arange(len(ordered)), [_label(name) for name in ordered], fontsize=7)
    axes.set(ylim=(len(ordered) - 0.45, -0.55), xlabel=f"added to the log-odds of {outcome}")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="y", color=PALE, lw=0.5)
    axes.set_axisbelow(True)
    bar = figure.colorbar(ScalarMappable(Normalize(-_LIMIT, _LIMIT), _COLOURS), ax=axes, aspect=30, extend="both")
    bar.set_label("the patient's own value, SD")
    return figure


def swarm(x: NDArray[np.float64], width: float, room: float = 0.38) -> NDArray[np.float64]:
    """Offset of each dot (dots,) so that dots within `width` of one another lie beside each other.

    Parameters
    ----------
    x
        Shape (dots,).
    width
        Of one column of dots.
    room
        Largest offset to either side.
    """
    columns = np.floor(x / width).astype(np.int64)
    offsets = np.zeros(len(x))
    for column in np.unique(columns):
        members = np.flatnonzero(columns == column)
        # 0, +1, -1, +2, -2, ...: the first dots stay in the middle
        rank = np.arange(len(members))
        offsets[members] = (rank + 1) // 2 * np.where(rank % 2, 1, -1)
    return np.asarray(offsets * min(0.08, room / max(float(np.abs(offsets).max()), 1.0)))


def effect_bars(axes: Axes, names: Sequence[str], log_odds: Sequence[float]) -> None:
    """Draw what adds to one patient's log-odds: for the outcome to the right, against it to the left."""
    effects = np.asarray(log_odds, np.float64)
    rows = np.arange(len(effects))
    reach = max(float(np.abs(effects).max()), 0.05)
    axes.barh(rows, effects, height=0.66, color=np.where(effects > 0, VERMILLION, BLUE))
    axes.axvline(0, color=INK, lw=0.7)
    for row, effect in enumerate(effects):
        left = effect < 0
        at = effect + (-0.03 if left else 0.03) * reach
        axes.text(at, row, signed(effect), va="center", ha="right" if left else "left")
    axes.set_yticks(rows, [_label(name) for name in names], fontsize=7)
    axes.set(ylim=(len(effects) - 0.4, -0.6), xlim=(-1.35 * reach, 1.35 * reach))
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def _label(name: object) -> str:
    # a feature's name is one word: broken at its hyphens it could not be searched for
    return textwrap.fill(str(name), 46, break_long_words=False, break_on_hyphens=False)
