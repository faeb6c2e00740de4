"""Explanations of a study without deep features: they fit the predictions of its test set."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sonoher2.engine.keys import plain_value
from sonoher2.signatures.nomogram import total_probability
from sonoher2.study.explain import explain as module
from sonoher2.study.explain.explain import (
    _explained,
    class_log_odds,
    explain_test_set,
    explainable_patients,
    study_reference,
)


def scores(finished, signature: str) -> np.ndarray:
    rows = finished.result.performance.predictions.query("signature == @signature and set == 'test'").set_index(
        "patient_id"
    )
    return rows["score"]


def test_points_lead_to_the_probability_of_each_test_patient(finished) -> None:
    points = finished.result.explanations.points
    assert set(points["signature"]) == set(finished.result.model.nomograms)
    for signature, nomogram in finished.result.model.nomograms.items():
        totals = points.query("signature == @signature and variable == 'total'").set_index("patient_id")["points"]
        expected = scores(finished, signature).loc[totals.index]
        found = [total_probability(nomogram, total) for total in totals]
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_effects_and_a_constant_are_the_log_odds(finished) -> None:
    attributions = finished.result.explanations.attributions
    assert "Radiomics" in attributions
    for signature, found in attributions.items():
        score = scores(finished, signature).loc[found.effects.index]
        constant = np.log(score / (1 - score)) - found.effects.sum(axis=1)
        np.testing.assert_allclose(constant, constant.iloc[0], atol=1e-6)
        assert list(found.values) == list(found.effects)


def test_without_deep_features_there_is_no_heat(finished) -> None:
    assert finished.result.explanations.heat is None


@pytest.mark.parametrize(("chosen", "taken"), [("vgg19", ["vgg19"]), ("vit", []), (None, [])])
def test_heat_maps_are_drawn_of_the_network_that_the_deep_signature_chose(chosen: str | None, taken: list[str]) -> None:
    networks: Any = [SimpleNamespace(network=name) for name in ("resnet101", "vgg19", "swin")]
    model: Any = SimpleNamespace(fitted_={} if chosen is None else {"Deep": SimpleNamespace(network=chosen)})
    assert [network.network for network in _explained(model, networks)] == taken


NAMES = pd.Index(["A", "B"], name="patient_id")


def two_patients(**fitted: object) -> Any:
    """Two test patients, of whom the second is positive: 50 and 70 years old, with a round and an oval lesion."""
    X = pd.DataFrame({("clinical", "age"): [50.0, 70.0], ("clinical", "shape"): ["round", "oval"]}, index=NAMES)
    return SimpleNamespace(
        model=SimpleNamespace(fitted_=fitted), X=X, classes=("no", "yes"), labels=pd.Series([0, 1], index=NAMES),
        probabilities={name: np.array([[0.8, 0.2], [0.25, 0.75]]) for name in fitted}, sha256="hash",
    )  # fmt: skip


def test_points_and_their_total_stand_beside_patient_class_and_signature() -> None:
    points = pd.DataFrame({"age": [10.0, 20.0], "size": [1.0, 5.0]}, index=NAMES)
    of = two_patients(
        Clinical=SimpleNamespace(nomogram_points=lambda X: points), DLR=SimpleNamespace(nomogram_points=lambda X: None)
    )
    table = module._points(of, of.X)
    assert table.columns.tolist() == ["patient_id", "label", "signature", "variable", "points"]
    assert table.to_numpy().tolist() == [
        ["A", "no", "Clinical", "age", 10], ["B", "yes", "Clinical", "age", 20],
        ["A", "no", "Clinical", "size", 1], ["B", "yes", "Clinical", "size", 5],
        ["A", "no", "Clinical", "total", 11], ["B", "yes", "Clinical", "total", 25],
    ]  # fmt: skip
    nothing = module._points(two_patients(DLR=SimpleNamespace(nomogram_points=lambda X: None)), of.X)
    assert (nothing.columns.tolist(), len(nothing)) == (table.columns.tolist(), 0)


def test_log_odds_are_of_one_class_against_all_others() -> None:
    three = np.array([[0.2, 0.3, 0.5], [0.0, 0.0, 1.0], [0.8, 0.1, 0.1]])
    np.testing.assert_allclose(class_log_odds(three, 0), [-np.log(4), -np.log(999999), np.log(4)])
    np.testing.assert_allclose(class_log_odds(three, 2), [0, np.log(999999), -np.log(9)], rtol=1e-9)


@pytest.mark.parametrize("known", [True, False])
def test_parts_of_the_main_stacked_signature_are_coloured_by_their_own_values(
    known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Log-odds of -ln 4 and ln 3, ages of 50 and 70: both are half their distance from the mean, over the deviation."""
    of = two_patients(
        Radiomics=SimpleNamespace(additive=False), Clinical=SimpleNamespace(additive=True),
        Combined=SimpleNamespace(additive=True),
    )  # fmt: skip
    monkeypatch.setattr(module, "headline", lambda main, stacked: {"main": stacked[-1]}[main])
    effects = pd.DataFrame(0.5, index=NAMES, columns=["Radiomics", "age", "shape"])
    asked: list[Any] = []
    monkeypatch.setattr(module, "part_contributions", lambda *given: asked.append(given) or effects)
    spaces = {"clinical": pd.DataFrame({"age": [40.0, 50.0]})} if known else {}
    found = module._parts(of, of.X, SimpleNamespace(spaces=spaces), "main")  # type: ignore[arg-type]
    assert list(found) == ["Combined"]
    assert found["Combined"].effects is effects
    half = np.sqrt(0.5)
    np.testing.assert_allclose(found["Combined"].values[["Radiomics", "age"]], [[-half, -half], [half, half]])
    assert found["Combined"].values["shape"].isna().all()
    [(model, name, X, centre, contrast)] = asked
    assert (model is of.model, name, X is of.X) == (True, "Combined", True)
    assert centre.to_dict() == ({"age": 45.0} if known else {})
    np.testing.assert_array_equal(contrast, module.outcome_contrast(2, 1))


