"""Confusion matrices at the frozen threshold."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sonoher2.evaluation.classification import Confusion
from sonoher2.report.content.style import INK, PAGE


def confusion_figure(cells: Sequence[tuple[str, tuple[str, str], Confusion]], columns: int) -> Figure:
    """Draw matrices in rows.

    Parameters
    ----------
    cells
        Title, names of "no" and "yes", and counts of each.
    columns
        How many to a row.
    """
    rows = -(-len(cells) // columns)
    figure = Figure(figsize=(min(columns * 2.3, PAGE), rows * min(2.35, 8.6 / columns)), layout="constrained")
    places = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, (title, names, counts) in zip(places, cells, strict=False):
        _draw(axes, counts, names)
        axes.set_title(title, fontsize=8)
    for axes in places[len(cells) :]:
        axes.axis("off")
    return figure


def _draw(axes: Axes, confusion: Confusion, names: tuple[str, str]) -> None:
    counts = np.array([[confusion.tn, confusion.fp], [confusion.fn, confusion.tp]])
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.pcolormesh([0, 1, 2], [0, 1, 2], shares, cmap="Blues", vmin=0, vmax=1.25, edgecolors="white", linewidth=1.5)
    for i in range(2):
        for j in range(2):
            ink = "white" if shares[i, j] > 0.65 else INK
            text = f"{counts[i, j]}\n{shares[i, j]:.0%}"
            axes.text(j + 0.5, i + 0.5, text, ha="center", va="center", color=ink, fontsize=8.5)
    wrapped = [textwrap.fill(name, 11) for name in names]
    axes.set(xticks=[0.5, 1.5], xticklabels=wrapped, yticks=[0.5, 1.5], aspect="equal")
    axes.set(xlabel="predicted", ylabel="true")
    axes.invert_yaxis()
    axes.set_yticklabels(wrapped, rotation=90, va="center", ha="center", multialignment="center")
    axes.tick_params(axis="y", pad=9)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
