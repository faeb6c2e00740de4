"""Heat map of the selected features: patients side by side, ordered by label and score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Patch

from sonoher2.report.content.style import BLUE, GREEN, ORANGE, PAGE, PURPLE, SKY, VERMILLION
from sonoher2.study.results import columns as c

MOST_FEATURES = 40
"""More features than this are left to the table."""
_LIMIT = 3.0
_LABELS = (BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY)


def heatmap_figure(
    values: pd.DataFrame, patients: pd.DataFrame, sets: Mapping[str, str], classes: Sequence[str]
) -> Figure:
    """Draw one block of patients per set, features below one another.

    Parameters
    ----------
    values
        (patients, features), z-scored; only the first `MOST_FEATURES` are drawn.
    patients
        Same index; `set`, `label` (class name) and `score`.
    sets
        Title of each set.
    classes
        Names of the labels, in order.
    """
    shown = values.iloc[:, :MOST_FEATURES]
    blocks = {name: _order(patients[patients[c.SET] == name], classes) for name in sets}
    features = shown.shape[1]
    layout = ConstrainedLayoutEngine(w_pad=0.02, h_pad=0.02, hspace=0.01, wspace=0.01)
    figure = Figure(figsize=(PAGE, 0.155 * features + 1.45), layout=layout)
    grid: Any = figure.subplots(
        3,
        len(blocks),
        squeeze=False,
        gridspec_kw={
            "width_ratios": [max(len(block), 1) ** 0.5 for block in blocks.values()],
            "height_ratios": [0.8, 1.6, max(features, 4)],
        },
    )
    for column, (name, block) in enumerate(blocks.items()):
        _draw_labels(grid[0][column], block, classes)
        grid[0][column].set_title(f"{sets[name]}, n = {len(block)}")
        _draw_scores(grid[1][column], block, first=column == 0)
        image = _draw_values(grid[2][column], shown.loc[block.index], first=column == 0)
    bar = figure.colorbar(
        image, ax=grid[2].tolist(), location="bottom", shrink=0.35, aspect=30, pad=0.02, extend="both"
    )
    bar.set_label("z-score (training mean and SD)")
    handles = [Patch(color=_LABELS[i % len(_LABELS)], label=name) for i, name in enumerate(classes)]
    figure.legend(handles=handles, loc="outside lower left", ncols=len(handles), handlelength=1)
    return figure


def _order(patients: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    rank = patients[c.LABEL].map({name: i for i, name in enumerate(classes)})
    return patients.assign(rank=rank).sort_values(["rank", c.SCORE], kind="stable")


def _draw_labels(axes: Axes, block: pd.DataFrame, classes: Sequence[str]) -> None:
    colours = ListedColormap([_LABELS[i % len(_LABELS)] for i in range(len(classes))])
    strip = block["rank"].to_numpy(np.float64)[None, :]
    axes.imshow(strip, aspect="auto", cmap=colours, vmin=-0.5, vmax=len(classes) - 0.5, interpolation="nearest")
    axes.axis("off")


def _draw_scores(axes: Axes, block: pd.DataFrame, *, first: bool) -> None:
    score = block[c.SCORE].to_numpy(np.float64)
    axes.fill_between(np.arange(len(score) + 1) - 0.5, np.append(score, score[-1:]), step="post", color="#555555", lw=0)
    axes.set(xlim=(-0.5, max(len(score), 1) - 0.5), ylim=(0, 1), xticks=[], yticks=[0, 1])
    axes.set_yticklabels(["0", "1"] if first else [])
    if first:
        axes.set_ylabel("score", rotation=0, ha="right", va="center", fontsize=7)


def _draw_values(axes: Axes, values: pd.DataFrame, *, first: bool) -> Any:
    data = values.to_numpy(np.float64).T
    image = axes.imshow(data, aspect="auto", cmap="RdBu_r", vmin=-_LIMIT, vmax=_LIMIT, interpolation="nearest")
    axes.set(xticks=[], yticks=np.arange(values.shape[1]) if first else [])
    if first:
        axes.set_yticklabels([str(name) for name in values.columns], fontsize=7)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return image
