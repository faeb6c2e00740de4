"""What the signature rests on."""

from __future__ import annotations

import numpy as np
import pandas as pd

import report_by_hand as by
from sonoher2.report.chapters.model.features import feature_parts
from sonoher2.selection.lasso import LassoPath

SELECTION = pd.DataFrame(
    {"step": ["variance", "LASSO"], "features_in": [1497, 30], "features_out": [1480, 3], "fallback": [False, True]}
)
KEPT = pd.DataFrame({"feature": ["a_b_C", "d_e_F", "g_h_I"], "coefficient": [1.23456, -0.5, 0.01]})
PATH = LassoPath(("x", "y"), np.array([0.1, 0.01]), np.array([[0, 0.5], [0, 0.0]]), np.ones(2), np.ones(2), 1)


def test_cells() -> None:
    found = by.tables(feature_parts(by.view(selection=SELECTION, coefficients=KEPT)))
    assert found["selection"].shown.to_numpy().tolist() == [
        ["variance", "1,497", "1,480", ""],
        ["LASSO", "30", "3", "nothing passed, best kept"],
    ]
    assert found["selection"].shown.columns.tolist() == ["Step", "Features in", "Features out", "Fallback"]
    assert found["coefficients"].shown.to_numpy().tolist() == [
        ["a_b_C", "1.235"], ["d_e_F", "−0.500"], ["g_h_I", "0.010"],
    ]  # fmt: skip
    assert not found["coefficients"].long


def test_the_sign_of_a_coefficient_is_explained() -> None:
    assert by.drawings(feature_parts(by.view(coefficients=KEPT)))["coefficients"].caption == (
        "Coefficients of the LASSO that selected the features; the model that was then fitted on them has weights of"
        " its own. A positive coefficient raises the probability of HER2-positive."
    )
    many = pd.DataFrame({"feature": [f"f{i}" for i in range(31)], "coefficient": 0.1})
    parts = list(feature_parts(by.view(by.three_classes(), coefficients=many)))
    assert by.drawings(parts)["coefficients"].caption == (
        "Coefficients of the LASSO that selected the features; the model that was then fitted on them has weights of"
        " its own. Length of the vector of class coefficients. The largest 30 of 31."
    )
    assert by.tables(parts)["coefficients"].long


def test_the_heat_map_is_ordered_by_class_and_main_score() -> None:
    # the value of a patient says who it is
    values = pd.DataFrame({"f": np.arange(12.0) / 10}, index=by.PATIENTS.index)
    part = by.drawings(feature_parts(by.view(heatmap=values)))["heatmap"]
    drawn = [axes.images[0].get_array()[0].tolist() for axes in part.figure.axes if axes.images][2:4]
    # Radiomics scores: T10 < T1 < T2 < T4 < T3, then T6 < T5; E1 < E2, then E4 < E5 < E3
    assert np.allclose(drawn[0], [0.6, 0.0, 0.1, 0.3, 0.2, 0.5, 0.4])
    assert np.allclose(drawn[1], [0.7, 0.8, 1.0, 1.1, 0.9])
    assert "Radiomics score (probability of HER2-positive)" in part.caption
    assert [axes.get_title("left") or axes.get_title() for axes in part.figure.axes[:2]] == [
        "Training (out of fold), n = 7", "Test, n = 5",
    ]  # fmt: skip


def test_order_of_the_parts_and_absence() -> None:
    values = pd.DataFrame({"f": np.zeros(12)}, index=by.PATIENTS.index)
    parts = feature_parts(by.view(selection=SELECTION, coefficients=KEPT, lasso=PATH, heatmap=values))
    assert [part.name for part in parts] == ["selection", "lasso", "coefficients", "coefficients", "heatmap"]
    assert list(feature_parts(by.view())) == []


def test_headings() -> None:
    values = pd.DataFrame({"f": np.zeros(12)}, index=by.PATIENTS.index)
    assert by.headings(feature_parts(by.view(selection=SELECTION, coefficients=KEPT, lasso=PATH, heatmap=values))) == [
        ("table", "selection", "Feature selection, step by step"),
        ("drawing", "lasso", "LASSO path and cross-validated error"),
        ("drawing", "coefficients", "Selected features"),
        ("table", "coefficients", "Selected features"),
        ("drawing", "heatmap", "Selected features of all patients"),
    ]


def test_fifteen_coefficients_do_not_scroll_and_many_features_are_cut() -> None:
    kept = pd.DataFrame({"feature": [f"f{i}" for i in range(16)], "coefficient": 0.1})
    assert by.tables(feature_parts(by.view(coefficients=kept)))["coefficients"].long
    parts = list(feature_parts(by.view(coefficients=kept.iloc[:15])))
    assert not by.tables(parts)["coefficients"].long
    assert "The largest" not in by.drawings(parts)["coefficients"].caption
    values = pd.DataFrame(np.zeros((12, 41)), index=by.PATIENTS.index, columns=[f"f{i}" for i in range(41)])
    assert by.drawings(feature_parts(by.view(heatmap=values)))["heatmap"].caption.endswith(
        "three standard deviations. The first 40 of 41 features."
    )
    some = by.drawings(feature_parts(by.view(heatmap=values.iloc[:, :40])))["heatmap"]
    assert some.caption.endswith("three standard deviations.")
