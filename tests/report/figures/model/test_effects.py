"""Effects: a swarm of patients, and bars of one patient."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sonoher2.report.figures.model.effects import effect_bars, swarm, swarm_figure


def test_dots_that_are_close_lie_beside_each_other() -> None:
    x = np.array([0.0, 0.01, 0.02, 5.0])
    offsets = swarm(x, 1.0)
    assert offsets[3] == 0
    assert len(set(offsets[:3])) == 3
    assert np.abs(swarm(np.zeros(500), 1.0)).max() <= 0.38


def test_the_largest_mean_effect_is_on_top() -> None:
    effects = pd.DataFrame({"small": [0.1, -0.1], "large": [-2.0, 1.0]})
    values = pd.DataFrame({"small": [1.0, np.nan], "large": [0.5, -0.5]})
    axes = swarm_figure(effects, values, "positive").axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["large", "small"]
    grey, coloured = axes.collections[2], axes.collections[3]
    assert grey.get_offsets()[:, 0].tolist() == [-0.1]
    assert coloured.get_offsets()[:, 0].tolist() == [0.1]
    assert axes.get_xlabel() == "added to the log-odds of positive"


def test_bars_to_the_right_speak_for_the_outcome() -> None:
    axes = Figure().subplots()
    effect_bars(axes, ["age", "size"], [0.5, -0.25])
    assert [bar.get_width() for bar in axes.patches] == [0.5, -0.25]
    assert [text.get_text() for text in axes.texts] == ["+0.50", "−0.25"]
    assert [text.get_position()[0] > 0 for text in axes.texts] == [True, False]
