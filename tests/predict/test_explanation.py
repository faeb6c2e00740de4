"""What a prediction says of itself beyond the probability."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from predict.small_model import schema
from sonoher2.bundle.load import Bundle, load_bundle
from sonoher2.bundle.reference import build_reference
from sonoher2.config.deep import DeepConfig
from sonoher2.predict import explanation as module
from sonoher2.predict.explanation import Effect, _given_columns, explain_patient, worth_showing
from sonoher2.predict.patient import ImageInput, PatientInput
from sonoher2.predict.prediction import Prediction
from sonoher2.predict.reference_cases import Distance
from sonoher2.predict.scoring import predict_patient
from sonoher2.selection.reduce import EarlyFusion
from sonoher2.signatures.image_based import FeatureSignature
from sonoher2.signatures.registry import headline
from sonoher2.signatures.set import SignatureSet


@pytest.fixture(scope="module")
def bundle(finished) -> Bundle:
    return load_bundle(finished.run / "bundle")


@pytest.fixture(scope="module")
def patient(finished) -> PatientInput:
    patient_id = finished.result.performance.predictions.query("set == 'test'")["patient_id"].iloc[0]
    folder = finished.file.parent
    images = pd.read_csv(folder / "images.csv", dtype=str)
    rows = images[images["patient_id"] == patient_id]
    size = float(rows["mm_per_pixel"].iloc[0])
    files = tuple(ImageInput(folder / i, (folder / m,), size) for i, m in zip(rows["image"], rows["mask"], strict=True))
    return PatientInput(files, {"age": "61", "size_mm": "22"})


@pytest.fixture(scope="module")
def prediction(bundle: Bundle, patient: PatientInput) -> Prediction:
    return predict_patient(bundle, patient)


def test_the_signature_that_is_explained_is_the_studys_main_one(bundle: Bundle, prediction: Prediction) -> None:
    found = prediction.explanation
    assert found.signature == bundle.schema.main
    assert headline("Combined", ["Clinical", "Radiomics"]) == "Radiomics"
    assert headline("Clinical", ["Clinical", "Radiomics"]) == "Clinical"
    assert bundle.model.image_leaves("Clinical+Radiomics") == ["Radiomics"]
    assert bundle.model.image_leaves("Clinical") == []


def test_every_answer_has_its_similar_training_patients(prediction: Prediction) -> None:
    found = {one.signature: one for one in prediction.explanation.similar}
    assert set(found) == {score.signature for score in prediction.scores}
    assert all(one.low <= one.share <= one.high for one in found.values())


def test_text_and_json_hold_the_same_facts(prediction: Prediction) -> None:
    text, values = prediction.text(), json.loads(prediction.json())["explanation"]
    assert "nearest training cases" in text
    assert all(f"{case['case']} ({case['label']}" in text for case in values["neighbours"])
    assert all(effect["name"] in text for effect in values["parts"])
    assert len(values["features"].get("Radiomics", [])) <= 8


def test_effects_of_the_features_add_up(bundle: Bundle, patient: PatientInput) -> None:
    """With few features all are named: with the mean training patient's log-odds they give the signature's own."""
    only_image = predict_patient(bundle, PatientInput(patient.images))
    [score] = only_image.scores
    effects = only_image.explanation.features["Radiomics"]
    space = bundle.reference.spaces["Radiomics"]
    if space.shape[1] > len(effects):
        pytest.skip("more features were selected than are named")
    from sonoher2.explain.margins import selected_margin

    base = selected_margin(bundle.model.fitted_["Radiomics"].search_, 1)(space.to_numpy()).mean()
    log_odds = np.log(score.probability / (1 - score.probability))
    assert base + sum(effect.log_odds for effect in effects) == pytest.approx(log_odds, abs=1e-3)


def test_what_the_model_has_not_seen_is_said(bundle: Bundle, patient: PatientInput) -> None:
    old = replace(patient, clinical={"age": "109", "size_mm": "22"})
    prediction = predict_patient(bundle, old)
    [found] = [one for one in prediction.explanation.outside if one.facts.get("column") == "age"]
    assert found.code == "OUTSIDE_RANGE"
    assert found.facts["low"] < found.facts["high"] < 109
    assert "  outside what this model has seen: age lies outside" in prediction.text()
    told = json.loads(prediction.json())
    assert any("age lies outside" in sentence for sentence in told["explanation"]["outside"])
    assert "OUTSIDE_RANGE" in {one["code"] for one in told["findings"]}


def test_features_far_from_all_training_patients_are_named(
    bundle: Bundle, patient: PatientInput, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = {"Radiomics": Distance("Radiomics", 2.5, 1.5)}
    monkeypatch.setattr("sonoher2.predict.explanation.distance_from_training", lambda _, space, __: away[space])
    [found] = [one for one in predict_patient(bundle, patient).explanation.outside if one.code == "FAR_FROM_TRAINING"]
    assert found.facts == {"space": "Radiomics", "distance": 2.5, "limit": 1.5}
    away["Radiomics"] = Distance("Radiomics", 1.5, 1.5)
    outside = predict_patient(bundle, patient).explanation.outside
    assert "FAR_FROM_TRAINING" not in {one.code for one in outside}


def test_clinical_data_alone_are_compared_by_what_is_given(bundle: Bundle) -> None:
    found = predict_patient(bundle, PatientInput((), {"age": "61"})).explanation
    assert found.signature == "Clinical"
    assert found.features == {}
    assert found.distances == ()
    ages = bundle.reference.spaces["clinical"]["age"]
    encoder = bundle.model.fitted_["Clinical"].encoder_
    own = (61 - encoder.mean_["age"]) / encoder.scale_["age"]
    nearest = (ages - own).abs().sort_values(kind="stable").index[:5]
    assert {case.case for case in found.neighbours} == set(nearest)
    assert found.total_points == pytest.approx(sum(point.points for point in found.points))


@pytest.mark.parametrize(("training", "compared"), [("frozen", ["DLR (early)"]), ("fine-tuned", [])])
def test_the_embedding_of_a_fine_tuned_network_is_not_compared(training: str, compared: list[str]) -> None:
    """The training patients' came from networks without their folds: what lies apart may be the networks."""
    rng, name = np.random.default_rng(0), "DLR (early)"
    X = pd.DataFrame(rng.normal(size=(60, 12)), index=[f"P{i}" for i in range(60)])
    X.columns = pd.MultiIndex.from_tuples(
        [("radiomics", f"r{i}") for i in range(4)] + [("deep net", f"deep_{i:04d}") for i in range(8)]
    )
    y = np.arange(60) % 2
    X[[("radiomics", "r0"), ("deep net", "deep_0000")]] += 2 * y[:, None]
    signature = FeatureSignature(("radiomics", "deep net"), ("logistic",), EarlyFusion(), 3)
    model = SignatureSet([(name, signature)]).fit(X, y)
    labels = pd.Series(np.where(y == 1, "positive", "negative"), index=X.index)
    scores = model.predict_proba(X)
    reference, _ = build_reference(model, X, labels, {name: {"positive": scores[name][:, 1]}})
    named = {"signatures": (name,), "main": name, "thresholds": {name: {"positive": 0.5}}}
    about = schema(**named, deep=DeepConfig(network=["net"], training=training))
    one = X.iloc[[0]]
    found = explain_patient(about, model, reference, one, model.predict_proba(one), [])
    assert [distance.space for distance in found.distances] == compared
    # compared with itself and others, where it is compared at all
    assert [case.distance for case in found.neighbours][:1] == pytest.approx([0.0] * len(compared), abs=1e-6)
    assert found.features[name]


