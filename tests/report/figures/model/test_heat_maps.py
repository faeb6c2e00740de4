"""Heat maps and what is drawn of their checks."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sonoher2.predict.heat import HeatMap
from sonoher2.report.figures.model.heat_maps import blended, case_figure, shares_figure, trust_figure
from sonoher2.study.results.explanations import HeatCase

LESION = np.pad(np.ones((2, 2), bool), 1)


def heat(value: float) -> HeatMap:
    return HeatMap(np.full((4, 4), 100, np.uint8), LESION, np.full((4, 4), value))


def title(axes: object) -> str:
    return axes.get_title("left") or axes.get_title()  # type: ignore[attr-defined]


def test_a_cold_map_shows_the_picture_and_a_hot_one_most_of_the_heat() -> None:
    assert (blended(heat(0.0)) == 100).all()
    # 0.65 of the hottest colour of inferno, 0.35 of the grey
    hottest = np.array([0.988362, 0.998364, 0.644924])
    assert np.allclose(blended(heat(1.0))[0, 0], np.round(255 * 0.65 * hottest + 0.35 * 100), atol=1)


def test_cases_are_told_right_or_wrong() -> None:
    cases = [
        HeatCase("E1", "yes", "yes", 0.91, heat(0.2)),
        HeatCase("E2", "yes", "no", 0.12, heat(0.2)),
    ]
    titles = [title(axes) for axes in case_figure(cases).axes]
    assert [one for one in titles if one] == [
        "yes\npredicted rightly", "E1\nscore 0.91", "yes\npredicted no", "E2\nscore 0.12",
    ]  # fmt: skip


def test_shares() -> None:
    summary = pd.DataFrame(
        {"region": ["lesion", "ring"], "heat": [0.6, 0.3], "heat_low": [0.5, 0.2], "heat_high": [0.65, 0.4],
         "area": [0.25, 0.15]}
    )  # fmt: skip
    axes = shares_figure(summary).axes[0]
    area, share = axes.lines
    assert (area.get_xdata().tolist(), area.get_label()) == ([0.25, 0.15], "share of the picture's area")
    assert (share.get_xdata().tolist(), share.get_label()) == ([0.6, 0.3], "share of the heat")
    ends = [path.vertices[:, 0].tolist() for path in axes.collections[1].get_paths()]
    assert ends == [[0.5, 0.65], [0.2, 0.4]]


def test_deletion_and_randomised_weights() -> None:
    deletion = pd.DataFrame(
        {
            "patient_id": ["a", "b"] * 2,
            "share": [0, 0, 0.5, 0.5],
            "by_heat": [3.0, 1, 1, 0],
            "by_chance": [3.0, 1, 2, 1],
        }
    )
    randomised = pd.DataFrame(
        {"patient_id": ["a", "b"] * 2, "stage": [0, 0, 1, 1], "correlation": [0.6, 0.4, 0.2, 0.0]}
    )
    left, right = trust_figure(deletion, randomised).axes
    lines = {line.get_label(): line for line in left.lines}
    assert lines["hottest part first"].get_ydata().tolist() == [2.0, 0.5]
    assert lines["in an order of chance"].get_ydata().tolist() == [2.0, 1.5]
    assert lines["hottest part first"].get_xdata().tolist() == [0, 50]
    median = next(line for line in right.lines if line.get_label() == "median")
    assert np.allclose(median.get_ydata(), [0.5, 0.1])
    assert [label.get_text() for label in right.get_xticklabels()] == ["classifier", "+1"]
