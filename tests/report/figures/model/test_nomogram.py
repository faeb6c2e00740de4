"""Scales of a nomogram: the points stand where the model puts them."""

from __future__ import annotations

import numpy as np

from sonoher2.report.figures.model.nomogram import nomogram_figure
from sonoher2.signatures.nomogram import Nomogram, NomogramAxis

NOMOGRAM = Nomogram(
    (
        NomogramAxis("age", "years", ("30", "60"), np.array([0.0, 100.0])),
        NomogramAxis("size", "", ("a", "b"), np.array([20.0, 0.0])),
    ),
    np.array([0.0, 60.0, 120.0]),
    np.array([0.1, 0.5, 0.8]),
)


def test_ticks_of_each_scale() -> None:
    axes = nomogram_figure(NOMOGRAM, "positive").axes[0]
    places = {}
    for text in axes.texts:
        x, y = text.get_position()
        places.setdefault(round(y - 0.17 if y % 1 < 0.5 else y + 0.17), {})[text.get_text()] = x
    assert places[1] == {"age (years)": -5, "30": 0.0, "60": 100.0}
    assert places[2] == {"size": -5, "a": 20.0, "b": 0.0}
    # 120 points in all fill the ruler
    assert places[3]["60"] == 50.0
    assert {key.replace("\n", " "): x for key, x in places[4].items()} == {
        "Probability of positive": -5, "0.1": 0.0, "0.5": 50.0, "0.8": 100.0,
    }  # fmt: skip
