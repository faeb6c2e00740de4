"""What a study freezes is learned on its training patients alone."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sonoher2.core.errors import InputError
from sonoher2.networks.own import ImageNetworks, OwnNetwork, Weights
from sonoher2.study.analyses.performance.uncertainty import learn_uncertainty
from sonoher2.study.results.predictions import learn_thresholds
from sonoher2.study.steps import score as module
from sonoher2.study.steps.score import frozen_thresholds, patient_table, score_second_cohort, score_study

MADE = pd.DataFrame({"mask": ["m.png"]})
"""Masks that a network made."""


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


class Opened(list[tuple[object, ...]]):
    """What a ledger was told, in order."""


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Opened:
    """Openings of test sets; a key is spelled as what it is made of, and nobody is measured."""
    calls = Opened()
    monkeypatch.setattr(module, "settings_key", lambda *given: ("settings", *given))
    monkeypatch.setattr(module, "bundle_key", lambda *given: ("bundle", *given))
    monkeypatch.setattr(module, "new_entry", lambda *given: given)
    monkeypatch.setattr(module, "now", lambda: "now")
    monkeypatch.setattr(module, "patient_table", lambda state: "patients")

    def enter(*given: object) -> Any:
        calls.append(given)
        return SimpleNamespace(findings=("entered",))

    monkeypatch.setattr(module, "enter", enter)
    return calls


def run(**own: object) -> Any:
    """Three patients; A and C are training patients."""
    names = pd.Index(["A", "B", "C"], name="patient_id")
    cohort = SimpleNamespace(
        classes=("no", "yes"), clinical={"age": "declared"},
        patients=pd.DataFrame(
            {"label": [1, 0, 1], "age": [50.0, 60.0, 70.0], "site": ["North", "East", None]}, index=names
        ),
    )  # fmt: skip
    table = pd.DataFrame({("clinical", "age"): [50.0, 60.0, 70.0]}, index=names)
    given = {
        "study": SimpleNamespace(evaluation="evaluation", images=None, trained_networks=()), "out": "out",
        "context": SimpleNamespace(store="store"), "findings": ["before"], "recalibrate": 0.3,
        "measured": SimpleNamespace(cohort=cohort, feature_table=table), "in_training": np.array([True, False, True]),
        "checked": SimpleNamespace(records="records", hashes={"a.png": "1"}, networks=ImageNetworks(), segmented=MADE),
    }  # fmt: skip
    return SimpleNamespace(**{**given, **own})


def test_a_study_learns_in_training_and_opens_its_test_set_once(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    predictions = pd.DataFrame({"set": ["train_oof", "test", "train_oof"], "score": [0.1, 0.2, 0.3]})
    monkeypatch.setattr(module, "score_patients", lambda measured, fitted, in_training: predictions)
    monkeypatch.setattr(module, "score_models", lambda measured, fitted, in_training: ("models", in_training.tolist()))
    monkeypatch.setattr(module, "learn_thresholds", lambda seen, how: (seen["score"].tolist(), how))
    monkeypatch.setattr(module, "learn_uncertainty", lambda seen, classes, how: (seen["score"].tolist(), classes, how))
    model = SimpleNamespace(predict_proba=lambda X: {"Clinical": X.index.tolist()})
    state = run(fitted=SimpleNamespace(model=model))
    score_study(state)
    hashes = {"a.png": "1"}
    key = ("settings", state.study, state.measured.cohort, ["A", "C"], hashes, {})
    entry = (state.study, state.measured.cohort, ["B"], hashes, key)
    assert opened == [((*entry, frozenset({"m.png"})), state.study, "out", "store", "now")]
    assert state.findings == ["before", "entered"]
    scored = state.scored
    assert scored.thresholds == ([0.1, 0.3], "evaluation")
    assert scored.learned == ([0.1, 0.3], ("no", "yes"), "evaluation")
    assert (scored.X.index.tolist(), scored.probabilities) == (["B"], {"Clinical": ["B"]})
    assert scored.models == ("models", [True, False, True])
    assert (scored.patients, scored.records, scored.hashes) == ("patients", "records", hashes)
    assert (scored.networks, scored.bundle, scored.predictions is predictions) == (ImageNetworks(), None, True)


def test_weights_that_a_study_trains_follow_from_its_settings_and_those_of_a_file_count() -> None:
    networks = ImageNetworks(*(OwnNetwork(Weights(name, f"of {name}", name)) for name in ("a", "b")))
    state = run()
    state.checked.networks = networks
    assert module._files(state) == {"segmenter": "of a", "enhancer": "of b"}
    state.study.trained_networks = ("segmenter",)
    assert module._files(state) == {"enhancer": "of b"}


def frozen(harmoniser: object = None) -> Any:
    """A model of two columns and a signature of images that lacks them."""
    kinds = {"age": "number", "shape": "category", "grade": "ordered"}
    asked: list[object] = []

    def usable(given: list[str], images: bool) -> list[str]:
        asked.append((given, images))
        return ["Clinical"] if given else []

    def probabilities(X: pd.DataFrame, names: list[str]) -> dict[str, np.ndarray]:
        return {name: np.column_stack([1 - X["clinical", "age"] / 100, X["clinical", "age"] / 100]) for name in names}

    schema = SimpleNamespace(
        classes=("no", "yes"), clinical={name: SimpleNamespace(kind=kind) for name, kind in kinds.items()},
        threshold_rule="Youden", thresholds={"Clinical": {"yes": 0.4}, "Radiomics": {"yes": 0.6}},
        uncertainty={"Radiomics": "less sure", "Clinical": "sure"},
    )  # fmt: skip
    model = SimpleNamespace(usable=usable, predict_proba=probabilities, harmoniser_=harmoniser)
    return SimpleNamespace(schema=schema, model=model, asked=asked, reference=None)


@pytest.mark.parametrize("images", [None, "images"])
def test_a_validation_scores_everybody_with_what_the_model_can_be_given(opened: Opened, images: Any) -> None:
    state = run(in_training=np.zeros(3, bool), model_bundle=frozen())
    state.study.images = images
    score_second_cohort(state)
    bundle, scored = state.model_bundle, state.scored
    assert bundle.asked == [(["age"], images is not None)]
    key = ("bundle", bundle.schema, ["age"], images is not None, 0.3)
    entry = (state.study, state.measured.cohort, ["A", "B", "C"], {"a.png": "1"}, key)
    assert opened == [((*entry, frozenset({"m.png"})), state.study, "out", "store", "now")]
    assert state.findings[:2] == ["before", "entered"]
    assert [found.where for found in state.findings[2:]] == ["clinical.columns"]
    assert scored.predictions["set"].tolist() == ["test"] * 3
    assert scored.predictions["label"].tolist() == ["yes", "no", "yes"]
    assert scored.predictions["score"].tolist() == [0.5, 0.6, 0.7]
    assert scored.thresholds["threshold"].tolist() == [0.4]
    assert scored.learned == {"Clinical": "sure"}
    assert (scored.bundle is bundle, scored.model is bundle.model) == (True, True)
    assert (scored.patients, scored.records, scored.networks) == ("patients", "records", ImageNetworks())
    # absent columns are missing, each in its kind
    assert scored.X.columns.tolist() == [("clinical", "age"), ("clinical", "shape"), ("clinical", "grade")]
    assert scored.X["clinical", "shape"].tolist() == [None] * 3
    assert scored.X["clinical", "grade"].isna().all()
    assert scored.X["clinical", "grade"].dtype == np.float64
    assert state.measured.feature_table.shape == (3, 1)


def test_a_column_without_any_value_is_told() -> None:
    patients = pd.DataFrame({"age": [np.nan, 50.0], "grade": [np.nan, np.nan], "side": [None, None]})
    measured: Any = SimpleNamespace(cohort=SimpleNamespace(clinical=["age", "grade", "side"], patients=patients))
    (found,) = module._empty_columns(measured)
    assert found.what.startswith("the cohort has no value of grade, side; for every patient they are counted")
    measured.cohort.clinical = ["age"]
    assert module._empty_columns(measured) == []


def test_patients_who_measure_as_training_patients_do_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    trained = pd.DataFrame(rng.normal(size=(5, 3)), columns=list("abc"), index=range(1, 6))
    other = pd.DataFrame(rng.normal(size=(5, 3)), columns=list("def"), index=range(1, 6))
    new = pd.DataFrame(rng.normal(size=(2, 3)), columns=list("abc"))
    X = pd.DataFrame(index=["N1", "T3", "N2", "T0"])
    radiomics = pd.concat([new[:1], trained[3:4], new[1:], trained[:1]]).set_axis(X.index)
    spaces = {"clinical": pd.concat([other[:1]] * 4).set_axis(X.index), "Radiomics": radiomics}
    monkeypatch.setattr(module, "model_spaces", lambda model, table: spaces)
    # in single precision, as a bundle keeps them
    kept = {"clinical": other, "Radiomics": trained.astype(np.float32).astype(np.float64)}
    reference = SimpleNamespace(spaces=kept, labels=pd.Series(list("ynyny"), index=range(1, 6)))
    bundle: Any = SimpleNamespace(
        model=SimpleNamespace(fitted_={"Radiomics": SimpleNamespace(network=None)}),
        reference=reference, schema=SimpleNamespace(deep=None),
    )  # fmt: skip
    (found,) = module._training_patients(bundle, X)
    assert found.severity == "error"
    assert "2 of 4 patients measure exactly as training patients of the model: T3, T0" in found.what
    del spaces["Radiomics"]
    assert module._training_patients(bundle, X) == []
    bundle.reference = None
    assert module._training_patients(bundle, X) == []


def test_a_cohort_with_nothing_that_the_model_needs_opens_nothing(opened: Opened) -> None:
    state = run(model_bundle=frozen())
    state.measured.cohort.clinical = {}
    with pytest.raises(InputError, match="none of the model's columns and no images"):
        score_second_cohort(state)
    assert opened == []


def test_a_model_that_harmonises_is_told_the_sites_and_says_which_it_does_not_know() -> None:
    bundle = frozen(SimpleNamespace(sites_=["North", "South"], reference="South"))
    measured: Any = run().measured
    seen = module._as_the_model_sees(measured, bundle)
    assert seen["site", "site"].tolist()[:2] == ["North", "East"]
    assert ("site", "site") not in module._as_the_model_sees(measured, frozen()).columns
    patients = measured.cohort.patients
    [told] = module._new_sites(bundle, patients)
    assert told.what == (
        "2 of 3 patients are of sites that harmonising does not know, and are left as they are"
        " (East: 1, site not known: 1)"
    )
    assert (told.severity, told.where, told.fix) == (
        "warning", "images.site", "Read their features as measured at South",
    )  # fmt: skip
    assert module._new_sites(frozen(), patients) == []
    measured.cohort.patients = patients.drop(columns="site")
    assert ("site", "site") not in module._as_the_model_sees(measured, bundle).columns
    [told] = module._new_sites(bundle, measured.cohort.patients)
    assert told.what.startswith("3 of 3 patients")
