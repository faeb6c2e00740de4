"""Heat maps on the lesions, where the heat lies, and whether it can be believed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sonoher2.predict.heat import HeatMap
from sonoher2.report.content.style import BLUE, GREY, MM, PAGE, PALE, SKY, VERMILLION, panels
from sonoher2.study.results import columns as c
from sonoher2.study.results.explanations import HeatCase

HEAT_COLOURS = "inferno"
_OPAQUE = 0.65
"""Of the hottest pixel; a cold one shows the picture alone."""
_SIDE = 40 * MM
_BAR_LABEL = "heat (share of the picture's hottest pixel)"


def case_figure(cases: Sequence[HeatCase]) -> Figure:
    """Draw a row for each class and right or wrong: picture and heat map of up to two patients side by side."""
    kinds = list(dict.fromkeys((case.label, case.predicted) for case in cases))
    grouped = [[case for case in cases if (case.label, case.predicted) == kind] for kind in kinds]
    across = max(len(group) for group in grouped)
    figure = Figure(figsize=(2 * across * _SIDE + 14 * MM, len(kinds) * (_SIDE + 9 * MM)), layout="constrained")
    grid: Any = figure.subplots(len(kinds), 2 * across, squeeze=False)
    for axes in grid.ravel():
        axes.axis("off")
    for row, group in zip(grid, grouped, strict=True):
        for number, case in enumerate(group):
            draw_crop(row[2 * number], case.map)
            draw_heat(row[2 * number + 1], case.map)
            row[2 * number].set_title(f"{case.label}\n{_verdict(case)}", fontsize=7.5)
            row[2 * number + 1].set_title(f"{case.patient_id}\nscore {case.score:.2f}", fontsize=7.5)
    heat_bar(figure, grid.ravel().tolist())
    return figure


def _verdict(case: HeatCase) -> str:
    return "predicted rightly" if case.label == case.predicted else f"predicted {case.predicted}"


def draw_crop(axes: Axes, heat: HeatMap) -> None:
    """Draw what the network saw, with the outline of the lesion."""
    axes.imshow(heat.grey, cmap="gray", vmin=0, vmax=255, interpolation="none")
    draw_outline(axes, heat.lesion)


def draw_heat(axes: Axes, heat: HeatMap) -> None:
    """Draw the heat over the picture, with the outline of the lesion."""
    axes.imshow(blended(heat), interpolation="none")
    draw_outline(axes, heat.lesion)


def blended(heat: HeatMap) -> NDArray[np.uint8]:
    """Lay the heat over the grey picture; (size, size, 3), 0 to 255."""
    colours = matplotlib.colormaps[HEAT_COLOURS](heat.heat)[..., :3]
    opaque = (_OPAQUE * heat.heat)[..., None]
    mixed = opaque * colours + (1 - opaque) * (heat.grey[..., None] / 255)
    return np.asarray((mixed * 255).round(), np.uint8)


def draw_outline(axes: Axes, lesion: NDArray[np.bool_]) -> None:
    """Draw the edge of a lesion (rows, columns)."""
    if lesion.any() and not lesion.all():
        axes.contour(lesion, levels=[0.5], colors=SKY, linewidths=0.9)


def heat_bar(figure: Figure, axes: list[Axes]) -> None:
    """Draw the colour bar of heat maps, as opaque as they are at most."""
    scale = ScalarMappable(Normalize(0, 1), HEAT_COLOURS)
    bar = figure.colorbar(scale, ax=axes, location="right", shrink=0.5, aspect=25, pad=0.01)
    bar.set_label(_BAR_LABEL)


def shares_figure(summary: pd.DataFrame) -> Figure:
    """Draw the mean share of heat of each region, with its interval, against the share of the area.

    Parameters
    ----------
    summary
        `region, heat, heat_low, heat_high, area`.
    """
    figure, [[axes]] = panels(1, 1, 1.9, width=PAGE * 0.72)
    y = np.arange(len(summary))
    area, heat = summary[c.AREA].to_numpy(np.float64), summary[c.HEAT].to_numpy(np.float64)
    axes.hlines(y, area, heat, color=PALE, lw=2.5, zorder=1)
    axes.plot(area, y, "o", mfc="white", mec=GREY, ms=6, label="share of the picture's area")
    axes.hlines(y, summary[c.low(c.HEAT)], summary[c.high(c.HEAT)], color=VERMILLION, lw=1.4)
    axes.plot(heat, y, "o", color=VERMILLION, ms=5.5, label="share of the heat")
    axes.set_yticks(y, summary[c.REGION].astype(str))
    axes.set(ylim=(len(summary) - 0.5, -0.6), xlim=(0, 1), xlabel="mean share over test patients")
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=PALE, lw=0.5)
    axes.set_axisbelow(True)
    figure.legend(loc="outside upper right", ncols=2)
    return figure


def trust_figure(deletion: pd.DataFrame, randomised: pd.DataFrame) -> Figure:
    """Draw the fall of the score as hot pixels go, and the likeness of maps of a randomised network.

    Parameters
    ----------
    deletion, randomised
        As in `HeatFindings`.
    """
    figure, [[left, right]] = panels(1, 2, 2.5)
    _draw_deletion(left, deletion)
    _draw_randomised(right, randomised)
    return figure


def _draw_deletion(axes: Axes, deletion: pd.DataFrame) -> None:
    lines = {c.BY_CHANCE: (GREY, "in an order of chance", "--"), c.BY_HEAT: (VERMILLION, "hottest part first", "-")}
    for column, (colour, label, dashes) in lines.items():
        found = deletion.groupby(c.SHARE)[column]
        mean, error = found.mean().fillna(0.0), found.sem().fillna(0.0)
        share = mean.index.to_numpy(np.float64) * 100
        low, high = (mean + sign * error for sign in (-1, 1))
        axes.fill_between(share, low, high, color=colour, alpha=0.18, lw=0)
        axes.plot(share, mean, color=colour, ls=dashes, label=label)
    axes.set(xlabel="picture blurred away, %", ylabel="log-odds of the predicted class", title="Deletion")
    axes.margins(x=0.02)
    axes.legend(loc="best")


def _draw_randomised(axes: Axes, randomised: pd.DataFrame) -> None:
    stages = randomised.pivot(index=c.PATIENT_ID, columns=c.STAGE, values=c.CORRELATION)
    low, middle, high = (stages.quantile(q) for q in (0.25, 0.5, 0.75))
    x = stages.columns.to_numpy(np.float64)
    axes.axhline(0, color=GREY, lw=0.7, ls=(0, (4, 3)))
    axes.fill_between(x, low, high, color=BLUE, alpha=0.18, lw=0, label="middle half of patients")
    axes.plot(x, middle, "o-", color=BLUE, ms=4, label="median")
    axes.set_xticks(x, ["classifier", *(f"+{number}" for number in range(1, len(x)))])
    axes.set(ylim=(-1.05, 1.05), xlabel="randomised (with so many last stages)", title="Randomised weights")
    axes.set_ylabel("rank correlation with the true map")
    axes.legend(loc="lower left")
