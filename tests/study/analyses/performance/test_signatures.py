"""Metrics at the frozen threshold, worked by hand, and the choice of the main signature."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sonoher2.config.evaluation import EvaluationConfig
from sonoher2.study.analyses.performance import signatures as module
from sonoher2.study.analyses.performance.signatures import MACRO, main_signature, signature_table

EVALUATION = EvaluationConfig(bootstrap=100)
CASES, CONTROLS = [0.9, 0.5, 0.2], [0.5, 0.1, 0.05]


def predictions(subset: str, cases: list[float], controls: list[float]) -> pd.DataFrame:
    labels = ["yes"] * len(cases) + ["no"] * len(controls)
    names = [f"{subset}{i}" for i in range(len(labels))]
    rows = pd.DataFrame({"patient_id": names, "set": subset, "label": labels, "outcome": "yes"})
    return rows.assign(signature="Clinical", score=[*cases, *controls])


def thresholds(value: float) -> pd.DataFrame:
    return pd.DataFrame({"signature": ["Clinical"], "outcome": "yes", "threshold": value})


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    both = [predictions("train_oof", CONTROLS, CASES), predictions("test", CASES, CONTROLS)]
    return signature_table(pd.concat(both, ignore_index=True), thresholds(0.5), EVALUATION, 0).set_index("set")


def test_a_probability_equal_to_the_threshold_is_positive(table: pd.DataFrame) -> None:
    """Two of three cases and one of three controls are positive: one of each stands exactly at the threshold."""
    row = table.loc["test"]
    for name in ("sensitivity", "specificity", "ppv", "npv", "accuracy", "f1"):
        assert row[name] == pytest.approx(2 / 3), name
    assert row["threshold"] == 0.5


def test_the_auc_counts_pairs_and_half_of_the_ties(table: pd.DataFrame) -> None:
    """Of nine pairs seven are right and one is a tie."""
    row = table.loc["test"]
    assert row["auc"] == pytest.approx(7.5 / 9)
    assert row["auc_low"] < 7.5 / 9 < row["auc_high"]
    assert (row["n"], row["events"]) == (6, 3)
    # (0.1² + 0.5² + 0.8² + 0.5² + 0.1² + 0.05²) / 6
    assert row["brier"] == pytest.approx(1.1625 / 6)


def test_sets_are_told_apart(table: pd.DataFrame) -> None:
    """In training cases and controls have changed places."""
    row = table.loc["train_oof"]
    assert row["auc"] == pytest.approx(1.5 / 9)
    assert row["sensitivity"] == row["specificity"] == pytest.approx(1 / 3)


def test_the_macro_row_is_the_mean_over_classes_against_the_rest() -> None:
    """Of three classes with two patients each: AUCs by counting eight pairs each."""
    classes = ("zero", "low", "positive")
    labels = ["zero", "zero", "low", "low", "positive", "positive"]
    of = {
        "zero": [0.8, 0.7, 0.1, 0.75, 0.2, 0.3],
        "low": [0.1, 0.2, 0.6, 0.05, 0.15, 0.3],
        "positive": [0.1, 0.1, 0.3, 0.2, 0.65, 0.4],
    }
    rows = pd.concat(
        [
            pd.DataFrame({"patient_id": list("ABCDEF"), "label": labels, "outcome": name, "score": of[name]})
            for name in classes
        ]
    ).assign(set="test", signature="Clinical")
    frozen = pd.DataFrame({"signature": "Clinical", "outcome": list(classes), "threshold": 0.5})
    found = signature_table(rows, frozen, EVALUATION, 0).set_index("outcome")["auc"]
    assert found["zero"] == pytest.approx(7 / 8)
    assert found["low"] == pytest.approx(4 / 8)
    assert found["positive"] == pytest.approx(1)
    assert found[MACRO] == pytest.approx((7 / 8 + 4 / 8 + 1) / 3)


def test_the_main_signature_has_the_highest_mean_over_outcomes_in_training() -> None:
    """0.70 of the first and 0.75 of the second; the macro row and the test set have no say."""
    rows = [("first", "low", 0.9, 0.9), ("first", "positive", 0.5, 0.9), ("first", MACRO, 0.99, 0.9)]
    rows += [("second", "low", 0.8, 0.1), ("second", "positive", 0.7, 0.1), ("second", MACRO, 0.1, 0.1)]
    table = pd.DataFrame(
        [
            {"signature": name, "outcome": outcome, "set": subset, "auc": auc}
            for name, outcome, training, test in rows
            for subset, auc in (("train_oof", training), ("test", test))
        ]
    )
    assert main_signature(table) == "second"
    equal = table.assign(auc=0.7)
    assert main_signature(equal) == "first"
    assert np.isclose(equal["auc"], 0.7).all()


def test_intervals_are_of_the_level_that_is_asked_for() -> None:
    given = predictions("test", CASES, CONTROLS)
    wide, narrow = (
        signature_table(given, thresholds(0.5), EvaluationConfig(bootstrap=100, confidence=level), 0).iloc[0]
        for level in (0.95, 0.6)
    )
    for name in ("auc", "sensitivity", "specificity", "auc_boot"):
        ends = [f"{name}_low", f"{name}_high"]
        assert narrow[ends[1]] - narrow[ends[0]] < wide[ends[1]] - wide[ends[0]], name
    assert narrow["auc"] == wide["auc"]


def test_the_analysis_asks_with_predictions_thresholds_and_seed() -> None:
    evaluation = EvaluationConfig(bootstrap=100)
    asked: list[Any] = []
    scored: Any = SimpleNamespace(
        study=SimpleNamespace(evaluation=evaluation, seed=7), predictions="predictions", thresholds="thresholds",
        context=SimpleNamespace(run=lambda *given: asked.extend(given) or "table"),
    )  # fmt: skip
    assert module.ANALYSIS.compute(scored) == "table"
    step, first, second, judged, seed = asked
    assert (step, first, second, judged.value, seed) == (module.STEP, "predictions", "thresholds", evaluation, 7)
    known = str(judged.key)
    for change, other in (({"bootstrap": 200}, True), ({"confidence": 0.9}, True), ({"threshold": "youden"}, False)):
        scored.study.evaluation = evaluation.model_copy(update=change)
        asked.clear()
        module.ANALYSIS.compute(scored)
        assert (str(asked[3].key) != known) is other
    assert module.SCHEMA.names[:8] == (
        "signature", "set", "n", "events", "auc", "auc_low", "auc_high", "outcome",
    )  # fmt: skip
