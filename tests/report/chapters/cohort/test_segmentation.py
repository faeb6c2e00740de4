"""Automatic outlines: the doubtful ones first; and what masks and enhancement change."""

from __future__ import annotations

import numpy as np
import pandas as pd

import report_by_hand as by
from sonoher2.report.chapters.cohort.segmentation import region_parts
from sonoher2.study.explain.segmented_lesions import SegmentedLesion

SEGMENTED = pd.DataFrame(
    {
        "patient_id": ["E1", "T1", "T2"],
        "image": ["folder/e1.png", "folder/t1.png", "folder/t2.png"],
        "found": [True, True, False],
        "confidence": [0.912, 0.454, 0.99],
        "dice": [0.81, np.nan, np.nan],
    }
)
GREY = np.zeros((4, 4))
BOX = np.pad(np.ones((2, 2), bool), 1)
DOUBTFUL = (
    SegmentedLesion("T2", False, 0.99, GREY, np.zeros((4, 4), bool)),
    SegmentedLesion("T1", True, 0.454, GREY + 9, BOX),
)
ABLATION = pd.DataFrame(
    {
        "reading": ["as run", "automatic masks"],
        "dice": [1.0, 0.877],
        "signature": "Radiomics",
        "outcome": by.YES,
        "n": [1500, 40],
        "auc": [0.81, 0.72],
        "auc_low": [0.71, 0.62],
        "auc_high": [0.96, 0.87],
        "difference": [0.0, -0.09],
        "low": [0.0, -0.12],
        "high": [0.0, 0.03],
        "switched": [0.0, 0.25],
    }
)


OUTLINE_FEATURES = pd.DataFrame(
    {
        "reading": "automatic masks",
        "feature": ["original_shape2D_Sphericity", "original_glcm_Contrast"],
        "outcome": by.YES,
        "n": [1208, 40],
        "events": [67, 9],
        "correlation": [0.58, np.nan],
        "shift": [0.4, -0.126],
        "auc": [0.759, 0.62],
        "auc_other": [0.535, 0.634],
        "difference": [-0.224, 0.014],
        "low": [-0.3, -0.02],
        "high": [-0.1, 0.048],
    }
)


def test_images_without_a_lesion_come_first_then_the_least_confident() -> None:
    part = by.tables(region_parts(by.view(segmented=SEGMENTED)))["segmentation"]
    assert part.shown.to_numpy().tolist() == [
        ["T2", "t2.png", "none found", "0.99", "–"],
        ["T1", "t1.png", "found", "0.45", "–"],
        ["E1", "e1.png", "found", "0.91", "0.81"],
    ]
    assert part.shown.columns.tolist() == ["Patient", "Image", "Lesion", "Confidence", "Dice with the given mask"]
    assert part.data["image"].tolist() == ["t2.png", "t1.png", "e1.png"]
    # one row for each image: a page shows the first ones
    assert part.long


def test_no_column_of_dice_without_given_masks() -> None:
    part = by.tables(region_parts(by.view(segmented=SEGMENTED.assign(dice=np.nan))))["segmentation"]
    assert "Dice with the given mask" not in part.shown


def test_pictures_of_the_doubtful_ones() -> None:
    part = by.drawings(region_parts(by.view(segmented=SEGMENTED, doubtful=DOUBTFUL)))["outlines"]
    assert part.caption.startswith("The 2 images of the lowest confidence among 3 that")
    titles = [axes.get_title("left") or axes.get_title() for axes in part.figure.axes]
    assert [title for title in titles if title] == ["T2\nno lesion found", "T1\nconfidence 0.45"]
    assert [len(axes.collections) for axes in part.figure.axes[:2]] == [0, 1]
    assert part.figure.axes[1].images[0].get_array()[0, 0] == 9
    one = by.drawings(region_parts(by.view(segmented=SEGMENTED, doubtful=DOUBTFUL[:1])))["outlines"]
    assert one.caption.startswith("The 1 image of")


def test_ablation_cells() -> None:
    [part] = region_parts(by.view(ablation=ABLATION))
    assert part.shown.to_numpy().tolist() == [
        ["as run", "1.00", "Radiomics", "1,500", "0.81 (0.71–0.96)", "0.000 (0.000–0.000)", "0%"],
        ["automatic masks", "0.88", "Radiomics", "40", "0.72 (0.62–0.87)", "−0.090 (−0.120 to 0.030)", "25%"],
    ]
    assert part.shown.columns.tolist() == ["Reading", "Dice", "Signature", "n", "AUC", "Difference", "Change sides"]
    assert "90% intervals" in part.caption


def test_features_under_the_other_outline() -> None:
    [part] = region_parts(by.view(outline_features=OUTLINE_FEATURES))
    assert part.shown.columns.tolist() == [
        "Feature", "n", "AUC as run", "AUC, automatic masks", "Difference", "Correlation", "Shift, SD",
    ]  # fmt: skip
    assert part.shown.to_numpy().tolist() == [
        ["original_shape2D_Sphericity", "1,208", "0.76", "0.54", "−0.224 (−0.300 to −0.100)", "0.58", "0.40"],
        ["original_glcm_Contrast", "40", "0.62", "0.63", "0.014 (−0.020 to 0.048)", "–", "−0.13"],
    ]
    assert part.name == "outline-features"
    assert part.caption.startswith(
        "The features of the Radiomics signature in the test patients, each alone, as run and with automatic masks; 90%"
    )
    given = OUTLINE_FEATURES.assign(reading="given masks")
    [part] = region_parts(by.view(outline_features=given))
    assert "AUC, given masks" in part.shown


def test_nothing_for_given_masks() -> None:
    assert list(region_parts(by.view())) == []


def test_headings() -> None:
    compared = {"ablation": ABLATION, "outline_features": OUTLINE_FEATURES}
    assert by.headings(region_parts(by.view(segmented=SEGMENTED, doubtful=DOUBTFUL, **compared))) == [
        ("drawing", "outlines", "The most doubtful outlines"),
        ("table", "segmentation", "Automatic outlines"),
        ("table", "ablation", "What masks and enhancement change"),
        ("table", "outline-features", "What the other outline makes of the model's features"),
    ]
