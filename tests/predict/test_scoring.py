"""Scores against the frozen threshold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from predict.small_model import bundle, clinical_table
from sonoher2.bundle.uncertainty import Uncertainty
from sonoher2.core.errors import InputError
from sonoher2.predict import scoring as module
from sonoher2.predict.findings import PredictionFinding
from sonoher2.predict.patient import PatientInput
from sonoher2.predict.scoring import predict_patient
from sonoher2.signatures.logistic import LogisticSignature
from sonoher2.signatures.set import SignatureSet


@pytest.fixture(scope="module")
def model() -> SignatureSet:
    table, y = clinical_table()
    return SignatureSet([("Clinical", LogisticSignature({"age": "number"}, inner_folds=3))]).fit(table, y)


def test_a_probability_equal_to_the_threshold_counts_as_positive(model: SignatureSet) -> None:
    patient = PatientInput((), {"age": "60"})
    [first] = predict_patient(bundle(model), patient).scores
    for threshold, positive in (
        (first.probability, True),
        (float(np.nextafter(first.probability, 1)), False),
        (float(np.nextafter(first.probability, 0)), True),
    ):
        at = bundle(model, thresholds={"Clinical": {"positive": threshold}})
        prediction = predict_patient(at, patient)
        [score] = prediction.scores
        assert (score.probability, score.threshold, score.positive) == (first.probability, threshold, positive)
        assert ("at or above the threshold" in prediction.text()) is positive
        assert ("below the threshold" in prediction.text()) is not positive


def test_the_probability_is_that_of_the_positive_class(model: SignatureSet) -> None:
    young, old = (predict_patient(bundle(model), PatientInput((), {"age": age})).scores[0] for age in ("32", "78"))
    assert young.probability < 0.3 < 0.7 < old.probability
    assert (young.outcome, young.positive, old.positive) == ("positive", False, True)
    table, _ = clinical_table()
    table = pd.DataFrame({column: [78.0] for column in table}, index=["one"])
    assert old.probability == model.predict_proba(table)["Clinical"][0, 1]


def test_three_classes_have_a_score_each(model: SignatureSet) -> None:
    table, _ = clinical_table()
    y = np.arange(len(table)) // 14
    three = SignatureSet([("Clinical", LogisticSignature({"age": "number"}, inner_folds=3))]).fit(table, y)
    names = ("zero", "low", "positive")
    of_three = bundle(three, classes=names, thresholds={"Clinical": dict(zip(names, (0.2, 0.3, 0.9), strict=True))})
    scores = predict_patient(of_three, PatientInput((), {"age": "79"})).scores
    assert [(score.outcome, score.threshold) for score in scores] == [("zero", 0.2), ("low", 0.3), ("positive", 0.9)]
    assert sum(score.probability for score in scores) == pytest.approx(1)
    assert max(scores, key=lambda score: score.probability).outcome == "positive"


def test_what_is_not_given_is_named_and_nothing_at_all_is_refused(model: SignatureSet) -> None:
    table, y = clinical_table()
    table["clinical", "size"] = np.arange(len(table)) % 7
    kinds = {"age": "number", "size": "number"}
    two = SignatureSet([("Clinical", LogisticSignature(kinds, inner_folds=3))]).fit(table, y)
    columns = {"age": bundle().schema.clinical["age"], "size": bundle().schema.clinical["age"]}
    prediction = predict_patient(bundle(two, clinical=columns), PatientInput((), {"size": "3"}))
    assert prediction.scores[0].filled == ("age",)
    assert "where few were missing): age" in prediction.text()
    with pytest.raises(InputError, match="suffices for none of the model's signatures"):
        predict_patient(bundle(model), PatientInput())


def test_a_prediction_tells_of_its_model_and_answers_for_what_it_could_score(model: SignatureSet) -> None:
    """The old have a high probability; of Radiomics nothing can be said without an image."""
    limits = Uncertainty(
        coverage=0.9, conformal_quantiles=(0.5, 0.5), sensitivity=0.95, specificity=0.9, rule_out={"positive": 0.3},
        rule_in={"positive": 0.7},
    )  # fmt: skip
    known = bundle(model, title="t", synthetic=True, uncertainty={"Clinical": limits, "Radiomics": limits})
    old, young = (predict_patient(known, PatientInput((), {"age": age})) for age in ("78", "32"))
    assert (old.title, old.synthetic, old.bundle, old.images) == ("t", True, "ab" * 32, 0)
    assert (old.explanation, old.masks, old.findings) == (None, (), ())
    assert list(old.answers) == ["Clinical"]
    assert (old.answers["Clinical"].zones, young.answers["Clinical"].zones) == (
        {"positive": "ruled in"}, {"positive": "ruled out"},
    )  # fmt: skip
    assert old.answers["Clinical"].text == "positive (at 90% coverage no other class remains)"


def test_what_was_noticed_is_told_of_networks_then_of_the_site_then_of_the_measuring(
    model: SignatureSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("network_findings", "site_findings", "measured_findings"):
        code: Any = name
        monkeypatch.setattr(module, name, lambda case, code=code: (PredictionFinding(code),))
    found = predict_patient(bundle(model), PatientInput((), {"age": "60"})).findings
    assert [finding.code for finding in found] == ["network_findings", "site_findings", "measured_findings"]


def test_a_patient_is_explained_where_the_bundle_has_its_cases(
    model: SignatureSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(module, "explain_patient", lambda *given: asked.append(given) or "explained")
    known = replace(bundle(model), reference="cases")  # type: ignore[arg-type]
    assert predict_patient(known, PatientInput((), {"age": "60"})).explanation == "explained"
    [(about, signatures, reference, X, probabilities, given, seen)] = asked
    assert list(seen) == ["clinical"]
    assert (about is known.schema, signatures is model, reference, given) == (True, True, "cases", ["age"])
    assert X["clinical", "age"].tolist() == [60]
    assert list(probabilities) == ["Clinical"]
