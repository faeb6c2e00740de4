"""Whether the parts of a bundle fit: each fault by its words."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sonoher2.bundle import consistent
from sonoher2.bundle.consistent import check_consistent
from sonoher2.bundle.reference import Reference
from sonoher2.bundle.schema import BundleSchema
from sonoher2.bundle.uncertainty import Uncertainty
from sonoher2.config.clinical import ClinicalColumn
from sonoher2.config.deep import DeepConfig
from sonoher2.config.images import ImageReading
from sonoher2.config.radiomics import RadiomicsConfig
from sonoher2.core.errors import InputError
from sonoher2.signatures.feature_table import CLINICAL

COLUMNS = {
    "age": ClinicalColumn(kind="number", timing="pre-biopsy"),
    "side": ClinicalColumn(kind="category", timing="pre-biopsy"),
}
LIMITS = Uncertainty(
    coverage=0.9, limits=(0.4, 0.3), sensitivity=0.95, specificity=0.9, rule_out={"yes": 0.2}, rule_in={"yes": 0.7}
)


def schema(**changes: Any) -> BundleSchema:
    known: dict[str, Any] = {
        "sonoher2": "9.8",
        "title": "small",
        "synthetic": False,
        "target": {"column": "status", "positive": "yes", "negative": "no"},
        "timing": "pre-biopsy",
        "classes": ("no", "yes"),
        "signatures": ("Clinical",),
        "main": "Clinical",
        "thresholds": {"Clinical": {"yes": 0.5}},
        "threshold_rule": "Youden",
        "reading": None,
        "radiomics": None,
        "deep": None,
        "clinical": COLUMNS,
        "training_patients": {"no": 3, "yes": 4},
        "uncertainty": {"Clinical": LIMITS},
    }
    return BundleSchema(**(known | changes))


class Model:
    """Signatures that answer as told and keep what they were asked."""

    def __init__(self, scores: Any = ((0.25, 0.75),), image: bool = False) -> None:
        kinds = {"age": "number", "side": "category"}
        self.fitted_ = {"Clinical": SimpleNamespace(needs_image=image, clinical_kinds=kinds)}
        self.classes_ = np.array([0, 1])
        self.harmoniser_ = None
        self.scores = np.array(scores)
        self.asked: pd.DataFrame | None = None

    def predict_proba(self, X: pd.DataFrame) -> dict[str, np.ndarray]:
        self.asked = X
        return {"Clinical": self.scores}


@pytest.fixture(autouse=True)
def _spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consistent, "model_spaces", lambda model, X: {CLINICAL: pd.DataFrame({"age": [0.0]})})


def reference(name: str = "Clinical", label: str = "yes", column: str = "age") -> Reference:
    scores = pd.DataFrame({(name, "yes"): [0.2, 0.7]})
    return Reference(pd.Series(["no", label]), scores, {CLINICAL: pd.DataFrame({column: [0.1, 0.2]})})


def fault(described: BundleSchema, model: Any = None, networks: Any = (), cases: Reference | None = None) -> str:
    with pytest.raises(InputError, match="do not belong together") as caught:
        check_consistent(described, model or Model(), networks, cases)
    return caught.value.what.partition(": ")[2]


def test_parts_that_fit() -> None:
    model = Model()
    check_consistent(schema(), model, (), reference())
    assert model.asked is not None
    # of this patient nothing is known: a category has no name, a number none of its own
    row = model.asked.iloc[0]
    assert row[CLINICAL, "side"] is None
    assert np.isnan(row[CLINICAL, "age"])
    assert model.asked[CLINICAL, "side"].dtype == object
    assert model.asked[CLINICAL, "age"].dtype == np.float64


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"classes": ("yes", "yes")}, "classes are named twice, or there is only one"),
        ({"classes": ("yes",)}, "classes are named twice, or there is only one"),
        ({"thresholds": {}}, "signatures and thresholds differ"),
        ({"signatures": (), "thresholds": {}}, "signatures and thresholds differ"),
        ({"main": "Radiomics"}, "the main signature is none of the signatures"),
        ({"thresholds": {"Clinical": {"no": 0.5}}}, "thresholds and outcomes differ"),
        ({"thresholds": {"Clinical": {"yes": float("nan")}}}, "thresholds and outcomes differ"),
        ({"uncertainty": {"Clinical": LIMITS.model_copy(update={"rule_in": {}})}}, "thresholds and outcomes differ"),
        (
            {"uncertainty": {"Deep": LIMITS}},
            "conformal quantiles are given for a signature that is not there",
        ),
        (
            {"uncertainty": {"Clinical": LIMITS.model_copy(update={"conformal_quantiles": (0.4,)})}},
            "conformal quantiles and classes differ",
        ),
        ({"training_patients": {"maybe": 3}}, "training patients are counted in a class that is not there"),
        (
            {"reading": ImageReading()},
            "it says how to measure images, but not how to read them, or the other way round",
        ),
        (
            {"radiomics": RadiomicsConfig()},
            "it says how to measure images, but not how to read them, or the other way round",
        ),
        (
            {"deep": DeepConfig(weights="none")},
            "it says how to measure images, but not how to read them, or the other way round",
        ),
        (
            {"reading": ImageReading(), "radiomics": RadiomicsConfig(), "deep": DeepConfig(weights="hub")},
            "it names a file of weights",
        ),
        ({"clinical": {"age": COLUMNS["age"]}}, "the clinical columns of Clinical are others"),
        ({"clinical": COLUMNS | {"age": COLUMNS["side"]}}, "the clinical columns of Clinical are others"),
    ],
)
def test_faults_of_the_schema(changes: dict[str, Any], said: str) -> None:
    assert fault(schema(**changes)) == said


def test_faults_of_the_model() -> None:
    model = Model()
    model.classes_ = np.array([1, 0])
    assert fault(schema(), model) == "the model's classes are others"
    model = Model()
    model.fitted_["Deep"] = model.fitted_["Clinical"]
    assert fault(schema(), model) == "the model's signatures are others"
    assert fault(schema(), Model(image=True)) == "the model needs images and nothing says how to read them"
    network = SimpleNamespace(network="EfficientNet-Lite0", size=160, mirror=True)
    assert fault(schema(), networks=(network,)) == "the networks are others"
    images = {"reading": ImageReading(), "radiomics": RadiomicsConfig(filters=["original"])}
    deep = schema(**images, deep=DeepConfig(weights="none", size=128))
    assert fault(deep) == "the networks are others"
    assert fault(deep, networks=(network,)) == "the networks take pictures of another size"
    deep = schema(**images, deep=DeepConfig(weights="none"))
    assert fault(deep, networks=(network,)) == "the networks disagree with the settings about mirror images"


@pytest.mark.parametrize(
    "scores",
    [[[0.2, 0.3, 0.5]], [[0.5, 0.5], [0.5, 0.5]], [[float("nan"), 1]], [[-0.1, 1.1]], [[0.5, 0.51]], [[0.5, 0.49]]],
)
def test_scores_that_are_no_probabilities(scores: Any) -> None:
    assert fault(schema(), Model(scores)) == "what Clinical gives are no probabilities"


def test_a_score_may_be_as_sure_as_can_be() -> None:
    check_consistent(schema(), Model([[0.0, 1.0]]), (), None)
    check_consistent(schema(), Model([[0.5, 0.5 + 9e-7]]), (), None)


def test_a_model_that_fails() -> None:
    model = Model()
    model.predict_proba = None  # type: ignore[assignment,method-assign]
    assert fault(schema(), model) == "the model cannot score a patient (TypeError)"


def test_faults_of_the_training_cases() -> None:
    assert fault(schema(), cases=reference(name="Deep")) == "the training cases have other scores or classes"
    assert fault(schema(), cases=reference(label="maybe")) == "the training cases have other scores or classes"
    assert fault(schema(), cases=reference(column="size")) == "the training cases have other columns"


def test_the_networks_are_asked_about_a_blank_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def raw_embedding(pictures: list[np.ndarray]) -> np.ndarray:
        asked.append(pictures)
        return np.zeros((1, 3))

    network = SimpleNamespace(network="EfficientNet-Lite0", size=32, mirror=False, raw_embedding=raw_embedding)
    groups = {"deep": pd.DataFrame({"deep_0": [0.0]})}
    given: list[Any] = []
    monkeypatch.setattr(consistent, "network_feature_groups", lambda *two: given.append(two) or groups)
    images = {"reading": ImageReading(), "radiomics": RadiomicsConfig(filters=["original"])}
    model = Model()
    check_consistent(schema(**images, deep=DeepConfig(weights="none", size=32)), model, (network,), None)
    [[picture]] = asked
    assert picture.shape == (1, 2, 32, 32)
    assert not picture.any()
    [(first, second)] = given
    assert first is network
    assert second.shape == (1, 3)
    assert set(model.asked.columns.get_level_values(0)) == {CLINICAL, "radiomics", "deep"}  # type: ignore[union-attr]
