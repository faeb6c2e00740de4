"""Subgroups: counts, intervals and the tests between their levels."""

from __future__ import annotations

import pandas as pd

import report_by_hand as by
from sonoher2.core.columns import TEST, TRAIN_OOF
from sonoher2.report.chapters.performance.subgroups import subgroup_parts

ROWS = pd.DataFrame(
    [
        ("age", "<= 50", "Radiomics", TRAIN_OOF, by.YES, 1400, 210, 0.71, 0.61, 0.83),
        ("age", "> 50", "Radiomics", TRAIN_OOF, by.YES, 300, 31, 0.52, 0.42, 0.64),
        ("age", "<= 50", "Radiomics", TEST, by.YES, 140, 22, 0.73, 0.6, 0.9),
        ("age", "> 50", "Radiomics", TEST, by.YES, 30, 4, float("nan"), float("nan"), float("nan")),
    ],
    columns=["subgroup", "level", "signature", "set", "outcome", "n", "events", "auc", "auc_low", "auc_high"],
)
TESTS = pd.DataFrame(
    [
        ("age", "Radiomics", TEST, by.YES, 2, 0.011, 0.022, 0.033),
        ("age", "Radiomics", TRAIN_OOF, by.YES, 2, 0.044, 0.055, 0.066),
    ],
    columns=["subgroup", "signature", "set", "outcome", "levels", "p", "p_holm", "p_auc"],
)


def test_cells() -> None:
    table = by.tables(subgroup_parts(by.view(subgroups=ROWS)))["subgroups"]
    assert table.shown.to_numpy().tolist() == [
        ["age: <= 50", "Radiomics", "Training", "1,400", "210", "0.71 (0.61–0.83)"],
        ["age: > 50", "Radiomics", "Training", "300", "31", "0.52 (0.42–0.64)"],
        ["age: <= 50", "Radiomics", "Test", "140", "22", "0.73 (0.60–0.90)"],
        ["age: > 50", "Radiomics", "Test", "30", "4", "–"],
    ]
    assert table.shown.columns.tolist() == ["Subgroup", "Signature", "Set", "n", "Events", "AUC"]
    assert not table.long
    assert "p (interaction)" not in table.caption


def test_tests_stand_on_the_first_level_of_their_set() -> None:
    table = by.tables(subgroup_parts(by.view(subgroups=ROWS, interactions=TESTS)))["subgroups"]
    assert table.shown["p (interaction)"].tolist() == ["0.055", "", "0.022", ""]
    assert table.shown["p (AUC)"].tolist() == ["0.066", "", "0.033", ""]
    assert "corrected after Holm" in table.caption


def test_the_forest_is_of_the_test_set() -> None:
    part = by.drawings(subgroup_parts(by.view(subgroups=ROWS)))["subgroups"]
    texts = [text.get_text() for text in part.figure.axes[0].texts]
    assert "22/140" in texts
    assert "210/1400" not in texts
    assert "0.73 (0.60–0.90)" in texts
    assert "too few" in texts
    assert part.title == "AUC by subgroup, Test"
    assert part.caption.endswith("; the table gives the training set too.")


def test_a_validation_speaks_of_no_training_set() -> None:
    rows = ROWS[ROWS["set"] == TEST]
    part = by.drawings(subgroup_parts(by.view(by.validation(), subgroups=rows)))["subgroups"]
    assert "training" not in part.caption
    assert part.title == "AUC by subgroup, External validation"
    said = "cut at the median of the training patients where the model knows it, lesion size at that of this cohort."
    assert said in by.tables(subgroup_parts(by.view(by.validation(), subgroups=rows)))["subgroups"].caption
    assert said not in by.tables(subgroup_parts(by.view(subgroups=ROWS)))["subgroups"].caption


def test_many_rows_scroll_and_none_are_no_chapter() -> None:
    long = by.tables(subgroup_parts(by.view(subgroups=pd.concat([ROWS] * 4, ignore_index=True))))["subgroups"]
    assert long.long
    assert list(subgroup_parts(by.view())) == []


def test_headings() -> None:
    assert by.headings(subgroup_parts(by.view(subgroups=ROWS))) == [
        ("drawing", "subgroups", "AUC by subgroup, Test"),
        ("table", "subgroups", "AUC by subgroup"),
    ]
    rows = ROWS.assign(outcome="low", signature="Clinical")
    assert by.headings(subgroup_parts(by.view(by.three_classes(), subgroups=rows)))[0] == (
        "drawing", "subgroups_2", "AUC by subgroup, Test: low",
    )  # fmt: skip
