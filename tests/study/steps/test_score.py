"""What a study freezes is learned on its training patients alone."""

from __future__ import annotations

import json

import numpy as np
import pytest

from sonoher2.study.analyses.performance.uncertainty import learn_uncertainty
from sonoher2.study.results.predictions import learn_thresholds


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
