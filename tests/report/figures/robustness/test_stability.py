"""ICC by family as drawn."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sonoher2.report.figures.robustness.stability import icc_figure


def test_families_by_their_median_with_quartiles() -> None:
    table = pd.DataFrame(
        {
            "family": ["glcm"] * 5 + ["glrlm"],
            "icc": [0.0, 0.25, 0.5, 0.75, 1.0, 0.3],
            "selected": [False] * 4 + [True] * 2,
        }
    )
    axes = icc_figure(table).axes[0]
    # the family that agrees least is lowest
    assert [label.get_text() for label in axes.get_yticklabels()] == ["glrlm", "glcm"]
    glcm = [line for line in axes.lines[:8] if np.all(np.asarray(line.get_ydata()) == 1)]
    assert np.allclose(glcm[0].get_xdata(), [0.05, 0.95])
    assert np.allclose(glcm[1].get_xdata(), [0.25, 0.75])
    assert np.allclose(glcm[2].get_xdata(), 0.5)
    assert np.allclose(glcm[3].get_xdata(), [1.0])
    assert [line.get_xdata()[0] for line in axes.lines[8:]] == [0.75, 0.9]
