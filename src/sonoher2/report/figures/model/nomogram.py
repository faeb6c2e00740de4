"""Nomograms drawn as scales (Iasonos et al., J Clin Oncol 2008, doi 10.1200/JCO.2007.12.9791)."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sonoher2.report.content.style import GREY, INK, PAGE, PALE
from sonoher2.signatures.nomogram import Nomogram, NomogramAxis

_ROW = 0.44
"""Inches from one scale to the next."""


def nomogram_figure(nomogram: Nomogram, outcome: str) -> Figure:
    """Draw the scales of one signature, points on top, the probability of `outcome` at the foot."""
    rows = len(nomogram.axes) + 3
    figure = Figure(figsize=(PAGE, rows * _ROW + 0.1))
    axes = figure.add_axes((0.26, 0.02, 0.71, 0.96))
    axes.set(xlim=(-2, 102), ylim=(rows - 0.35, -0.5))
    axes.axis("off")
    points = np.arange(0.0, 101.0, 10.0)
    for point in points:
        axes.plot([point, point], [0, rows - 2.6], color=PALE, lw=0.5, zorder=0)
    _scale(axes, 0, "Points", points, [f"{p:.0f}" for p in points], minor=np.arange(0.0, 101.0, 2.0))
    for index, axis in enumerate(nomogram.axes, start=1):
        _scale(axes, index, _name(axis), axis.points, axis.labels)
    _totals(axes, rows - 2, nomogram, outcome)
    return figure


def _name(axis: NomogramAxis) -> str:
    return f"{axis.name} ({axis.unit})" if axis.unit else axis.name


def _totals(axes: Axes, row: int, nomogram: Nomogram, outcome: str) -> None:
    """Draw the two lower scales, which share one ruler, longer than that of the points."""
    most = max(sum(float(axis.points.max()) for axis in nomogram.axes), float(nomogram.total_points.max()), 1.0)
    totals = np.arange(0.0, most + 1e-9, _step(most))
    _scale(axes, row, "Total points", totals / most * 100, [f"{t:.0f}" for t in totals])
    labels = [f"{p:.2f}".rstrip("0") for p in nomogram.probability]
    _scale(axes, row + 1, f"Probability of {outcome}", nomogram.total_points / most * 100, labels)


def _step(most: float) -> float:
    return next(step for step in (10, 20, 25, 50, 100, 200, 500, np.inf) if most / step <= 12)


def _scale(
    axes: Axes,
    row: int,
    name: str,
    at: NDArray[np.float64],
    labels: Sequence[str],
    minor: NDArray[np.float64] | None = None,
) -> None:
    wrapped = textwrap.fill(name, 22)
    axes.text(-5, row, wrapped, ha="right", va="center", fontsize=8, fontweight="bold", clip_on=False)
    axes.plot([at.min(), at.max()], [row, row], color=INK, lw=0.9)
    if minor is not None:
        axes.vlines(minor, row, row + 0.07, color=GREY, lw=0.5)
    sides = _sides(at, labels)
    for x, label, side in zip(at, labels, sides, strict=True):
        axes.plot([x, x], [row, row + 0.13 * (side or 1)], color=INK, lw=0.8)
        if side:
            va = "top" if side > 0 else "bottom"
            axes.text(x, row + 0.17 * side, label, ha="center", va=va, fontsize=7.5)


def _sides(at: NDArray[np.float64], labels: Sequence[str]) -> list[int]:
    """Below (1) or above (-1) the line for each label so that none overlaps; 0 where there is no room at all."""
    free = {1: -np.inf, -1: -np.inf}
    sides = [0] * len(at)
    for index in np.argsort(at, kind="stable"):
        half = 0.68 * len(labels[index]) + 0.5
        for side in (1, -1):
            if at[index] - half >= free[side]:
                sides[index], free[side] = side, at[index] + half
                break
    return sides