def test_reference_names_no_patient_and_the_key_stays_with_the_study(finished, bundle: Bundle) -> None:
    assert b"SYN" not in (finished.run / "bundle" / "reference.parquet").read_bytes()
    key = pd.read_csv(finished.run / "reference_key.csv").set_index("case")["patient_id"]
    training = finished.result.performance.predictions.query("set == 'train_oof' and signature == 'Clinical'")
    training = training.set_index("patient_id")
    assert list(key.index) == list(bundle.reference.labels.index)
    assert set(key) == set(training.index)
    assert list(key) != sorted(key)
    assert (bundle.reference.labels == training["label"].loc[key].to_numpy()).all()
    scores = bundle.reference.scores["Clinical", "positive"]
    np.testing.assert_array_equal(scores, training["score"].loc[key])


def test_a_bundle_without_reference_still_predicts(
    finished, prediction: Prediction, patient: PatientInput, tmp_path: Path
) -> None:
    folder = tmp_path / "bundle"
    shutil.copytree(finished.run / "bundle", folder)
    (folder / "reference.parquet").unlink()
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["files"]["reference.parquet"]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    found = predict_patient(load_bundle(folder), patient)
    assert found.explanation is None
    assert found.scores == prediction.scores


def test_features_that_add_nothing_are_not_shown_but_the_largest_is() -> None:
    effects = [Effect(name, value, "Radiomics", 0.0) for name, value in (("a", -0.3), ("b", 0.005), ("c", -0.001))]
    assert [effect.name for effect in worth_showing(effects)] == ["a", "b"]
    assert [effect.name for effect in worth_showing(effects[2:])] == ["c"]
    assert list(worth_showing([])) == []


