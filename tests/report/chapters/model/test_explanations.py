"""Explanations: shares, effects and points of the right signature."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

import report_by_hand as by
from sonoher2.predict.heat import HeatMap
from sonoher2.report.chapters.model.explanations import explanation_parts
from sonoher2.study.results.explanations import Attribution, Explanations, HeatCase, HeatFindings

SHARES = pd.DataFrame(
    {
        "patient_id": ["E1", "E2", "E3"],
        "label": by.NO,
        "called": by.NO,
        "lesion": 0.5,
        "ring": 0.3,
        "elsewhere": 0.2,
        "lesion_area": 0.2,
        "ring_area": 0.3,
    }
)
MAP = HeatMap(np.full((4, 4), 100, np.uint8), np.pad(np.ones((2, 2), bool), 1), np.zeros((4, 4)))
DELETION = pd.DataFrame({"patient_id": ["E1", "E1", "E2", "E2"], "share": [0, 1, 0, 1], "by_heat": [3.0, 1, 1, 0],
                         "by_chance": [3.0, 2, 1, 1]})  # fmt: skip
RANDOM = pd.DataFrame({"patient_id": ["E1", "E1"], "stage": [0, 1], "correlation": [0.5, 0.1]})
HEAT = HeatFindings(SHARES, (HeatCase("E1", by.NO, by.YES, 0.61, MAP),), DELETION, RANDOM)
EFFECTS = pd.DataFrame({"age": [0.5, -0.5]}, index=["E1", "E2"])
POINTS = pd.DataFrame(
    [
        ("E10", by.NO, "Radiomics", "age", 11.04), ("E10", by.NO, "Radiomics", "total", 33.06),
        ("E2", by.YES, "Radiomics", "age", 22.0), ("E2", by.YES, "Radiomics", "total", 44.0),
        ("E2", by.YES, "Clinical", "age", 55.0), ("E2", by.YES, "Clinical", "total", 66.0),
    ],
    columns=["patient_id", "label", "signature", "variable", "points"],
)  # fmt: skip


def parts(found: Explanations, result: object = None) -> list[object]:
    return list(explanation_parts(by.view(result, explanations=found)))  # type: ignore[arg-type]


def test_shares_of_heat_and_of_area() -> None:
    found = parts(Explanations(heat=HEAT))
    table = by.tables(found)["heat_shares"]
    # all patients are alike: the interval is the mean
    assert table.shown.to_numpy().tolist() == [
        ["lesion", "50.0% (50.0–50.0)", "20.0%", "30.0 (30.0–30.0)"],
        ["ring", "30.0% (30.0–30.0)", "30.0%", "0.0 (0.0–0.0)"],
        ["elsewhere", "20.0% (20.0–20.0)", "50.0%", "−30.0 (−30.0 to −30.0)"],
    ]
    assert table.caption == "Means over patients, 90% bootstrap intervals in brackets."
    figures = by.drawings(found)
    assert list(figures) == ["heat_cases", "heat_shares", "heat_trust"]
    assert figures["heat_cases"].caption.endswith("Score: probability of HER2-positive.")
    assert figures["heat_shares"].caption.startswith("All 3 test patients")
    assert figures["heat_trust"].caption.startswith("2 test patients")


def test_patients_without_heat_are_not_counted_among_those_with() -> None:
    cold = SHARES.copy()
    cold.loc[2, ["lesion", "ring", "elsewhere"]] = np.nan
    figures = by.drawings(parts(Explanations(heat=replace(HEAT, shares=cold))))
    said = "2 of 3 test patients; in the others nothing speaks for the predicted class; bars are"
    assert figures["heat_shares"].caption.startswith(said)
    cold[["lesion", "ring", "elsewhere"]] = np.nan
    found = parts(Explanations(heat=replace(HEAT, shares=cold)))
    assert list(by.drawings(found)) == ["heat_cases", "heat_trust"]
    assert "heat_shares" not in by.tables(found)


def test_three_classes_have_the_score_of_the_class_that_is_called() -> None:
    figure = by.drawings(parts(Explanations(heat=HEAT), by.three_classes()))["heat_cases"]
    assert figure.caption.endswith("Score: Deep probability of the predicted class.")
    assert "it calls the class with the highest score." in figure.caption
    two = by.drawings(parts(Explanations(heat=HEAT)))["heat_cases"]
    assert "it calls a class by its frozen threshold." in two.caption


def test_points_of_the_main_signature() -> None:
    [table] = parts(Explanations(points=POINTS))
    assert table.shown.columns.tolist() == ["Patient", "Label", "age", "Total"]
    assert table.shown.to_numpy().tolist() == [["E2", by.YES, "22.0", "44.0"], ["E10", by.NO, "11.0", "33.1"]]
    assert table.data is POINTS
    assert "nomogram of Radiomics" in table.caption


def test_without_points_of_the_main_one_those_of_the_last_signature() -> None:
    [table] = parts(Explanations(points=POINTS[POINTS["signature"] == "Clinical"]))
    assert table.shown.to_numpy().tolist() == [["E2", by.YES, "55.0", "66.0"]]


def test_effects_say_how_they_were_found() -> None:
    attributions = {"Radiomics": Attribution(EFFECTS, EFFECTS), "Combined": Attribution(EFFECTS, EFFECTS)}
    figures = by.drawings(parts(Explanations(attributions=attributions)))
    assert list(figures) == ["effects_1", "effects_2"]
    assert "SHAP values by sampled permutations." in figures["effects_1"].caption
    assert "these are their Shapley values" in figures["effects_2"].caption
    assert "log-odds of HER2-positive" in figures["effects_1"].caption


def test_many_effects_are_cut_and_nothing_is_no_chapter() -> None:
    many = pd.DataFrame(np.ones((2, 13)), columns=[f"f{i}" for i in range(13)])
    figures = by.drawings(parts(Explanations(attributions={"Radiomics": Attribution(many, many)})))
    assert "The first 12 of 13." in figures["effects_1"].caption
    assert list(explanation_parts(by.view())) == []
    assert parts(Explanations()) == []


def test_headings() -> None:
    found = Explanations(heat=HEAT, attributions={"Radiomics": Attribution(EFFECTS, EFFECTS)}, points=POINTS)
    assert by.headings(parts(found)) == [
        ("drawing", "heat_cases", "What the network looks at"),
        ("drawing", "heat_shares", "Where the heat lies"),
        ("table", "heat_shares", "Where the heat lies"),
        ("drawing", "heat_trust", "Whether the heat maps can be believed"),
        ("drawing", "effects_1", "What adds to the Radiomics signature"),
        ("table", "nomogram_points", "Nomogram points of each patient"),
    ]
    assert parts(found)[-1].long  # type: ignore[attr-defined]
