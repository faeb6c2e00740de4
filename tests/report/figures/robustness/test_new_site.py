from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sonoher2.report.figures.robustness.new_site import repair_figure, repair_name


def repairs(expected: float) -> pd.DataFrame:
    rows = [("frozen", 0), ("intercept", 30)]
    table = pd.DataFrame(rows, columns=["update", "labelled"])
    for name, value in {"expected": expected, "slope": 0.8, "brier": 0.2, "ece": 0.1}.items():
        table[name] = [value, value / 2]
        table[f"{name}_low"], table[f"{name}_high"] = table[name] * 0.9, table[name] * 1.1
    return table


@pytest.mark.filterwarnings("error")
def test_figures_that_cannot_be_estimated_leave_their_panel_empty() -> None:
    limits = []
    for expected in (1.5, np.nan):
        figure = repair_figure(repairs(expected))
        limits.append(figure.axes[0].get_xlim()[1])
    # the upper end of the range, 1.65, and a little more; without any figure up to a little more than 1.1
    assert limits == [pytest.approx(1.05 * 1.65), pytest.approx(1.05 * 1.1)]


def test_a_repair_is_named_with_its_number_of_patients() -> None:
    table = repairs(1.0)
    assert [repair_name(row) for _, row in table.iterrows()] == ["frozen", "intercept, 30"]