def test_a_part_that_is_the_same_in_all_has_no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    of = two_patients(Clinical=SimpleNamespace(additive=True))
    of.X["clinical", "age"] = 50.0
    monkeypatch.setattr(module, "part_contributions", lambda *given: pd.DataFrame({"age": [0.1, 0.2]}, index=NAMES))
    found = module._parts(of, of.X, SimpleNamespace(spaces={}), "Clinical")  # type: ignore[arg-type]
    assert found["Clinical"].values["age"].isna().all()
    nobody = two_patients(Radiomics=SimpleNamespace(additive=False))
    assert module._parts(nobody, of.X, None, "Clinical") == {}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("search", "spaces", "named", "shown"),
    [
        ("forest", True, True, True),
        (None, True, True, False),
        ("forest", False, True, False),
        ("a", True, False, False),
    ],
)
def test_shap_values_are_of_named_radiomic_features(
    search: str | None, spaces: bool, named: bool, shown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = pd.DataFrame({"texture": [1.0, 2.0]}, index=NAMES)
    monkeypatch.setattr(module, "model_spaces", lambda model, X: {"Radiomics": space} if spaces else {})
    of = two_patients(Radiomics=SimpleNamespace(feature_model=search, has_named_features=named))
    context: Any = SimpleNamespace(run=lambda step, *given: [plain_value(one) for one in given])
    reference: Any = SimpleNamespace(spaces={"Radiomics": "training"})
    found = module._shap(of, reference, context)
    assert list(found) == (["Radiomics"] if shown else [])
    if shown:
        assert found["Radiomics"].values is space
        values, *rest = found["Radiomics"].effects
        assert (values is space, rest) == (True, ["training", "forest", 1])
    of.probabilities = {}
    assert module._shap(of, reference, context) == {}


def test_explanations_are_put_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_shap", lambda of, reference, context: {"Radiomics": (reference, context)})
    monkeypatch.setattr(module, "_parts", lambda of, X, reference, main: {"Combined": (of, X, reference, main)})
    monkeypatch.setattr(module, "_points", lambda of, X: X)
    monkeypatch.setattr(module, "with_scores", lambda X, probabilities: [X, probabilities])
    monkeypatch.setattr(module, "explain_crops", lambda of, context: f"heat in {context}")
    of = two_patients()
    found: Any = explain_test_set(of, "cases", "main", "here")  # type: ignore[arg-type]
    assert found.points == [of.X, of.probabilities]
    seen = [of.X, of.probabilities]
    assert found.attributions == {"Radiomics": ("cases", "here"), "Combined": (of, seen, "cases", "main")}
    assert found.heat == "heat in here"


@pytest.mark.parametrize("images", [True, False])
def test_test_patients_lie_beside_the_model_with_the_thresholds_of_the_last_class(images: bool) -> None:
    cohort = SimpleNamespace(
        classes=("zero", "low", "positive"), patients=pd.DataFrame({"label": [2, 0, 1]}, index=list("CAB"))
    )
    crops = pd.DataFrame({"patient_id": ["A", "C", "B"], "crop": ["a", "c", "b"]}) if images else pd.DataFrame()
    networks = [SimpleNamespace(network=name, sha256=f"of {name}") for name in ("vgg19", "swin")]
    thresholds = pd.DataFrame(
        {
            "signature": ["Deep", "Deep", "DLR"],
            "outcome": ["low", "positive", "positive"],
            "threshold": [0.1, 0.2, 0.3],
        }
    )
    model: Any = SimpleNamespace(fitted_={"Deep": SimpleNamespace(network="swin")})
    X = pd.DataFrame(index=NAMES)

    def beside(given: list[SimpleNamespace]) -> Any:
        measured: Any = SimpleNamespace(cohort=cohort, crops=crops, networks=given)
        return explainable_patients(model, "hash", measured, X, {"Deep": np.zeros((2, 3))}, thresholds)

    of = beside(networks)
    assert of.thresholds == {"Deep": 0.2, "DLR": 0.3}
    assert of.labels.to_dict() == {"A": 0, "B": 1}
    assert (of.classes, [network.network for network in of.networks]) == (("zero", "low", "positive"), ["swin"])
    assert of.crops.empty or of.crops["crop"].tolist() == ["a", "b"]
    assert of.crops.empty != images
    assert of.sha256 == module.content_key("hash", "of vgg19", "of swin")
    assert len({of.sha256, beside(networks[:1]).sha256, beside([]).sha256}) == 3


@pytest.mark.parametrize("outcomes", [[1], [0, 1]])
def test_the_bundle_keeps_training_patients_with_their_class_and_scores(
    outcomes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = pd.Index(["A", "B", "C"], name="patient_id")
    cohort = SimpleNamespace(
        classes=("no", "yes"), outcomes=outcomes, patients=pd.DataFrame({"label": [1, 0, 0]}, index=names)
    )
    table = pd.DataFrame({"x": [1, 2, 3]}, index=names)
    asked: list[Any] = []

    def build(model: object, X: pd.DataFrame, labels: pd.Series, scores: object) -> Any:
        asked.append((model, X, labels, scores))
        return SimpleNamespace(labels=pd.Series(["no", "yes"], index=[1, 2])), ["C", "A"]

    monkeypatch.setattr(module, "build_reference", build)
    fitted: Any = SimpleNamespace(model="model", oof={"Clinical": np.array([[0.1, 0.9], [0.7, 0.3]])})
    measured: Any = SimpleNamespace(cohort=cohort, feature_table=table)
    _, cases = study_reference(measured, np.array([True, False, True]), fitted)
    assert cases.to_dict("list") == {"case": [1, 2], "patient_id": ["C", "A"]}
    [(model, X, labels, scores)] = asked
    assert (model, X.index.tolist(), labels.to_dict()) == ("model", ["A", "C"], {"A": "yes", "C": "no"})
    told = {name: score.tolist() for name, score in scores["Clinical"].items()}
    assert told == ({"yes": [0.9, 0.3]} if outcomes == [1] else {"no": [0.1, 0.7], "yes": [0.9, 0.3]})
