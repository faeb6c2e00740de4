"""Sites as drawn: squares, the pooled diamond, the expected range."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sonoher2.report.figures.robustness.sites import site_figure
from sonoher2.study.analyses.robustness.sites import FURTHER, POOLED

ROWS = pd.DataFrame(
    [
        ("North", 40, 13, 0.73, 0.63, 0.85),
        ("South", 6, 2, np.nan, np.nan, np.nan),
        (POOLED, 46, 15, 0.74, 0.64, 0.86),
        (FURTHER, 46, 15, 0.74, 0.5, 0.9),
    ],
    columns=["site", "n", "events", "auc", "auc_low", "auc_high"],
).assign(signature="Radiomics")


def test_marks_and_words() -> None:
    axes = site_figure(ROWS, {"Radiomics": "#111111"}).axes[0]
    assert np.allclose(axes.lines[0].get_xdata(), [0.63, 0.85])
    assert axes.lines[1].get_xdata()[0] == 0.73
    assert np.allclose(axes.lines[2].get_xdata(), [0.5, 0.9])
    diamond = axes.patches[0].get_xy()[:4]
    assert np.allclose(diamond, [[0.64, 2], [0.74, 1.68], [0.86, 2], [0.74, 2.32]])
    words = [text.get_text() for text in axes.texts]
    assert words[:3] == ["Radiomics", "North", "13/40"]
    assert "0.73 (0.63–0.85)" in words
    assert "too few" in words
    # the expected range has no centre and no patients of its own
    assert "(0.50–0.90)" in words
    assert words.count("15/46") == 1
