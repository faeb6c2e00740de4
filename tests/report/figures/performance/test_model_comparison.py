"""Curves by family and AUCs of models, drawn from figures by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sonoher2.report.figures.performance.curves import Line, panels_above_legends
from sonoher2.report.figures.performance.model_comparison import auc_grid_figure, families_figure, model_looks

# from the highest score down: an event, no event, an event, no event
FOUR = Line("ridge", "", "ridge (0.75)", np.array([1, 0, 1, 0]), np.array([0.9, 0.8, 0.7, 0.1]))
OTHER = Line("knn", "", "knn (0.25)", np.array([0, 1, 0, 1]), np.array([0.9, 0.8, 0.7, 0.1]))


@pytest.mark.parametrize(("count", "columns", "rows"), [(1, 3, 1), (3, 3, 1), (4, 3, 2), (2, 2, 1)])
def test_each_panel_stands_above_an_empty_place(count: int, columns: int, rows: int) -> None:
    figure, places = panels_above_legends(count, columns, 2.0, 0.5)
    assert len(places) == count
    assert figure.get_figheight() == pytest.approx(rows * 2.5)
    for upper, lower in places:
        assert upper.axison
        assert not lower.axison
        assert upper.get_position().y0 > lower.get_position().y0
        assert upper.get_subplotspec().colspan == lower.get_subplotspec().colspan
    assert [upper.get_subplotspec().colspan.start for upper, _ in places] == [i % columns for i in range(count)]


def test_the_curve_of_each_family_is_in_its_own_panel() -> None:
    looks = model_looks(["ridge", "knn"])
    figure = families_figure({"Radiomics": [FOUR, OTHER], "Signatures": [OTHER]}, looks, "roc")
    first, second = (axes for axes in figure.axes if axes.axison)
    assert [first.get_title(), second.get_title()] == ["Radiomics", "Signatures"]
    _, ridge, knn = first.lines
    # one minus specificity to the right, sensitivity upwards
    points = set(zip(ridge.get_xdata().tolist(), ridge.get_ydata().tolist(), strict=True))
    assert points == {(0, 0), (0, 0.5), (0.5, 0.5), (0.5, 1), (1, 1)}
    assert (ridge.get_label(), knn.get_label()) == ("ridge (0.75)", "knn (0.25)")
    assert (first.get_xlabel(), first.get_ylabel()) == ("1 − specificity", "sensitivity")
    # a model looks the same in every panel
    assert second.lines[1].get_color() == knn.get_color() != ridge.get_color()
    legends = [axes.get_legend() for axes in figure.axes if axes.get_legend()]
    shown = [[text.get_text() for text in legend.get_texts()] for legend in legends]
    assert shown == [["ridge (0.75)", "knn (0.25)"], ["knn (0.25)"]]


def test_no_two_models_look_alike() -> None:
    looks = model_looks([f"model {i}" for i in range(42)])
    assert len({(colour, str(dash)) for colour, dash in looks.values()}) == 42


def test_an_auc_stands_in_the_row_of_its_model_and_the_column_of_what_it_sees() -> None:
    table = pd.DataFrame({"Radiomics": [0.61, 0.92], "DLR": [np.nan, 0.73]}, index=["ridge", "knn"])
    figure = auc_grid_figure({"Training": table, "Test": table - 0.1})
    training, test = figure.axes[:2]
    assert [training.get_title(), test.get_title()] == ["Training", "Test"]
    cells = {text.get_position(): text.get_text() for text in training.texts}
    assert cells == {(0, 0): "0.61", (0, 1): "0.92", (1, 1): "0.73"}
    assert {text.get_text() for text in test.texts} == {"0.51", "0.82", "0.63"}
    assert [label.get_text() for label in training.get_xticklabels()] == ["Radiomics", "DLR"]
    assert [label.get_text() for label in training.get_yticklabels()] == ["ridge", "knn"]
    # from chance to a perfect one
    assert training.images[0].get_clim() == (0.5, 1.0)
