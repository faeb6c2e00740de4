"""Stability under changed outlines."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import report_by_hand as by
from sonoher2.report.chapters.robustness.stability import outline_names, stability_parts, with_families

PERTURBED = pd.DataFrame(
    [
        ("given", 0.0, 1.0, 0.81, 0.71, 0.96, 0.0, 0.0, 0.0, 0.0, 0.0),
        ("redraw", 0.05, 0.912, 0.78, 0.68, 0.93, -0.03, -0.07, 0.01, 0.0123, 0.04),
        ("grow", 0.1, 0.88, 0.7, 0.6, 0.85, -0.11, -0.15, -0.02, 0.05, 0.2),
        ("shrink", 0.1, 0.85, 0.72, 0.62, 0.87, -0.09, -0.14, -0.03, 0.06, 0.1),
    ],
    columns=[
        "change", "strength", "dice", "auc", "auc_low", "auc_high", "difference", "low", "high", "moved", "switched",
    ],
).assign(signature="Radiomics", outcome=by.YES)  # fmt: skip
ICC = pd.DataFrame(
    [
        ("original_glcm_A", 0.95, 0.96),
        ("original_glcm_B", 0.7, 0.8),
        ("wavelet-LH_glrlm_C", 0.8, 0.9),
        ("ring_original_glcm_D", 0.2, 0.3),
    ],
    columns=["feature", "icc", "icc_grow"],
).assign(lesions=120)
KEPT = pd.DataFrame({"feature": ["original_glcm_B"], "coefficient": [0.5]})


def test_names_of_outlines() -> None:
    assert list(outline_names(PERTURBED).values()) == ["unchanged", "redrawn by 5%", "larger by 10%", "smaller by 10%"]


def test_cells_of_changed_outlines() -> None:
    table = by.tables(stability_parts(by.view(perturbed=PERTURBED)))["redrawn"]
    assert table.shown.to_numpy().tolist()[:3] == [
        ["unchanged", "1.00", "Radiomics", "0.81 (0.71–0.96)", "0.000 (0.000–0.000)", "0.000", "0%"],
        ["redrawn by 5%", "0.91", "Radiomics", "0.78 (0.68–0.93)", "−0.030 (−0.070 to 0.010)", "0.012", "4%"],
        ["larger by 10%", "0.88", "Radiomics", "0.70 (0.60–0.85)", "−0.110 (−0.150 to −0.020)", "0.050", "20%"],
    ]
    assert table.shown.columns.tolist() == [
        "Outline", "Dice", "Signature", "AUC", "Difference", "Score moves by", "Change sides",
    ]  # fmt: skip
    assert table.caption.startswith("90% intervals")
    assert not table.long


def test_families_of_features() -> None:
    data = with_families(by.view(feature_icc=ICC, coefficients=KEPT))
    assert data["family"].tolist() == ["glcm", "glcm", "glrlm", "ring: glcm"]
    assert data["selected"].tolist() == [False, True, False, False]


def test_cells_of_agreement() -> None:
    parts = list(stability_parts(by.view(feature_icc=ICC, coefficients=KEPT)))
    table = by.tables(parts)["feature_icc"]
    assert table.shown.columns.tolist() == [
        "Features", "n", "Median, all", "Median, larger", "At least 0.75", "At least 0.9",
    ]  # fmt: skip
    assert table.shown.to_numpy().tolist() == [
        ["all features", "4", "0.75", "0.85", "50%", "25%"],
        ["selected features", "1", "0.70", "0.80", "0%", "0%"],
        ["glcm", "2", "0.82", "0.88", "50%", "50%"],
        ["glrlm", "1", "0.80", "0.90", "100%", "0%"],
        ["ring: glcm", "1", "0.20", "0.30", "0%", "0%"],
    ]
    assert "No feature was left out for its ICC" in table.caption
    assert "of 120 images of training patients, each changed by" in by.drawings(parts)["feature_icc"].caption


def test_a_study_that_selects_by_icc_is_not_told_to() -> None:
    selection = by.study_config().selection.model_copy(update={"icc": 0.8})
    config = by.study_config().model_copy(update={"selection": selection})
    table = by.tables(stability_parts(by.view(feature_icc=ICC, config=config)))["feature_icc"]
    assert "No feature was left out" not in table.caption


def test_the_figure_stands_at_the_values_of_the_table() -> None:
    figure = by.drawings(stability_parts(by.view(perturbed=PERTURBED)))["redrawn"].figure
    axes = figure.axes[0]
    dots = next(line for line in axes.lines if line.get_marker() == "o")
    assert dots.get_ydata().tolist() == [0.81, 0.78, 0.7, 0.72]
    ends = [(path.vertices[0, 1], path.vertices[1, 1]) for path in axes.collections[0].get_paths()]
    assert np.allclose(ends, PERTURBED[["auc_low", "auc_high"]])
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert labels[1] == "redrawn by 5%\nDice 0.91"


def test_nothing_for_a_study_without_it() -> None:
    assert list(stability_parts(by.view())) == []


@pytest.mark.parametrize("lesions", [1, 2])
def test_one_lesion_is_no_plural(lesions: int) -> None:
    parts = stability_parts(by.view(feature_icc=ICC.assign(lesions=lesions)))
    words = "of 1 image of training" if lesions == 1 else "of 2 images of training"
    assert words in by.drawings(parts)["feature_icc"].caption


def test_headings() -> None:
    assert by.headings(stability_parts(by.view(perturbed=PERTURBED, feature_icc=ICC))) == [
        ("drawing", "redrawn", "AUC in the test set, had the lesions been outlined otherwise"),
        ("table", "redrawn", "Test set under changed outlines"),
        ("drawing", "feature_icc", "Agreement of the features between outlines"),
        ("table", "feature_icc", "Agreement of the features between outlines"),
    ]


def test_strength_of_the_changes() -> None:
    result = by.configured(by.study(), stability={"strength": 0.065})
    caption = by.drawings(stability_parts(by.view(result, feature_icc=ICC)))["feature_icc"].caption
    assert "of 120 images of training patients, each changed by 6.5% of the lesion's diameter. Line:" in caption
    assert "Above 0.75 agreement is called good, above 0.9 excellent" in caption


def test_many_outlines_scroll() -> None:
    rows = pd.concat([PERTURBED.iloc[1:]] * 9, ignore_index=True)
    rows["strength"] = np.arange(len(rows)) / 100
    assert by.tables(stability_parts(by.view(perturbed=rows.iloc[:26])))["redrawn"].long
    assert not by.tables(stability_parts(by.view(perturbed=rows.iloc[:25])))["redrawn"].long
