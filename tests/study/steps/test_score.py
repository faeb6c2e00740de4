"""What a study freezes is learned on its training patients alone."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sonoher2.study.analyses.performance.uncertainty import learn_uncertainty
from sonoher2.study.results.predictions import learn_thresholds
from sonoher2.study.steps import score as module
from sonoher2.study.steps.score import frozen_thresholds, patient_table


def test_quantiles_limits_and_thresholds_are_of_the_training_scores(finished) -> None:
    result = finished.result
    predictions, evaluation = result.performance.predictions, result.about.config.evaluation
    training = predictions[predictions["set"] == "train_oof"]
    assert result.uncertainty.learned == learn_uncertainty(training, result.about.classes, evaluation)
    assert result.uncertainty.learned != learn_uncertainty(predictions, result.about.classes, evaluation)
    used = result.performance.thresholds.set_index("signature")["threshold"]
    assert used.to_dict() == learn_thresholds(training, evaluation).set_index("signature")["threshold"].to_dict()


def test_the_training_summary_is_of_the_training_patients(finished) -> None:
    patients, training = finished.result.cohort.patients, finished.result.model.training
    ages = patients.groupby("set")["age"].mean()
    assert training.clinical["age"].mean == pytest.approx(ages["train_oof"])
    assert not np.isclose(ages["train_oof"], patients["age"].mean())


def test_patients_of_both_sets_are_those_of_the_split(finished) -> None:
    sets = json.loads((finished.run / "split.json").read_text(encoding="utf-8"))["patients"]
    shown = finished.result.cohort.patients["set"].map({"train_oof": "train", "test": "test"}).to_dict()
    assert shown == {name: sets[name] for name in shown}


def test_thresholds_of_a_model_are_those_of_the_signatures_that_can_be_given() -> None:
    schema = SimpleNamespace(
        threshold_rule="by hand", thresholds={"Clinical": {"low": 0.2, "positive": 0.4}, "Radiomics": {"positive": 0.6}}
    )
    table = frozen_thresholds(SimpleNamespace(schema=schema), ["Clinical"])  # type: ignore[arg-type]
    assert table.to_numpy().tolist() == [["Clinical", "low", 0.2, "by hand"], ["Clinical", "positive", 0.4, "by hand"]]


def test_an_absent_column_counts_by_its_kind() -> None:
    bundle = SimpleNamespace(schema=SimpleNamespace(clinical={"age": None, "shape": None, "site": None}))
    [finding] = module._absent_columns(bundle, ["site"])  # type: ignore[arg-type]
    assert finding.what == (
        "the cohort lacks age, shape; for every patient they are counted as learned in training (numbers and grades:"
        " the median; yes/no: the commoner; a category: missing, or a rare level where few were missing)"
    )
    assert module._absent_columns(bundle, ["shape", "site", "age"]) == []  # type: ignore[arg-type]


def test_the_table_of_patients(monkeypatch: pytest.MonkeyPatch) -> None:
    """B is in training; A has two images and C none."""
    names = pd.Index(list("ABC"), name="patient_id")
    patients = pd.DataFrame({"label": [1, 0, 1], "group": [0, 1, 2], "age": [50.0, 60.0, 70.0]}, index=names)
    cohort = SimpleNamespace(
        patients=patients, images=pd.DataFrame({"patient_id": ["B", "A", "A"]}), classes=("no", "yes")
    )
    size = pd.DataFrame({"size": [3.0, 1.0, 2.0]}, index=list("CAB"))
    monkeypatch.setattr(module, "lesion_diameter", lambda measured, records, unit: size)
    state = SimpleNamespace(
        measured=SimpleNamespace(cohort=cohort),
        in_training=np.array([False, True, False]),
        checked=SimpleNamespace(records=()),
        study=SimpleNamespace(radiomics=SimpleNamespace(unit="mm")),
    )
    table = patient_table(state)  # type: ignore[arg-type]
    assert table.columns.tolist() == ["set", "label", "images", "age", "size"]
    assert table["set"].tolist() == ["test", "train_oof", "test"]
    assert table["label"].tolist() == ["yes", "no", "yes"]
    assert table["images"].tolist() == [2, 1, 0]
    assert table["size"].tolist() == [1, 2, 3]
