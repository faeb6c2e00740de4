"""What the LASSO kept: its path, its cross-validated error and the coefficients."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sonoher2.report.content.style import BLUE, GREY, INK, PAGE, PALE, VERMILLION, panels
from sonoher2.selection.lasso import LassoPath
from sonoher2.study.results import columns as c

MOST_BARS = 30
"""More features than this are left to the table."""


def lasso_figure(path: LassoPath) -> Figure:
    """Coefficients along the penalty, and the cross-validated deviance with one standard error."""
    figure, [[left, right]] = panels(1, 2, 2.7)
    strength = np.log10(path.alphas)
    _draw_path(left, path, strength)
    _draw_error(right, path, strength)
    left.axvline(strength[path.chosen], color=INK, lw=0.8, ls=(0, (4, 3)))
    for axes in (left, right):
        axes.set_xlabel("log₁₀ of the penalty (stronger to the right)")
        axes.xaxis.set_major_locator(MaxNLocator(5))
    return figure


def _draw_path(axes: Axes, path: LassoPath, strength: np.ndarray) -> None:
    kept = path.coefficients[:, path.chosen]
    for line, chosen in sorted(zip(path.coefficients, kept, strict=True), key=lambda pair: abs(pair[1])):
        colour = PALE if chosen == 0 else VERMILLION if chosen > 0 else BLUE
        axes.plot(strength, line, color=colour, lw=0.8 if chosen == 0 else 1.1)
    axes.axhline(0, color=GREY, lw=0.6)
    count = f"{np.count_nonzero(kept)} of {len(kept)} features kept"
    axes.set(title=f"Coefficients, {count}", ylabel="coefficient (per SD of the feature)")


def _draw_error(axes: Axes, path: LassoPath, strength: np.ndarray) -> None:
    low, high = path.cv_error - path.cv_error_sd, path.cv_error + path.cv_error_sd
    axes.fill_between(strength, low, high, color=BLUE, alpha=0.18, lw=0, label="± 1 standard error over folds")
    axes.plot(strength, path.cv_error, color=BLUE, label="mean over folds")
    axes.plot(strength[path.chosen], path.cv_error[path.chosen], "o", color=INK, ms=4.5, label="chosen (least error)")
    axes.set(title="Cross-validated error", ylabel="deviance per patient")
    axes.set_ylim(top=high.max() + 0.35 * np.ptp(high))
    axes.legend(loc="upper center", ncols=1, handlelength=1.5)


def coefficient_figure(table: pd.DataFrame) -> Figure:
    """Bars of the largest coefficients, the largest on top."""
    shown = table.head(MOST_BARS)
    figure = Figure(figsize=(PAGE, 0.17 * len(shown) + 0.75), layout="constrained")
    axes = figure.subplots()
    values = shown[c.COEFFICIENT].to_numpy(np.float64)
    axes.barh(np.arange(len(shown)), values, height=0.68, color=np.where(values > 0, VERMILLION, BLUE))
    axes.axvline(0, color=INK, lw=0.7)
    axes.set_yticks(np.arange(len(shown)), shown[c.FEATURE].astype(str), fontsize=7)
    axes.set(ylim=(len(shown) - 0.4, -0.6), xlabel="coefficient (log-odds per SD of the feature)")
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=PALE, lw=0.5)
    axes.set_axisbelow(True)
    return figure
