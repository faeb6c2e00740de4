"""Axes of estimates below one another, with words to their left and right."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sonoher2.report.content.style import PAGE, PALE

_LINE = 0.19
"""Inches between two lines."""


def estimate_axes(lines: float, label: str) -> tuple[Figure, Axes]:
    """Make a figure of some lines of estimates, with room for words on both sides."""
    height = lines * _LINE + 0.85
    figure = Figure(figsize=(PAGE, height))
    axes = figure.add_axes((0.54, 0.48 / height, 0.24, 1 - 0.78 / height))
    axes.set(xlabel=label, yticks=[])
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", color=PALE, lw=0.5, zorder=0)
    return figure, axes


def margin_text(axes: Axes, y: float, x: float, text: str, **style: Any) -> None:
    """Write beside the axes: `x` in widths of the axes, `y` in lines."""
    axes.text(x, y, text, transform=axes.get_yaxis_transform(), clip_on=False, **({"va": "center"} | style))