def test_columns_of_what_is_given_are_compared_levels_of_a_category_too() -> None:
    encoded = pd.DataFrame([[0.0] * 4], columns=["age", "shape=oval", "shape=round", "size"])
    assert _given_columns(encoded, ["age", "shape"]) == ["age", "shape=oval", "shape=round"]
    assert _given_columns(encoded, ["size"]) == ["size"]
    assert _given_columns(None, ["age"]) == []


def numbers(**ranges: tuple[float, float]) -> Any:
    """A fitted signature of these numbers, and of a grade that is none."""
    encoder = SimpleNamespace(range_={**ranges, "grade": (0.0, 1.0)})
    return SimpleNamespace(
        clinical_encoder=encoder, clinical_kinds={**dict.fromkeys(ranges, "number"), "grade": "ordered"}
    )


def test_numbers_that_are_given_and_beyond_all_training_patients_are_named() -> None:
    model: Any = SimpleNamespace(
        fitted_={
            "Clinical": numbers(age=(30.0, 80.0)), "Combined": numbers(size=(5.0, 60.0), weeks=(0.0, 9.0)),
            "Radiomics": SimpleNamespace(clinical_encoder=None, clinical_kinds={}),
        }
    )  # fmt: skip
    X = pd.concat({"clinical": pd.DataFrame({"age": [81.0], "size": [4.0], "weeks": [10.0], "grade": [3.0]})}, axis=1)
    found = module._outside_range(schema(), model, X, ["age", "size", "grade"])
    assert [finding.facts for finding in found] == [
        {"column": "age", "low": 30.0, "high": 80.0}, {"column": "size", "low": 5.0, "high": 60.0},
    ]  # fmt: skip
    assert {finding.code for finding in found} == {"OUTSIDE_RANGE"}
    # without clinical columns nothing is looked at
    del model.fitted_["Clinical"], model.fitted_["Combined"]
    assert module._outside_range(schema(), model, pd.DataFrame({("radiomics", "a"): [1.0]}), []) == []


def test_the_eight_features_that_weigh_most_are_named_with_their_values(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"f{i}" for i in range(10)]
    values = pd.DataFrame([[0.1, -0.9, 0.8, -0.7, 0.6, 0.5, 0.4, 0.3, 0.2, -0.05]], columns=names)
    row = pd.DataFrame([np.arange(10.0)], columns=names)
    monkeypatch.setattr(module, "selected_margin", lambda search, label: (search, label))
    monkeypatch.setattr(module, "of_table", lambda margin: margin)
    asked: list[Any] = []
    monkeypatch.setattr(module, "shap_values", lambda *given: asked.append(given) or (values, None))
    fitted = {
        "Radiomics": SimpleNamespace(feature_model="forest", has_named_features=True),
        "Deep": SimpleNamespace(feature_model="line", has_named_features=False),
        "Tuned": SimpleNamespace(feature_model=None, has_named_features=True),
        "Unseen": SimpleNamespace(feature_model="line", has_named_features=True),
    }
    model: Any = SimpleNamespace(fitted_=fitted)
    spaces = dict.fromkeys(("Radiomics", "Deep", "Tuned"), row)
    reference: Any = SimpleNamespace(spaces=dict.fromkeys(fitted, "training"))
    found = module._features(model, list(fitted), reference, spaces, 1)
    assert list(found) == ["Radiomics"]
    assert [(effect.name, effect.log_odds, effect.value) for effect in found["Radiomics"]] == [
        ("f1", -0.9, 1), ("f2", 0.8, 2), ("f3", -0.7, 3), ("f4", 0.6, 4), ("f5", 0.5, 5), ("f6", 0.4, 6),
        ("f7", 0.3, 7), ("f8", 0.2, 8),
    ]  # fmt: skip
    assert {effect.group for effect in found["Radiomics"]} == {"Radiomics"}
    assert asked == [(("forest", 1), "training", row)]


