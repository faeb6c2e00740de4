"""Reclassification at the frozen threshold of each signature, worked by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from sonoher2.study.analyses.performance.added_value import ANALYSIS, SCHEMA, added_value_table

LABELS = {"A": "yes", "B": "yes", "C": "yes", "D": "no", "E": "no"}
SCORES = {
    "Clinical": {"A": 0.6, "B": 0.4, "C": 0.4, "D": 0.6, "E": 0.4},
    "Combined": {"A": 0.6, "B": 0.3, "C": 0.2, "D": 0.25, "E": 0.1},
}
THRESHOLDS = pd.DataFrame(
    {"signature": ["Clinical", "Combined"], "outcome": "yes", "threshold": [0.5, 0.3], "rule": "by hand"}
)


def predictions(subset: str = "test") -> pd.DataFrame:
    rows = [
        {
            "patient_id": patient,
            "set": subset,
            "label": LABELS[patient],
            "outcome": "yes",
            "signature": name,
            "score": s,
        }
        for name, of in SCORES.items()
        for patient, s in of.items()
    ]
    return pd.DataFrame(rows)


def test_each_signature_is_cut_at_its_own_threshold_and_a_score_at_it_is_positive() -> None:
    table = added_value_table(predictions(), THRESHOLDS, 0.95).set_index("measure")
    assert table["old"].unique().tolist() == ["Clinical"]
    assert table["new"].unique().tolist() == ["Combined"]
    nri = table.loc["NRI"]
    # B comes up to 0.3 of three cases; D goes down of two controls
    assert nri["cases"] == pytest.approx(1 / 3)
    assert nri["controls"] == pytest.approx(1 / 2)
    assert nri["total"] == pytest.approx(5 / 6)
    assert nri["total_low"] < nri["total"] < nri["total_high"]


def test_any_rise_counts_in_the_continuous_measure_and_means_in_the_improvement() -> None:
    table = added_value_table(predictions(), THRESHOLDS, 0.95).set_index("measure")
    # of the cases none rises and two fall; of the controls both fall
    assert table.loc["continuous NRI", "cases"] == pytest.approx(-2 / 3)
    assert table.loc["continuous NRI", "controls"] == pytest.approx(1)
    # means of the cases 1.4/3 and 1.1/3, of the controls 0.5 and 0.175
    assert table.loc["IDI", "cases"] == pytest.approx(-0.1)
    assert table.loc["IDI", "controls"] == pytest.approx(0.325)
    assert table.loc["IDI", "total"] == pytest.approx(0.225)


def test_sets_are_told_apart() -> None:
    both = pd.concat([predictions("train_oof").assign(score=0.9), predictions("test")], ignore_index=True)
    nri = added_value_table(both, THRESHOLDS, 0.95).query("measure == 'NRI'").set_index("set")
    assert nri.loc["train_oof", "total"] == 0
    assert nri.loc["test", "total"] == pytest.approx(5 / 6)


def test_patients_are_paired_whatever_the_order_of_the_rows() -> None:
    rows = predictions()
    given = added_value_table(rows, THRESHOLDS, 0.95)
    pd.testing.assert_frame_equal(added_value_table(rows.iloc[[4, 2, 0, 1, 3, *range(5, 10)]], THRESHOLDS, 0.95), given)


def test_the_analysis_uses_the_level_of_the_study() -> None:
    scored: Any = SimpleNamespace(predictions=predictions(), thresholds=THRESHOLDS, confidence=0.95)
    wide = ANALYSIS.compute(scored)
    assert list(wide) == ["set", "outcome", "old", "new", "measure", *list(SCHEMA.names[5:])]
    assert SCHEMA.names[:6] == ("set", "outcome", "old", "new", "measure", "cases")
    scored.confidence = 0.5
    narrow = ANALYSIS.compute(scored)
    assert narrow["total"].tolist() == wide["total"].tolist()
    for name in ("NRI", "continuous NRI", "IDI"):
        of = [table.set_index("measure").loc[name] for table in (narrow, wide)]
        less, more = (row["total_high"] - row["total_low"] for row in of)
        assert less < more, name
