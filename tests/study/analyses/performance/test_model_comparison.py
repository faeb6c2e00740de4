"""Figures of each model by itself, worked by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from sonoher2.config.evaluation import EvaluationConfig
from sonoher2.study.analyses.performance import model_comparison as module
from sonoher2.study.analyses.performance.model_comparison import SCHEMA, SIGNATURES, model_table
from sonoher2.study.analyses.performance.signatures import main_signature

LABELS = ["yes", "yes", "yes", "no", "no", "no"]
# AUC by pairs of a case and a control: 9, 8, 6 and 5 of 9 are right
NINE, EIGHT, SIX = [0.9, 0.8, 0.7, 0.3, 0.2, 0.1], [0.9, 0.8, 0.3, 0.7, 0.2, 0.1], [0.9, 0.4, 0.3, 0.7, 0.2, 0.35]


def rows(name: str, family: str, model: str, subset: str, scores: list[float]) -> pd.DataFrame:
    patients = [f"{subset}{i}" for i in range(6)]
    table = pd.DataFrame({"patient_id": patients, "set": subset, "label": LABELS, "outcome": "yes"})
    return table.assign(signature=name, score=scores, family=family, model=model)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    models = pd.concat(
        [
            rows("Radiomics: svm", "Radiomics", "svm", "train_oof", NINE),
            rows("Radiomics: svm", "Radiomics", "svm", "test", SIX),
            rows("Radiomics: knn", "Radiomics", "knn", "train_oof", SIX),
            rows("Radiomics: knn", "Radiomics", "knn", "test", NINE),
        ]
    )
    own = [rows("Radiomics", "", "", "train_oof", EIGHT), rows("Radiomics", "", "", "test", EIGHT)]
    signatures = pd.concat(own).drop(columns=["family", "model"])
    return model_table(models, signatures, EvaluationConfig(bootstrap=100), 0)


def row(table: pd.DataFrame, family: str, model: str, subset: str) -> pd.Series:
    chosen = table[(table["family"] == family) & (table["model"] == model) & (table["set"] == subset)]
    assert len(chosen) == 1
    return chosen.iloc[0]


def test_each_model_and_signature_has_a_row_in_each_set(table: pd.DataFrame) -> None:
    SCHEMA.check(table, "models")
    assert len(table) == 6
    assert row(table, "Radiomics", "svm", "train_oof")["auc"] == pytest.approx(1)
    assert row(table, "Radiomics", "svm", "test")["auc"] == pytest.approx(6 / 9)
    assert row(table, "Radiomics", "knn", "train_oof")["auc"] == pytest.approx(6 / 9)
    assert row(table, "Radiomics", "knn", "test")["auc"] == pytest.approx(1)
    assert row(table, SIGNATURES, "Radiomics", "test")["auc"] == pytest.approx(8 / 9)
    assert table["n"].tolist() == [6] * 6
    assert table["events"].tolist() == [3] * 6


def test_the_best_is_that_of_training_and_differences_are_to_it(table: pd.DataFrame) -> None:
    assert np.isnan(row(table, "Radiomics", "svm", "train_oof")["difference"])
    assert np.isnan(row(table, "Radiomics", "svm", "test")["difference"])
    # in the test set knn is better than the best of training: by 9/9 less 6/9
    assert row(table, "Radiomics", "knn", "test")["difference"] == pytest.approx(3 / 9)
    assert row(table, "Radiomics", "knn", "train_oof")["difference"] == pytest.approx(-3 / 9)
    assert row(table, SIGNATURES, "Radiomics", "test")["difference"] == pytest.approx(2 / 9)


def test_each_is_cut_at_its_own_training_threshold(table: pd.DataFrame) -> None:
    svm, knn = row(table, "Radiomics", "svm", "test"), row(table, "Radiomics", "knn", "test")
    # svm tells the training patients apart at 0.5, midway between 0.3 and 0.7; knn does best lower
    assert svm["threshold"] == pytest.approx(0.5)
    # cases 0.9, 0.4, 0.3; controls 0.7, 0.2, 0.35
    assert (svm["sensitivity"], svm["specificity"]) == (pytest.approx(1 / 3), pytest.approx(2 / 3))
    assert svm["f1"] == pytest.approx(2 * 1 / (2 * 1 + 1 + 2))
    assert knn["threshold"] < 0.5
    assert knn["sensitivity"] == pytest.approx(1)
    assert svm["brier"] == pytest.approx((0.1**2 + 0.6**2 + 0.7**2 + 0.7**2 + 0.2**2 + 0.35**2) / 6)


def test_holm_is_over_all_of_a_set(table: pd.DataFrame) -> None:
    tested = table[(table["set"] == "test") & table["p"].notna()].sort_values("p")
    first, second = tested["p"]
    assert tested["p_holm"].tolist() == pytest.approx([min(1, 2 * first), max(min(1, 2 * first), second)])
    # DeLong of 8/9 against 6/9, worked by structural components
    placed_a, placed_b = np.array([1, 1, 2 / 3]), np.array([1, 2 / 3, 1 / 3])
    placed_c, placed_d = np.array([2 / 3, 1, 1]), np.array([1 / 3, 1, 2 / 3])
    variance = np.var(placed_a - placed_b, ddof=1) / 3 + np.var(placed_c - placed_d, ddof=1) / 3
    expected = 2 * norm.sf(2 / 9 / np.sqrt(variance))
    assert row(table, SIGNATURES, "Radiomics", "test")["p"] == pytest.approx(expected)


def test_the_best_is_the_first_of_equals_and_never_looks_at_the_test_set() -> None:
    figures = pd.DataFrame(
        {
            "signature": ["a", "b", "c", "a", "b", "c"],
            "set": ["train_oof"] * 3 + ["test"] * 3,
            "outcome": "yes",
            "auc": [0.7, 0.8, 0.8, 0.99, 0.5, 0.6],
        }
    )
    assert main_signature(figures) == "b"


def test_only_a_study_that_compares_models_has_their_tables() -> None:
    evaluation = EvaluationConfig(bootstrap=100)
    asked: list[Any] = []
    models = pd.DataFrame({"model": ["svm"]})
    scored: Any = SimpleNamespace(
        study=SimpleNamespace(evaluation=evaluation, seed=7), predictions="predictions", models=models,
        context=SimpleNamespace(run=lambda *given: asked.extend(given) or "table"),
    )  # fmt: skip
    assert module.MODELS.compute(scored) == "table"
    step, first, second, judged, seed = asked
    assert (step, first is models, second, judged.value, seed) == (module.STEP, True, "predictions", evaluation, 7)
    assert module.MODEL_PREDICTIONS.compute(scored) is models
    for analysis in (module.MODELS, module.MODEL_PREDICTIONS):
        assert analysis.applies(scored)
        assert not analysis.applies(SimpleNamespace(models=pd.DataFrame()))  # type: ignore[arg-type]


def test_the_best_model_alone_is_compared_with_nothing() -> None:
    models = rows("a", "Radiomics", "svm", "train_oof", NINE)
    found = module._distances(pd.concat([models, models.assign(set="test")]), "a", 0.95)
    assert found.empty
    other = pd.concat([models, rows("b", "Radiomics", "knn", "train_oof", SIX)])
    wide, narrow = (module._distances(other, "a", level).iloc[0] for level in (0.95, 0.5))
    assert narrow["high"] - narrow["low"] < wide["high"] - wide["low"]
    assert wide["difference"] == pytest.approx(-3 / 9)


def test_columns_stand_in_the_order_in_which_they_are_read(table: pd.DataFrame) -> None:
    assert list(table) == list(SCHEMA.names)
    assert SCHEMA.names[:6] == ("family", "model", "set", "outcome", "n", "events")
    assert SCHEMA.names[-6:] == ("threshold", "difference", "low", "high", "p", "p_holm")
    assert "brier_low" not in SCHEMA.names
    assert "f1_low" in SCHEMA.names
    assert module.PREDICTIONS.names == (
        "patient_id", "set", "label", "outcome", "signature", "score", "family", "model",
    )  # fmt: skip
