"""Every model by itself: curves by family, and AUCs of models by what they see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sonoher2.evaluation.calibration import smooth_calibration_curve
from sonoher2.evaluation.discrimination import roc_points
from sonoher2.report.content.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    LINES,
    ORANGE,
    PAGE,
    PURPLE,
    SKY,
    VERMILLION,
    unit_square,
)
from sonoher2.report.figures.performance.curves import Line, panels_above_legends

_COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, INK)
_LEGEND_LINE, _PANEL = 0.125, 2.0
"""Inches of one line of a legend, and of a panel."""


def model_looks(names: Sequence[str]) -> dict[str, tuple[str, object]]:
    """Give each model a colour and a dash, the same in every panel; no two of the first 42 are alike."""
    count = len(_COLOURS)
    return {name: (_COLOURS[i % count], LINES[i // count % len(LINES)]) for i, name in enumerate(names)}


def families_figure(
    families: Mapping[str, Sequence[Line]], looks: Mapping[str, tuple[str, object]], kind: str
) -> Figure:
    """Draw one panel per family, three to a row, with its legend below.

    Parameters
    ----------
    families
        Lines by family.
    looks
        Of each line's name; see `model_looks`.
    kind
        ``roc`` or ``calibration``.
    """
    below = _LEGEND_LINE * (1 + max(len(lines) for lines in families.values()))
    figure, places = panels_above_legends(len(families), 3, _PANEL, below)
    for (upper, lower), (title, lines) in zip(places, families.items(), strict=True):
        _draw(upper, lines, looks, kind)
        upper.set_title(title, fontsize=8)
        lower.legend(
            *upper.get_legend_handles_labels(), loc="upper left", borderaxespad=0, fontsize=6.2, labelspacing=0.25
        )
    return figure


def _draw(axes: Axes, lines: Sequence[Line], looks: Mapping[str, tuple[str, object]], kind: str) -> None:
    axes.plot([0, 1], [0, 1], color=GREY, lw=0.8, ls=(0, (4, 3)))
    for line in lines:
        colour, dash = looks[line.name]
        if kind == "roc":
            x, y, _ = roc_points(line.outcome, line.score)
        else:
            x, y = smooth_calibration_curve(line.outcome, line.score).to_numpy().T
        axes.plot(x, y, color=colour, ls=dash, lw=1.0, label=line.legend)
    unit_square(axes)
    if kind == "roc":
        axes.set(xlabel="1 − specificity", ylabel="sensitivity")
    else:
        axes.set(xlabel="predicted probability", ylabel="observed share of events")


def auc_grid_figure(panels: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw the AUC of each model (row) by what it sees (column), one panel per set.

    Parameters
    ----------
    panels
        By title: (models, families), missing where a family has no such model. All have the same rows and columns.
    """
    first = next(iter(panels.values()))
    models, families = first.shape
    figure = Figure(figsize=(PAGE, 0.21 * models + 1.5), layout="constrained")
    grid = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    image = None
    for axes, (title, table) in zip(grid, panels.items(), strict=True):
        values = table.to_numpy(np.float64)
        image = axes.imshow(values, aspect="auto", cmap="cividis", vmin=0.5, vmax=1.0)
        axes.set(xticks=np.arange(families), yticks=np.arange(models), title=title)
        axes.set_xticklabels(list(table.columns), rotation=25, ha="right")
        axes.set_yticklabels(list(table.index))
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        for (row, column), value in np.ndenumerate(values):
            if np.isfinite(value):
                axes.text(
                    column, row, f"{value:.2f}", ha="center", va="center", fontsize=6.5,
                    color="white" if value < 0.78 else "black",
                )  # fmt: skip
    if image is not None:
        figure.colorbar(image, ax=list(grid), shrink=0.7, aspect=25, extend="min").set_label("AUC")
    return figure
