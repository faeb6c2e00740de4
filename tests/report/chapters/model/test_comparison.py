"""Comparison of models: words, cells and figures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

import report_by_hand as by
from sonoher2.config.deep import DeepConfig
from sonoher2.report.chapters.model.comparison import comparison_parts
from sonoher2.report.content.parts import Text
from sonoher2.study.results.audits import Audits, NullAudit
from sonoher2.study.results.parts import StudyResult


def figures() -> pd.DataFrame:
    rows = [
        ("Radiomics", "logistic", "train_oof", 7, 3, 0.81, np.nan, np.nan, np.nan, np.nan, np.nan),
        ("Radiomics", "logistic", "test", 5, 2, 0.72, np.nan, np.nan, np.nan, np.nan, np.nan),
        ("Radiomics", "knn", "train_oof", 7, 3, 0.65, -0.16, -0.30, -0.02, 0.02, 0.04),
        ("Radiomics", "knn", "test", 5, 2, 0.70, -0.02, -0.10, 0.06, 0.60, 1.0),
        ("Signatures", "Radiomics", "train_oof", 7, 3, 0.80, -0.01, -0.03, 0.01, 0.30, 0.3),
        ("Signatures", "Radiomics", "test", 5, 2, 0.71, -0.01, -0.04, 0.02, 0.70, 1.0),
    ]
    names = ["family", "model", "set", "n", "events", "auc", "difference", "low", "high", "p", "p_holm"]
    table = pd.DataFrame(rows, columns=names).assign(
        outcome=by.YES, sensitivity=0.61, specificity=0.72, f1=0.53, calibration_slope=1.1, calibration_intercept=-0.2,
        brier=0.1234, threshold=0.4,
    )  # fmt: skip
    ended = ("auc", "sensitivity", "specificity", "f1", "calibration_slope", "calibration_intercept")
    return by.with_ends(table, 0.05, *ended)


def compared(**changes: object) -> StudyResult:
    own = by.study().performance.predictions
    radiomics = own[own["signature"] == "Radiomics"]
    models = pd.concat(
        [
            radiomics.assign(
                signature=f"Radiomics: {model}", family="Radiomics", model=model, score=radiomics["score"] * share
            )
            for model, share in (("logistic", 1.0), ("knn", 0.9))
        ],
        ignore_index=True,
    )
    signatures = own[own["signature"] == "Radiomics"]
    return by.study(models=figures(), model_predictions=models, predictions=signatures, **changes)


def words(result: StudyResult) -> str:
    return " ".join(p for part in comparison_parts(by.View(result)) if isinstance(part, Text) for p in part.paragraphs)


def test_cells() -> None:
    table = by.tables(comparison_parts(by.View(compared())))["models"].shown
    assert table.loc[2].to_dict() == {
        "Features": "Radiomics", "Model": "knn", "Set": "Training", "n": "7", "Events": "3",
        "AUC": "0.65 (0.60–0.75)", "Sensitivity": "0.61 (0.56–0.71)", "Specificity": "0.72 (0.67–0.82)",
        "F1": "0.53 (0.48–0.63)", "Brier score": "0.123", "Calibration slope": "1.10 (1.05–1.20)",
        "Calibration intercept": "−0.20 (−0.25 to −0.10)", "AUC less the best": "−0.16 (−0.30 to −0.02)",
        "p (Holm)": "0.040",
    }  # fmt: skip
    assert table.loc[1, ["Set", "n", "Events", "AUC less the best"]].tolist() == ["Test", "5", "2", "–"]


def test_it_says_how_many_were_looked_at_and_that_nothing_was_chosen() -> None:
    text = words(compared())
    assert "Each of 2 models" in text
    assert "beside the 1 signature: 3 in all" in text
    assert "Nothing was chosen by it: the main signature, Radiomics," in text
    assert "What the best of 3 would be by chance is not known yet" in text


def test_the_best_by_chance_is_of_all_models_and_signatures_in_the_test_set() -> None:
    models = pd.DataFrame(
        {
            "run": [0, 1, 2, 1, 2], "family": "Radiomics", "model": "knn",
            "set": ["test", "test", "test", "train_oof", "train_oof"], "outcome": by.YES,
            "auc": [0.70, 0.61, 0.50, 0.99, 0.99],
        }
    )  # fmt: skip
    runs = pd.DataFrame(
        {"run": [0, 1, 2], "signature": "Radiomics", "set": "test", "outcome": by.YES, "auc": [0.72, 0.40, 0.55]}
    )
    audit = NullAudit(runs, pd.DataFrame(), {}, models)
    text = words(compared(audits=Audits(null=audit)))
    # best of run 1: 0.61, of run 2: 0.55; their mean 0.58, 95% of them below 0.55 + 0.95 * 0.06
    assert "By chance the best of 2 has a test AUC of 0.58 on average (mean of 2 runs" in text
    assert text.endswith("95% of them stay below 0.61); with the real labels it is 0.72.")
    # a cheap audit has another network, for the real labels too
    result = by.configured(compared(audits=Audits(null=replace(audit, settings={"cheap": True}))), deep=DeepConfig())
    assert words(result).endswith("it is 0.72. Networks were replaced by a small frozen one, for the real labels too.")


def test_models_that_were_not_compared_by_chance_are_not_spoken_for() -> None:
    models = pd.DataFrame(
        {"run": [0], "family": "Radiomics", "model": "knn", "set": "test", "outcome": by.YES, "auc": [0.70]}
    )
    runs = pd.DataFrame(
        {"run": [0, 1, 2], "signature": "Radiomics", "set": "test", "outcome": by.YES, "auc": [0.72, 0.40, 0.55]}
    )
    text = words(compared(audits=Audits(null=NullAudit(runs, pd.DataFrame(), {}, models))))
    assert "By chance" not in text
    assert "What the best of 3 would be by chance is not known yet" in text


def test_figures() -> None:
    drawn = by.drawings(comparison_parts(by.View(compared())))
    assert list(drawn) == [
        "models_grid", "models_roc_train_oof", "models_roc_test", "models_calibration_train_oof",
        "models_calibration_test",
    ]  # fmt: skip
    labels = [
        text.get_text()
        for axes in drawn["models_roc_test"].figure.axes
        for text in (axes.get_legend().get_texts() if axes.get_legend() else [])
    ]
    assert labels == ["logistic (0.72)", "knn (0.70)", "Radiomics (0.71)"]
    cells = [[text.get_text() for text in axes.texts] for axes in drawn["models_grid"].figure.axes[:2]]
    assert cells == [["0.81", "0.65"], ["0.72", "0.70"]]


def test_a_study_without_it_has_no_chapter() -> None:
    assert list(comparison_parts(by.view())) == []
