"""Updating: frozen probabilities beside updated ones."""

from __future__ import annotations

import numpy as np
import pandas as pd

import report_by_hand as by
from sonoher2.report.chapters.robustness.updating import updating_parts
from sonoher2.study.results.updated import Updated

STATES = ("frozen", "intercept", "intercept and slope")
FIGURES = by.with_ends(
    pd.DataFrame(
        {
            "signature": "Radiomics",
            "outcome": by.YES,
            "update": STATES,
            "a": [0.0, -0.5, 0.25],
            "b": [1.0, 1.0, 0.75],
            "n": 1400,
            "events": 21,
            "auc": [0.7, 0.71, 0.72],
            "slope": [0.8, 0.81, 1.0],
            "intercept": [0.4, 0.05, 0.0],
            "expected": [0.61, 0.97, 1.0],
            "brier": [0.211, 0.202, 0.193],
        }
    ),
    0.1,
    "auc",
    "slope",
    "intercept",
)
SCORES = np.linspace(0.1, 0.8, 8)
PREDICTIONS = pd.concat(
    [
        pd.DataFrame(
            {
                "patient_id": [f"E{i}" for i in range(8)],
                "label": [by.NO, by.YES] * 4,
                "outcome": by.YES,
                "signature": "Radiomics",
                "update": state,
                "score": SCORES + 0.05 * place,
            }
        )
        for place, state in enumerate(STATES)
    ]
)
UPDATED = Updated(0.4, 12, {by.NO: 7, by.YES: 5}, PREDICTIONS, FIGURES)


def test_cells() -> None:
    table = by.tables(updating_parts(by.view(by.validation(), updated=UPDATED)))["updating"]
    assert table.shown.columns.tolist() == [
        "Signature", "Probabilities", "a", "b", "n", "Events", "AUC", "Calibration slope", "Calibration intercept",
        "Expected/observed", "Brier score",
    ]  # fmt: skip
    assert table.shown.iloc[1].tolist() == [
        "Radiomics", "intercept", "−0.50", "1.00", "1,400", "21", "0.71 (0.61–0.91)", "0.81 (0.71–1.01)",
        "0.05 (−0.05 to 0.25)", "0.97", "0.202",
    ]  # fmt: skip


def test_words_and_figure() -> None:
    text, drawing, _ = updating_parts(by.view(by.validation(), updated=UPDATED))
    assert (
        "were learned on 12 patients of this cohort (40%, drawn within each class: 7 HER2-negative, 5 HER2-positive)"
        in (text.paragraphs[0])
    )
    panels = [axes for axes in drawing.figure.axes if axes.texts]
    assert [axes.get_title("left") or axes.get_title() for axes in panels] == list(STATES)
    assert [axes.texts[0].get_text() for axes in panels] == [
        "slope 0.80\nintercept 0.40\nBrier 0.211",
        "slope 0.81\nintercept 0.05\nBrier 0.202",
        "slope 1.00\nintercept 0.00\nBrier 0.193",
    ]
    assert drawing.title == "Calibration before and after updating: Radiomics"


def test_an_update_that_was_not_made_is_told_and_not_drawn() -> None:
    figures = FIGURES.copy()
    figures.loc[2, figures.columns.difference(["signature", "outcome", "update", "n", "events"])] = np.nan
    made = PREDICTIONS[PREDICTIONS["update"] != "intercept and slope"]
    updated = Updated(0.4, 12, {by.NO: 7, by.YES: 5}, made, figures)
    text, drawing, table = updating_parts(by.view(by.validation(), updated=updated))
    assert text.paragraphs[1:] == (
        "Radiomics: no update of intercept and slope was made. In the patients it was learned on the slope was not"
        " positive and would have turned the ranking round, or there was none: cases and others lay apart, or all"
        " scores were equal.",
    )
    panels = [axes for axes in drawing.figure.axes if axes.texts]
    assert [axes.get_title("left") or axes.get_title() for axes in panels] == ["frozen", "intercept"]
    assert table.shown.iloc[2].tolist()[1:] == ["intercept and slope", "–", "–", "1,400", "21", *["–"] * 5]


def test_updates_of_several_outcomes_need_not_sum_to_1() -> None:
    outcomes = ("zero", "low", "high")
    figures = pd.concat([FIGURES.assign(signature="Clinical", outcome=name) for name in outcomes], ignore_index=True)
    figures.loc[4, "b"] = np.nan
    updated = Updated(0.4, 12, {"zero": 4, "low": 4, "high": 4}, PREDICTIONS, figures)
    words = next(iter(updating_parts(by.view(by.three_classes(kind="validation"), updated=updated)))).paragraphs
    assert words[1].startswith("Clinical, low: no update of intercept was made.")
    assert words[2:] == ("Each outcome is updated alone: the updated probabilities of a patient need not sum to 1.",)
    assert len(next(iter(updating_parts(by.view(by.validation(), updated=UPDATED)))).paragraphs) == 1


def test_nothing_that_was_not_updated() -> None:
    assert list(updating_parts(by.view(by.validation()))) == []


def test_headings() -> None:
    assert by.headings(updating_parts(by.view(by.validation(), updated=UPDATED))) == [
        ("drawing", "updating", "Calibration before and after updating: Radiomics"),
        ("table", "updating", "Before and after updating"),
    ]
