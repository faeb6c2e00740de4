"""Shift as drawn: the sign is that of new less training."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sonoher2.report.figures.robustness.shift import shift_figure


def test_lines_end_at_the_differences() -> None:
    table = pd.DataFrame(
        {
            "part": ["features", "features", "clinical", "images"],
            "column": ["a", "b" * 60, "age", "rows"],
            "difference": [1.5, -0.5, 0.25, np.nan],
        }
    )
    axes = shift_figure(table).axes[0]
    dots = {
        line.get_label(): np.asarray(line.get_xdata()).tolist() for line in axes.lines if line.get_marker() != "None"
    }
    assert dots == {"features": [1.5, -0.5], "clinical": [0.25]}
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b" * 51 + "…", "age"]
    assert axes.get_xlabel() == "standardised mean difference (new − training)"
