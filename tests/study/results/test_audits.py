"""Audits are read back beside the very study that they are of, and beside no other."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sonoher2.study.results.audits import NullAudit, PlantedAudit, load_audits, study_key, write_audit

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


def test_the_best_of_a_run_is_that_of_all_models_and_signatures() -> None:
    """In the second run a model is better than the signature, in the others it is not."""
    models = RUNS.drop(columns="signature").assign(family="Radiomics", model="svm", auc=[0.7, 0.6, 0.4])
    best = NullAudit(RUNS, SUMMARY, models=models).best
    assert best.columns.tolist() == ["run", "set", "outcome", "auc"]
    assert best["auc"].tolist() == [0.8, 0.6, 0.4]
    # where models were compared in some runs only, nothing is said
    assert NullAudit(RUNS, SUMMARY, models=models[:2]).best.empty
    assert NullAudit(RUNS, SUMMARY).best.empty


def test_models_of_an_earlier_audit_are_gone(tmp_path: Path) -> None:
    models = pd.DataFrame({"run": [0], "family": ["Radiomics"], "model": ["svm"], "auc": [0.7]})
    write_audit(NullAudit(RUNS, SUMMARY, {}, models), PREDICTIONS, tmp_path)
    found = load_audits(PREDICTIONS, tmp_path).null
    assert found is not None
    pd.testing.assert_frame_equal(found.models, models, check_dtype=False)
    write_audit(NullAudit(RUNS, SUMMARY), PREDICTIONS, tmp_path)
    again = load_audits(PREDICTIONS, tmp_path).null
    assert again is not None
    assert again.models.empty


def test_a_planted_signal_stands_beside_permuted_labels(tmp_path: Path) -> None:
    write_audit(NullAudit(RUNS, SUMMARY, {}, RUNS), PREDICTIONS, tmp_path)
    planted = RUNS.assign(share=0.5)
    write_audit(PlantedAudit(planted, SUMMARY, {"runs": 3}), PREDICTIONS, tmp_path)
    found = load_audits(PREDICTIONS, tmp_path)
    assert found.null is not None
    assert found.planted is not None
    assert "share" in found.planted.runs
    assert found.planted.settings == {"runs": 3}
    assert sorted(path.name for path in (tmp_path / "audit").iterdir()) == [
        "null.csv", "null.json", "null_models.csv", "null_summary.csv", "planted.csv", "planted.json",
        "planted_summary.csv",
    ]  # fmt: skip
