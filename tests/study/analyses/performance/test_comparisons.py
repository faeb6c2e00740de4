"""Comparisons of signatures: the sign, the patients' order, and the correction within a set and outcome."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

from sonoher2.study.analyses.performance import comparisons as module
from sonoher2.study.analyses.performance.comparisons import comparison_table

LABELS = dict.fromkeys("ABC", "yes") | dict.fromkeys("DEF", "no")
WEAK = {"A": 0.9, "B": 0.4, "C": 0.1, "D": 0.5, "E": 0.3, "F": 0.2}
STRONG = {"A": 0.9, "B": 0.8, "C": 0.3, "D": 0.4, "E": 0.2, "F": 0.1}


def rows(signature: str, scores: dict[str, float], order: str = "ABCDEF", subset: str = "test") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "patient_id": list(order),
            "set": subset,
            "label": [LABELS[name] for name in order],
            "outcome": "yes",
            "signature": signature,
            "score": [scores[name] for name in order],
        }
    )


@pytest.mark.parametrize("order", ["ABCDEF", "FDBECA"])
def test_the_difference_is_the_first_minus_the_second_patient_by_patient(order: str) -> None:
    """Of nine pairs five are right by the weak score and eight by the strong one."""
    [row] = comparison_table(pd.concat([rows("weak", WEAK, order), rows("strong", STRONG, order[::-1])]), 0.95).to_dict(
        "records"
    )
    assert (row["a"], row["b"], row["set"], row["outcome"]) == ("weak", "strong", "test", "yes")
    assert (row["auc_a"], row["auc_b"]) == (pytest.approx(5 / 9), pytest.approx(8 / 9))
    assert row["difference"] == pytest.approx(-1 / 3)
    assert row["low"] < -1 / 3 < row["high"]
    assert row["z"] < 0
    assert row["p"] == row["p_holm"]


def test_three_signatures_are_corrected_within_each_set() -> None:
    rng = np.random.default_rng(0)
    parts = []
    for subset in ("train_oof", "test"):
        y = np.repeat([1, 0], [40, 60])
        base = pd.DataFrame({"patient_id": [f"{subset}{i}" for i in range(100)], "set": subset, "outcome": "yes"})
        base["label"] = np.where(y == 1, "yes", "no")
        parts += [base.assign(signature=f"s{k}", score=rng.normal(size=100) + 0.4 * k * y) for k in range(3)]
    table = comparison_table(pd.concat(parts, ignore_index=True), 0.95)
    assert table.groupby("set", sort=False).size().to_dict() == {"train_oof": 3, "test": 3}
    for _, own in table.groupby("set"):
        np.testing.assert_allclose(own["p_holm"], multipletests(own["p"], method="holm")[1])


def test_one_signature_has_nothing_to_be_compared_with() -> None:
    assert comparison_table(rows("weak", WEAK), 0.95).empty


def test_the_analysis_asks_with_the_level_of_the_study() -> None:
    asked: list[object] = []
    scored: Any = SimpleNamespace(
        predictions="predictions", confidence=0.9, context=SimpleNamespace(run=lambda *given: asked.extend(given))
    )
    module.ANALYSIS.compute(scored)
    assert asked == [module.STEP, "predictions", 0.9]
    table = comparison_table(pd.concat([rows("weak", WEAK), rows("strong", STRONG)]), 0.5)
    assert list(table) == list(module.SCHEMA.names)
    wide = comparison_table(pd.concat([rows("weak", WEAK), rows("strong", STRONG)]), 0.95)
    assert (table["high"] - table["low"]).iloc[0] < (wide["high"] - wide["low"]).iloc[0]
