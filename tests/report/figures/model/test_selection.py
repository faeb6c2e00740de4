"""The LASSO and its coefficients as drawn."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sonoher2.report.figures.model.selection import coefficient_figure, lasso_figure
from sonoher2.selection.lasso import LassoPath

PATH = LassoPath(
    ("a", "b", "c"),
    np.array([0.1, 0.01]),
    np.array([[0.0, 0.5], [0.0, -0.3], [0.0, 0.0]]),
    np.array([1.4, 1.2]),
    np.array([0.05, 0.02]),
    1,
)


def test_path_and_error() -> None:
    left, right = lasso_figure(PATH).axes
    assert "2 of 3 features kept" in (left.get_title("left") or left.get_title())
    assert [np.asarray(line.get_ydata()).tolist() for line in left.lines[:3]] == [[0, 0], [0, -0.3], [0, 0.5]]
    # kept coefficients are coloured by their sign
    assert len({line.get_color() for line in left.lines[:3]}) == 3
    assert np.allclose(right.lines[0].get_ydata(), [1.4, 1.2])
    assert np.allclose(right.lines[0].get_xdata(), [-1, -2])
    assert (right.lines[1].get_xdata()[0], right.lines[1].get_ydata()[0]) == (-2, 1.2)
    band = right.collections[0].get_paths()[0].vertices
    assert np.isclose(band[:, 1].min(), 1.18)
    assert np.isclose(band[:, 1].max(), 1.45)
    assert left.lines[-1].get_xdata()[0] == -2


def test_coefficients_largest_on_top() -> None:
    axes = coefficient_figure(pd.DataFrame({"feature": ["x", "y"], "coefficient": [0.8, -0.2]})).axes[0]
    assert [bar.get_width() for bar in axes.patches] == [0.8, -0.2]
    assert axes.patches[0].get_facecolor() != axes.patches[1].get_facecolor()
    assert [label.get_text() for label in axes.get_yticklabels()] == ["x", "y"]
    low, high = axes.get_ylim()
    assert low > high
