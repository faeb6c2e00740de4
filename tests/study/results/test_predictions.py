"""Long predictions and the thresholds learned on them, worked by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sonoher2.config.evaluation import EvaluationConfig
from sonoher2.study.results.predictions import each_part, learn_thresholds, long_predictions

TWO = np.array([[0.9, 0.1], [0.3, 0.7]])
THREE = np.array([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7]])


def labels(*values: int) -> pd.Series:
    return pd.Series(values, index=pd.Index([f"P{i}" for i in range(len(values))], name="patient_id"))


def test_of_two_classes_the_second_is_the_outcome() -> None:
    rows = long_predictions({"Clinical": TWO}, labels(1, 0), ("negative", "positive"), "test")
    assert rows.to_dict("list") == {
        "patient_id": ["P0", "P1"],
        "set": ["test", "test"],
        "label": ["positive", "negative"],
        "outcome": ["positive", "positive"],
        "signature": ["Clinical", "Clinical"],
        "score": [0.1, 0.7],
    }


def test_of_three_classes_each_is_an_outcome_with_its_own_column() -> None:
    rows = long_predictions({"A": THREE, "B": 1 - THREE}, labels(2, 0), ("zero", "low", "positive"), "train_oof")
    assert len(rows) == 12
    found = rows[rows["patient_id"] == "P1"].set_index(["signature", "outcome"])["score"]
    assert found.to_dict() == pytest.approx(
        {
            **{("A", "zero"): 0.1, ("A", "low"): 0.2, ("A", "positive"): 0.7},
            **{("B", "zero"): 0.9, ("B", "low"): 0.8, ("B", "positive"): 0.3},
        }
    )
    assert rows.drop_duplicates("patient_id").set_index("patient_id")["label"].to_dict() == {
        "P0": "positive",
        "P1": "zero",
    }
    # parts come in the order in which they appear, not by the alphabet
    assert [key for key, _ in each_part(rows, ["outcome"])] == [("zero",), ("low",), ("positive",)]


def training() -> pd.DataFrame:
    """Three cases and four controls; the second signature has scores of its own."""
    y = ["yes"] * 3 + ["no"] * 4
    rows = pd.DataFrame({"patient_id": list("ABCDEFG"), "set": "train_oof", "label": y, "outcome": "yes"})
    first = rows.assign(signature="first", score=[0.9, 0.6, 0.3, 0.7, 0.4, 0.2, 0.1])
    return pd.concat([first, rows.assign(signature="second", score=[0.8, 0.8, 0.8, 0.5, 0.5, 0.5, 0.9])])


@pytest.mark.parametrize(
    ("rule", "at", "thresholds", "words"),
    [
        # index of the first from 0.9, 0.7, 0.6, 0.4, 0.3 on: 1/3, 1/12, 5/12, 1/6, 1/2
        ("youden", 0.9, [0.25, 0.65], "largest Youden index"),
        # two of three cases are enough from 0.6 on, and all three are needed from 0.7 on
        ("sensitivity", 0.6, [0.5, 0.65], "sensitivity at least 0.6"),
        ("sensitivity", 0.7, [0.25, 0.65], "sensitivity at least 0.7"),
        # three of four controls are below: the highest alone may be positive
        ("specificity", 0.75, [0.5, 0.65], "specificity at least 0.75"),
    ],
)
def test_thresholds_of_each_rule(rule: str, at: float, thresholds: list[float], words: str) -> None:
    """A threshold lies in the middle between the lowest score that is positive and the next one below."""
    evaluation = EvaluationConfig.model_validate({"threshold": rule, "threshold_at": at})
    table = learn_thresholds(training(), evaluation)
    assert table[["signature", "outcome"]].to_numpy().tolist() == [["first", "yes"], ["second", "yes"]]
    assert table["threshold"].tolist() == pytest.approx(thresholds)
    assert table["rule"].tolist() == [words, words]
