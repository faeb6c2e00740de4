"""Figures of a model's life beyond its study: sites, shift, sets of classes, and zones of decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sonoher2.report.figures.style import BLUE, COLUMN, GREY, INK, ORANGE, PAGE, PALE, SKY, VERMILLION
from sonoher2.study.analyses.sites import FURTHER, POOLED

_LINE = 0.19
"""Inches between two lines."""
MOST_COLUMNS = 30
"""Columns of a part that the figure of shift draws."""


def site_figure(table: pd.DataFrame, colours: Mapping[str, str]) -> Figure:
    """AUC at each site, then the pooled one as a diamond and the range expected at a further site as a bar.

    Parameters
    ----------
    table
        `signature, site, n, events, auc, auc_low, auc_high`, of one set and outcome.
    colours
        By signature.
    """
    blocks = [(str(name), rows.to_dict("records")) for name, rows in table.groupby("signature", sort=False)]
    lines = sum(len(rows) for _, rows in blocks) + 0.7 * len(blocks)
    figure, axes = _rows(lines, "AUC")
    y = 0.0
    for name, rows in blocks:
        _text(axes, y, -2.2, name, fontweight="bold")
        for row in rows:
            _site(axes, y, row, colours[name])
            y += 1
        y += 0.7
    # the range expected at a further site may be all there is, and would press the sites together
    low = min(0.4, float(table.loc[table["site"] != FURTHER, "auc_low"].min()))
    axes.axvline(0.5, color=GREY, lw=0.8, ls=(0, (4, 3)), zorder=0)
    axes.set(xlim=(max(0.0, low - 0.02), 1.01), ylim=(y - 0.4, -0.9))
    _text(axes, -0.95, -0.06, "events/n", ha="right")
    _text(axes, -0.95, 1.06, "AUC (interval)")
    return figure


def _site(axes: Axes, y: float, row: dict[Any, Any], colour: str) -> None:
    name, value, low, high = str(row["site"]), row["auc"], row["auc_low"], row["auc_high"]
    _text(axes, y, -1.2, name, fontstyle="italic" if name in (POOLED, FURTHER) else "normal")
    if name != FURTHER:
        _text(axes, y, -0.06, f"{row['events']:.0f}/{row['n']:.0f}", ha="right")
    if not (np.isfinite(low) and np.isfinite(high)):
        _text(axes, y, 1.06, "too few")
        return
    if name == POOLED:
        axes.fill([low, value, high, value], [y, y - 0.32, y, y + 0.32], color=colour)
    elif name == FURTHER:
        axes.plot([low, high], [y, y], color=colour, lw=4, alpha=0.35, solid_capstyle="butt")
    else:
        axes.plot([low, high], [y, y], color=colour, lw=1.3)
        axes.plot(value, y, "s", ms=4, color=colour)
    centre = "" if name == FURTHER else f"{value:.2f} "
    _text(axes, y, 1.06, f"{centre}({low:.2f}–{high:.2f})")


def shift_figure(table: pd.DataFrame) -> Figure:
    """Standardised mean differences of a new cohort from the training patients, largest first.

    Parameters
    ----------
    table
        As `study.shift.shift_table`; columns without a difference are left out.
    """
    shown = table.dropna(subset="difference").groupby("part", sort=False).head(MOST_COLUMNS)
    marks = {"features": ("o", BLUE), "clinical": ("s", VERMILLION), "images": ("D", ORANGE)}
    height = len(shown) * 0.16 + 0.9
    figure = Figure(figsize=(PAGE, height))
    axes = figure.add_axes((0.5, 0.5 / height, 0.46, 1 - 0.65 / height))
    y, ticks = 0.0, []
    for part, rows in shown.groupby("part", sort=False):
        shape, colour = marks[str(part)]
        at = y + np.arange(len(rows))
        axes.hlines(at, 0, rows["difference"], color=colour, lw=0.8)
        axes.plot(rows["difference"], at, shape, ms=4, color=colour, label=str(part))
        ticks += list(zip(at, rows["column"], strict=True))
        y += len(rows) + 1
    axes.axvspan(-0.1, 0.1, color=PALE, alpha=0.6, lw=0, zorder=0)
    axes.axvline(0, color=INK, lw=0.6)
    axes.set(ylim=(y - 0.5, -1), xlabel="standardised mean difference (new − training)")
    axes.set_yticks([place for place, _ in ticks], [_short(str(name)) for _, name in ticks], fontsize=6.5)
    axes.legend(loc="lower right")
    return figure


def _short(name: str, longest: int = 52) -> str:
    return name if len(name) <= longest else f"{name[: longest - 1]}…"


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
    blocks = [(str(name), rows.to_dict("records")) for name, rows in table.groupby("signature", sort=False)]
    lines = len(table) + 0.7 * len(blocks)
    figure, axes = _rows(lines, "share of sets that hold the true class")
    y = 0.0
    for name, rows in blocks:
        _text(axes, y, -2.2, name, fontweight="bold")
        for row in rows:
            axes.plot([row["low"], row["high"]], [y, y], color=colours[name], lw=1.3)
            axes.plot(row["coverage"], y, "o", ms=5, color=colours[name])
            _text(axes, y, -1.2, str(row["label"]))
            _text(axes, y, -0.06, f"{row['n']:.0f}", ha="right")
            right = f", {row['right']:.0%} right" if row["single"] > 0 else ""
            _text(axes, y, 1.06, f"{row['single']:.0%} decided{right}")
            y += 1
        y += 0.7
    axes.axvline(asked, color=GREY, lw=0.8, ls=(0, (4, 3)), zorder=0)
    axes.set(xlim=(min(0.6, float(table["low"].min()) - 0.02), 1.01), ylim=(y - 0.4, -0.9))
    _text(axes, -0.95, -0.06, "n", ha="right")
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


def _rows(lines: float, label: str) -> tuple[Figure, Axes]:
    height = lines * _LINE + 0.85
    figure = Figure(figsize=(PAGE, height))
    axes = figure.add_axes((0.54, 0.48 / height, 0.24, 1 - 0.78 / height))
    axes.set(xlabel=label, yticks=[])
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", color=PALE, lw=0.5, zorder=0)
    return figure, axes


def _text(axes: Axes, y: float, x: float, text: str, **style: Any) -> None:
    axes.text(x, y, text, transform=axes.get_yaxis_transform(), va="center", clip_on=False, **style)
