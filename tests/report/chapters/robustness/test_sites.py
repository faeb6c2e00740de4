"""Sites, and what harmonising them changed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

import report_by_hand as by
from sonoher2.config.images import ImagesConfig
from sonoher2.core.columns import TEST, TRAIN_OOF
from sonoher2.report.chapters.robustness.sites import site_parts
from sonoher2.study.analyses.robustness.sites import FURTHER, POOLED

ROWS = pd.DataFrame(
    [
        (TRAIN_OOF, "North", 1200, 500, 0.71, 0.61, 0.83, np.nan),
        (TRAIN_OOF, POOLED, 1200, 500, 0.72, 0.62, 0.84, 0.12),
        (TEST, "North", 40, 13, 0.73, 0.63, 0.85, np.nan),
        (TEST, "South", 6, 2, np.nan, np.nan, np.nan, np.nan),
        (TEST, POOLED, 46, 15, 0.74, 0.64, 0.86, 0.34),
        (TEST, FURTHER, 46, 15, 0.74, 0.5, 0.9, np.nan),
    ],
    columns=["set", "site", "n", "events", "auc", "auc_low", "auc_high", "i2"],
).assign(signature="Radiomics", outcome=by.YES)
EFFECTS = pd.DataFrame(
    [
        (TRAIN_OOF, False, 1300, 3, 0.2222, 0.66),
        (TRAIN_OOF, True, 1300, 3, 0.011, 0.05),
        (TEST, True, 46, 2, 0.03, 0.1),
    ],
    columns=["set", "harmonised", "patients", "sites", "explained", "differing"],
)
RESULTS = pd.DataFrame(
    [
        ("Radiomics", TRAIN_OOF, by.YES, 0.7, 0.6, 0.82, 0.0321, -0.01, 0.05, 0.11),
        ("Radiomics", TEST, by.YES, 0.75, 0.65, 0.87, -0.0456, -0.09, 0.02, 0.22),
    ],
    columns=[
        "signature", "set", "outcome", "auc", "auc_low", "auc_high", "difference", "low", "high", "switched",
    ],
)  # fmt: skip


def test_cells_by_site() -> None:
    table = by.tables(site_parts(by.view(sites=ROWS)))["sites"]
    assert table.shown.columns.tolist() == ["Signature", "Set", "Site", "n", "Events", "AUC", "I²"]
    assert table.shown.to_numpy().tolist() == [
        ["Radiomics", "Training", "North", "1,200", "500", "0.71 (0.61–0.83)", ""],
        ["Radiomics", "Training", "Pooled", "1,200", "500", "0.72 (0.62–0.84)", "12%"],
        ["Radiomics", "Test", "North", "40", "13", "0.73 (0.63–0.85)", ""],
        ["Radiomics", "Test", "South", "6", "2", "–", ""],
        ["Radiomics", "Test", "Pooled", "46", "15", "0.74 (0.64–0.86)", "34%"],
        ["Radiomics", "Test", "Expected at a further site", "46", "15", "0.74 (0.50–0.90)", ""],
    ]


def test_each_set_has_its_figure() -> None:
    figures = by.drawings(site_parts(by.view(sites=ROWS)))
    assert [part.title for part in figures.values()] == ["AUC by site: Training (out of fold)", "AUC by site: Test"]
    texts = [text.get_text() for text in figures["sites_test"].figure.axes[0].texts]
    assert "13/40" in texts
    assert "500/1200" not in texts
    assert "left out in turn" not in figures["sites_train_oof"].caption


def test_each_of_several_outcomes_has_its_figure() -> None:
    rows = ROWS.assign(signature="Clinical")
    both = pd.concat([rows.assign(outcome="low"), rows.assign(outcome="high")], ignore_index=True)
    figures = by.drawings(site_parts(by.view(by.three_classes(), sites=both)))
    assert {name: part.title for name, part in figures.items()} == {
        "sites_train_oof_2": "AUC by site: Training (out of fold): low",
        "sites_train_oof_3": "AUC by site: Training (out of fold): high",
        "sites_test_2": "AUC by site: Test: low",
        "sites_test_3": "AUC by site: Test: high",
    }


def test_sites_that_were_left_out_in_turn_are_told_of_training_alone() -> None:
    config = by.study_config()
    folds = config.validation.model_copy(update={"by": "site"})
    result = by.study(config=config.model_copy(update={"validation": folds}), sites=ROWS)
    figures = by.drawings(site_parts(by.view(result)))
    assert figures["sites_train_oof"].caption.endswith("Each training site was left out in turn.")
    assert "left out in turn" not in figures["sites_test"].caption


def test_a_set_whose_sites_are_too_small_has_no_figure() -> None:
    rows = ROWS.assign(auc=ROWS["auc"].where(ROWS["set"] == TEST))
    assert list(by.drawings(site_parts(by.view(sites=rows)))) == ["sites_test"]


def test_harmonisation_cells() -> None:
    images = ImagesConfig(table=Path("images.csv"), site="site")
    config = by.study_config(images=images, harmonise={"reference": "North"})
    found = by.tables(site_parts(by.view(config=config, site_effects=EFFECTS, harmonised=RESULTS)))
    assert list(found) == ["harmonisation_features", "harmonisation"]
    assert found["harmonisation_features"].shown.to_numpy().tolist() == [
        ["Training", "as measured", "1,300", "3", "22.2%", "66%"],
        ["Training", "harmonised", "1,300", "3", "1.1%", "5%"],
        ["Test", "harmonised", "46", "2", "3.0%", "10%"],
    ]
    assert found["harmonisation_features"].caption.startswith("ComBat towards North,")
    assert found["harmonisation"].shown.to_numpy().tolist() == [
        ["Radiomics", "Training", "0.70 (0.60–0.82)", "0.032 (−0.010 to 0.050)", "11%"],
        ["Radiomics", "Test", "0.75 (0.65–0.87)", "−0.046 (−0.090 to 0.020)", "22%"],
    ]


def test_nothing_for_one_site() -> None:
    assert list(site_parts(by.view())) == []