class Stacked:
    """A model by hand: Combined stacks Radiomics and clinical columns."""

    classes_ = (0, 1, 2)

    def __init__(self, additive: bool = True, points: pd.DataFrame | None = None) -> None:
        combined = SimpleNamespace(
            additive=additive, network=None, feature_model=None, nomogram_points=lambda X: points,
            clinical_encoder=None, clinical_kinds={},
        )  # fmt: skip
        self.fitted_ = dict.fromkeys(("Clinical", "Radiomics", "Combined"), combined)

    def image_leaves(self, name: str) -> list[str]:
        return ["Radiomics"] if name != "Clinical" else []

    def uses_clinical(self, name: str) -> bool:
        return name != "Radiomics"


@pytest.fixture
def explained(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Function from a model and what can be scored to the explanation of a patient of three classes."""
    names = ("zero", "low", "positive")
    clinical = pd.DataFrame({"age": [0.5], "size": [0.1]})
    spaces = {"clinical": clinical, "Radiomics": pd.DataFrame({"a": [1.0]}), "other": clinical}
    monkeypatch.setattr(module, "model_spaces", lambda model, X: spaces)
    monkeypatch.setattr(module, "distance_from_training", lambda reference, space, row: Distance(space, 2.0, 1.0))
    monkeypatch.setattr(module, "nearest_cases", lambda reference, *given: given)
    monkeypatch.setattr(module, "similar_scores", lambda reference, *given: given)
    monkeypatch.setattr(module, "with_scores", lambda X, probabilities: X)
    reference: Any = SimpleNamespace(spaces={"clinical": pd.DataFrame({"age": [1.0, 3.0]}), "Radiomics": None})

    def explain(model: Any, *scored: str) -> Any:
        probabilities = {name: np.array([[0.2, 0.5, 0.3]]) for name in scored}
        about = schema(main="Combined", classes=names)
        return explain_patient(about, model, reference, pd.DataFrame(), probabilities, ["age"])

    return explain


def test_of_three_classes_the_most_probable_is_explained(explained: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    effects = pd.DataFrame({"age": [0.5], "Radiomics": [-0.25]})
    monkeypatch.setattr(module, "part_contributions", lambda *given: asked.append(given) or effects)
    points = pd.DataFrame({"age": [10.0], "Radiomics score": [25.0]})
    found = explained(Stacked(points=points), "Radiomics", "Combined")
    assert (found.signature, found.outcome) == ("Combined", "low")
    assert [(one.name, one.log_odds, one.group) for one in found.parts] == [
        ("age", 0.5, "clinical"), ("Radiomics", -0.25, "Radiomics"),
    ]  # fmt: skip
    assert found.groups() == {"clinical": 0.5, "Radiomics": -0.25}
    [(_, name, _, centre, contrast)] = asked
    assert (name, centre.to_dict(), contrast.tolist()) == ("Combined", {"age": 2.0}, [-0.5, 1.0, -0.5])
    assert [(one.variable, one.points) for one in found.points] == [("age", 10), ("Radiomics score", 25)]
    assert found.total_points == 35
    assert found.similar == tuple(
        (name, outcome, p)
        for name in ("Radiomics", "Combined")
        for outcome, p in (("zero", 0.2), ("low", 0.5), ("positive", 0.3))
    )
    compared, *of = found.neighbours
    assert {name: list(row) for name, row in compared.items()} == {"Radiomics": ["a"], "clinical": ["age"]}
    assert of == ["Combined", "low"]
    assert [(one.code, one.facts) for one in found.outside] == [
        ("FAR_FROM_TRAINING", {"space": "Radiomics", "distance": 2.0, "limit": 1.0})
    ]


def test_what_cannot_be_given_is_left_out(explained: Any) -> None:
    found = explained(Stacked(additive=False), "Radiomics")
    assert (found.signature, found.parts, found.points, found.total_points) == ("Radiomics", (), (), None)
    assert list(found.neighbours[0]) == ["Radiomics"]
    clinical = explained(Stacked(additive=False), "Clinical")
    assert (clinical.distances, clinical.outside) == ((), ())
    assert list(clinical.neighbours[0]) == ["clinical"]
