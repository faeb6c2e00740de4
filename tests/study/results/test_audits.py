"""Audits are read back beside the very study that they are of, and beside no other."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sonoher2.study.results.audits import NullAudit, load_audits, study_key, write_audit

PREDICTIONS = pd.DataFrame({"patient_id": ["A", "B"], "signature": "Clinical", "score": [0.25, 0.75]})
RUNS = pd.DataFrame(
    {"run": [0, 1, 2], "signature": "Clinical", "set": "test", "outcome": "yes", "auc": [0.8, 0.5, 0.4]}
)
SUMMARY = pd.DataFrame({"signature": ["Clinical"], "set": "test", "real": 0.8, "runs": 2, "mean": 0.45, "p": 1 / 3})


def test_an_audit_comes_back_with_its_settings(tmp_path: Path) -> None:
    write_audit(NullAudit(RUNS, SUMMARY, {"cheap": True}), PREDICTIONS, tmp_path)
    found = load_audits(PREDICTIONS, tmp_path)
    assert found.planted is None
    assert found.null is not None
    assert found.null.settings["cheap"] is True
    assert "study" not in found.null.settings
    pd.testing.assert_frame_equal(found.null.runs, RUNS, check_dtype=False)
    pd.testing.assert_frame_equal(found.null.summary, SUMMARY, check_dtype=False)
    # the first run has the real labels
    assert found.null.permuted["auc"].tolist() == [0.5, 0.4]


def test_an_audit_of_other_predictions_is_of_another_study(tmp_path: Path) -> None:
    write_audit(NullAudit(RUNS, SUMMARY), PREDICTIONS, tmp_path)
    assert load_audits(PREDICTIONS.assign(score=[0.25, 0.76]), tmp_path).null is None
    assert load_audits(PREDICTIONS, tmp_path / "elsewhere").null is None


def test_rounding_of_the_last_digits_does_not_make_another_study() -> None:
    assert study_key(PREDICTIONS.assign(score=[0.25 + 1e-13, 0.75])) == study_key(PREDICTIONS)
    assert study_key(PREDICTIONS.assign(score=[0.25 + 1e-6, 0.75])) != study_key(PREDICTIONS)
