"""Forest plots: estimates and their intervals, one per line."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sonoher2.report.content.cells import row_numbers
from sonoher2.report.content.style import GREY, INK, PAGE, PALE
from sonoher2.report.content.wording import estimate
from sonoher2.report.figures.rows import margin_text
from sonoher2.study.results import columns as c

_LINE = 0.19
"""Inches between two lines."""

Row = Mapping[str, float]
"""Numbers of one line, by column."""


def auc_figure(table: pd.DataFrame, sets: Mapping[str, str], colours: Mapping[str, str]) -> Figure:
    """AUC of every signature in every set: filled marks for the last set, hollow ones for training.

    Parameters
    ----------
    table
        `signature, set, outcome, n, events, auc, auc_low, auc_high`.
    sets
        Title of each set; the last one is drawn filled.
    colours
        By signature.
    """
    several = table[c.OUTCOME].nunique() > 1
    keys = list(table[[c.OUTCOME, c.SIGNATURE]].drop_duplicates().itertuples(index=False, name=None))
    lines = [(outcome, signature, subset) for outcome, signature in keys for subset in sets]
    figure, axes = _canvas(len(lines) + 0.6 * (len(keys) - 1), "AUC")
    y, last = 0.0, list(sets)[-1]
    for outcome, signature, subset in lines:
        row = _one(table, {c.SIGNATURE: signature, c.SET: subset, c.OUTCOME: outcome})
        label = f"{signature}, {outcome}" if several else str(signature)
        if row is not None:
            _estimate(axes, y, row, colours[signature], filled=subset == last)
            _text_columns(axes, y, label if subset == next(iter(sets)) else "", sets[subset], row)
        y += 1.0 + 0.6 * (subset == last)
    _finish(axes, y)
    return figure


def subgroup_figure(table: pd.DataFrame, colours: Mapping[str, str]) -> Figure:
    """AUC by subgroup in one set for one outcome, one colour per signature.

    Parameters
    ----------
    table
        `subgroup, level, signature, n, events, auc, auc_low, auc_high`.
    colours
        By signature.
    """
    signatures = list(table[c.SIGNATURE].drop_duplicates())
    levels = list(table[[c.SUBGROUP, c.LEVEL]].drop_duplicates().itertuples(index=False, name=None))
    figure, axes = _canvas(len(levels) * (len(signatures) + 0.6) + 1, "AUC")
    y = 0.0
    for subgroup, level in levels:
        for index, signature in enumerate(signatures):
            row = _one(table, {c.SUBGROUP: subgroup, c.LEVEL: level, c.SIGNATURE: signature})
            if row is not None:
                _estimate(axes, y, row, colours[signature], filled=True)
                _text_columns(axes, y, f"{subgroup}: {level}" if index == 0 else "", str(signature), row)
            y += 1
        y += 0.6
    _finish(axes, y)
    return figure


def _one(table: pd.DataFrame, values: Mapping[str, str]) -> Row | None:
    keep = pd.Series(True, index=table.index)
    for column, value in values.items():
        keep &= table[column] == value
    return row_numbers(table.loc[keep]) if keep.any() else None


def _canvas(lines: float, label: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(PAGE, lines * _LINE + 0.75))
    height = lines * _LINE + 0.75
    axes = figure.add_axes((0.56, 0.45 / height, 0.24, 1 - 0.75 / height))
    axes.set(xlabel=label, yticks=[])
    axes.spines["left"].set_visible(False)
    return figure, axes


def _estimate(axes: Axes, y: float, row: Row, colour: str, *, filled: bool) -> None:
    if math.isnan(row[c.AUC]):
        return
    axes.plot([row[c.low(c.AUC)], row[c.high(c.AUC)]], [y, y], color=colour, lw=1.3)
    axes.plot(row[c.AUC], y, "o", ms=5, mec=colour, mfc=colour if filled else "white", mew=1.2)


def _text_columns(axes: Axes, y: float, label: str, group: str, row: Row) -> None:
    # a long name runs over the lines below it, which leave their first column empty
    margin_text(axes, y - 0.42, -2.29, textwrap.fill(label, 21), fontweight="bold", va="top")
    margin_text(axes, y, -1.35, group, fontsize=7)
    margin_text(axes, y, -0.06, _of(row), ha="right")
    value = "too few" if math.isnan(row[c.AUC]) else estimate(row, c.AUC)
    margin_text(axes, y, 1.06, value)


def _of(row: Row) -> str:
    return f"{row[c.N]:.0f}" if math.isnan(row.get(c.EVENTS, math.nan)) else f"{row[c.EVENTS]:.0f}/{row[c.N]:.0f}"


def _finish(axes: Axes, y: float) -> None:
    low = min(0.4, float(axes.dataLim.x0))
    axes.set(xlim=(max(0.0, low - 0.02), 1.01), ylim=(y - 0.4, -0.8))
    axes.axvline(0.5, color=GREY, lw=0.8, ls=(0, (4, 3)), zorder=0)
    axes.grid(axis="x", color=PALE, lw=0.5, zorder=0)
    margin_text(axes, -0.85, -0.06, "events/n", ha="right", va="bottom", color=INK)
    margin_text(axes, -0.85, 1.06, "AUC (interval)", va="bottom", color=INK)
