"""Calibration: the words in each panel are those of its signature, set and outcome."""

from __future__ import annotations

import report_by_hand as by
from sonoher2.report.chapters.performance.calibration import calibration_parts


def words(figure: object) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]  # type: ignore[attr-defined]


def test_one_figure_for_each_set() -> None:
    figures = by.drawings(calibration_parts(by.view()))
    assert [part.title for part in figures.values()] == ["Calibration: Training (out of fold)", "Calibration: Test"]
    assert list(figures) == ["calibration_train_oof", "calibration_test"]
    assert words(figures["calibration_train_oof"].figure) == [
        "slope 1.11\nintercept −0.31\nBrier 0.21",
        "slope 1.22\nintercept 0.32\nBrier 0.22",
    ]
    assert words(figures["calibration_test"].figure) == [
        "slope 0.83\nintercept 0.13\nBrier 0.23",
        "slope 0.94\nintercept −0.24\nBrier 0.24",
    ]
    assert "90% interval (Wilson)" in figures["calibration_test"].caption


def test_a_set_of_one_class_has_none() -> None:
    rows = by.predictions()
    rows.loc[rows["set"] == "test", "label"] = by.YES
    assert list(by.drawings(calibration_parts(by.view(predictions=rows)))) == ["calibration_train_oof"]


def test_outcomes_are_rows_of_their_own() -> None:
    figure = by.drawings(calibration_parts(by.view(by.three_classes())))["calibration_test"].figure
    titles = [axes.get_title("left") or axes.get_title() for axes in figure.axes]
    assert [title for title in titles if title] == ["Clinical\nzero", "Clinical\nlow", "Clinical\nhigh"]
