"""Signatures: what they find, what they must not find, and their way to disk and back."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import skops.io
from scipy.special import expit
from sklearn.base import clone

from sonoher2.bundle.type_names import TRUSTED_TYPES
from sonoher2.classifiers.folds import macro_auc
from sonoher2.config.models import ALL_MODELS
from sonoher2.core.errors import InputError
from sonoher2.selection.pipeline import SelectionPipeline
from sonoher2.signatures.feature_table import first_reader, second_reader
from sonoher2.signatures.image_based import FeatureSignature, NetworkSignature
from sonoher2.signatures.logistic import LogisticSignature
from sonoher2.signatures.nomogram import patient_points, total_probability
from sonoher2.signatures.protocol import BaseSignature
from sonoher2.signatures.registry import build_signatures
from sonoher2.signatures.set import SignatureSet
from sonoher2.signatures.validation import cross_fit, fit_fold, outer_folds

ALL = ["Clinical", "Radiomics", "Clinical+Radiomics", "Clinical (pre-biopsy)", "Clinical+Radiomics (pre-biopsy)"]


def build(study, has_images: bool = True) -> SignatureSet:
    return build_signatures(study, study.clinical.columns, has_images)


def of_hand() -> SignatureSet:
    """Signatures of a study with a network; what they need is known before they are fitted."""
    model = SignatureSet([])
    model.fitted_ = {
        "Clinical": LogisticSignature({"age": "number", "grade": "ordered"}),
        "Radiomics": FeatureSignature(("radiomics",)),
        "Deep": NetworkSignature("net"),
        "DLR": LogisticSignature({}, ("Radiomics", "Deep")),
        "Combined": LogisticSignature({"grade": "ordered"}, ("DLR",)),
    }
    return model


@pytest.mark.parametrize(
    ("clinical", "has_image", "names"),
    [
        ([], False, []),
        (["age"], False, ["Clinical"]),
        ([], True, ["Radiomics", "Deep", "DLR"]),
        (["age"], True, ["Clinical", "Radiomics", "Deep", "DLR"]),
        (["grade"], True, ["Clinical", "Radiomics", "Deep", "DLR", "Combined"]),
        (["another"], False, []),
    ],
)
def test_a_signature_is_usable_with_its_image_a_column_and_its_parents(
    clinical: list[str], has_image: bool, names: list[str]
) -> None:
    assert of_hand().usable(clinical, has_image) == names


def test_stacks_are_opened_up_to_the_image() -> None:
    leaves = {name: of_hand().image_leaves(name) for name in of_hand().fitted_}
    assert leaves == {
        "Clinical": [],
        "Radiomics": ["Radiomics"],
        "Deep": ["Deep"],
        "DLR": ["Radiomics", "Deep"],
        "Combined": ["Radiomics", "Deep"],
    }
    assert [name for name in of_hand().fitted_ if of_hand().uses_clinical(name)] == ["Clinical", "Combined"]


class Recorder(BaseSignature):
    """Remembers what it was fitted on; its probability is what it was told."""

    feature_groups, network = (), None

    def __init__(self, probability: float, stacks: tuple[str, ...] = ()) -> None:
        self.probability = probability
        self.stacks = stacks

    @property
    def parents(self) -> tuple[str, ...]:
        return self.stacks

    def fit(self, X: pd.DataFrame, y: np.ndarray, groups: np.ndarray | None = None) -> Recorder:
        self.seen_, self.groups_ = X, groups
        self.oof_proba_ = np.tile([1 - self.probability, self.probability], (len(X), 1))
        return self

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        self.scored_ = X
        return np.tile([0.5, 0.5], (len(X), 1))


def test_each_stack_sees_the_out_of_fold_scores_of_its_parents_in_its_own_order(make_table) -> None:
    X, y = make_table(12, 2)
    groups = np.arange(12) // 2
    stack = Recorder(0.6, ("Second", "First"))
    model = SignatureSet([("First", Recorder(0.2)), ("Second", Recorder(0.8)), ("Stack", stack)]).fit(X, y, groups)
    fitted = model.fitted_["Stack"]
    assert list(fitted.seen_["scores"]) == ["Second score", "First score"]
    # log(0.8 / 0.2) and its opposite
    assert fitted.seen_["scores"].iloc[0].tolist() == pytest.approx([1.3862944, -1.3862944])
    assert all(np.array_equal(one.groups_, groups) for one in model.fitted_.values())
    assert "scores" not in model.fitted_["Second"].seen_.columns.get_level_values(0)
    # a new patient's scores come from the final models, not from the folds
    model.predict_proba(X.iloc[:3])
    assert fitted.scored_["scores"].to_numpy().tolist() == [[0, 0]] * 3


@pytest.mark.slow
def test_noise_scores_half(study, make_table) -> None:
    """The leak test: 500 features of noise, few patients; selection outside the fold would reach 0.8 and more."""
    aucs = []
    for seed in range(5):
        X, y = make_table(60, 500, seed=seed)
        signatures = build(study.model_copy(update={"seed": seed, "models": ["logistic"]}))
        out = cross_fit(signatures, X, y, None, 5, seed)
        aucs.append([macro_auc(y, probability[:, [1]]) for probability in out.values()])
    assert np.mean(aucs, axis=0) == pytest.approx(0.5, abs=0.08)


def test_leak_test_would_see_a_leak(study, make_table) -> None:
    X, y = make_table(60, 500)
    outside = SelectionPipeline(lasso=False).fit(X["radiomics"], y).columns_
    leaky = X[[("radiomics", f"f{column}") for column in outside]]
    steps = study.selection.model_copy(update={"test": None, "lasso": False})
    plain = study.model_copy(update={"selection": steps, "models": ["naive-bayes", "svm"]})
    out = cross_fit(build_signatures(plain, {}, True), leaky, y, None, 5, 0)
    assert macro_auc(y, out["Radiomics"][:, [1]]) > 0.7


@pytest.mark.parametrize("n_classes", [2, 3])
def test_planted_signals_are_found_and_add_up(study, make_table, n_classes: int) -> None:
    X, y = make_table(240, 60, n_classes, clinical=0.8, image=0.8)
    out = cross_fit(build(study), X, y, np.arange(240), 3, 0)
    auc = {name: macro_auc(y, p[:, [1]] if n_classes == 2 else p) for name, p in out.items()}
    assert all(p.shape == (240, n_classes) and p.sum(axis=1) == pytest.approx(1) for p in out.values())
    assert auc["Clinical"] > 0.6
    assert auc["Radiomics"] > 0.7
    assert auc["Clinical+Radiomics"] > max(auc["Clinical"], auc["Radiomics"])


def test_a_block_of_noise_does_not_spoil_the_stack(study, make_table) -> None:
    """Scores that are not out-of-fold would make the stack trust the noise."""
    X, y = make_table(200, 300, clinical=1.5)
    out = cross_fit(build(study), X, y, None, 4, 0)
    auc = {name: macro_auc(y, probability[:, [1]]) for name, probability in out.items()}
    assert auc["Clinical+Radiomics"] > auc["Clinical"] - 0.05


def test_groups_stay_together(study, make_table) -> None:
    X, y = make_table(60, 10)
    groups = np.repeat(np.arange(30), 2)
    folds = outer_folds(y, groups, 5, 0)
    assert (folds[::2] == folds[1::2]).all()
    fitted = build(study).fit(X, y, groups)
    assert not np.array_equal(fitted.oof_["Clinical"], build(study).fit(X, y).oof_["Clinical"])


def test_fit_fold_never_sees_the_held_out_labels(study, make_table) -> None:
    X, y = make_table(80, 40, image=1.0)
    train, test = np.arange(60), np.arange(60, 80)
    other = y.copy()
    other[test] = 1 - other[test]
    first = fit_fold(build(study), X, y, None, train, test)
    second = fit_fold(build(study), X, other, None, train, test)
    assert list(first) == ALL
    assert all(np.array_equal(first[name], second[name]) for name in ALL)


def test_same_seed_same_numbers(study, make_table) -> None:
    X, y = make_table(80, 40)
    first, second = (build(study).fit(X, y).predict_proba(X) for _ in range(2))
    assert all(np.array_equal(first[name], second[name]) for name in ALL)


def test_one_patient_alone_scores_as_among_others(study, make_table) -> None:
    X, y = make_table(80, 40, image=1.0)
    fitted = build(study).fit(X, y)
    together, alone = fitted.predict_proba(X), fitted.predict_proba(X.iloc[[7]])
    assert all(alone[name][0] == pytest.approx(together[name][7], abs=1e-12) for name in ALL)


def test_absent_features_are_named(study, make_table) -> None:
    X, y = make_table(60, 10)
    fitted = build(study).fit(X, y)
    with pytest.raises(InputError, match="10 radiomics features are absent, f0 first"):
        fitted.predict_proba(X[["clinical"]])


def test_stack_weighs_the_out_of_fold_scores(study, make_table) -> None:
    X, y = make_table(60, 400)
    fitted = build(study).fit(X, y)
    assert macro_auc(y, fitted.oof_["Radiomics"][:, [1]]) < 0.75
    assert fitted.fitted_["Clinical+Radiomics"].encoder_.range_["Radiomics score"][1] == pytest.approx(
        np.log(fitted.oof_["Radiomics"][:, 1] / fitted.oof_["Radiomics"][:, 0]).max()
    )


def test_nomogram_gives_back_the_models_probability(study, make_table) -> None:
    X, y = make_table(150, 20, clinical=0.5, image=0.8)
    fitted = build(study).fit(X, y)
    nomogram = fitted.nomograms_["Clinical+Radiomics"]
    assert [axis.name for axis in nomogram.axes] == ["age", "birads", "palpable", "histology", "Radiomics score"]
    assert nomogram.axes[1].labels == ("3", "4", "5")
    probability = fitted.predict_proba(X)
    row = int(np.flatnonzero(X.notna().all(axis=1) & (X["clinical", "histology"] == "ILC"))[0])
    clinical, score = X["clinical"].iloc[row], probability["Radiomics"][row]
    values = {
        "age": float(clinical["age"]),
        "birads": ("3", "4", "5")[int(clinical["birads"])],
        "palpable": ("no", "yes")[int(clinical["palpable"])],
        "histology": "ILC",
        "Radiomics score": float(np.log(score[1] / score[0])),
    }
    total = sum(patient_points(nomogram, values).values())
    assert total_probability(nomogram, total) == pytest.approx(probability["Clinical+Radiomics"][row, 1], abs=1e-9)


def test_three_classes_have_no_nomogram(study, make_table) -> None:
    X, y = make_table(90, 10, 3)
    assert build(study).fit(X, y).nomograms_ == {}


def test_second_readers_features_decide_the_icc_filter(study, make_table) -> None:
    X, y = make_table(80, 12, image=1.0)
    second = X["radiomics"].copy()
    second[["f0", "f1"]] = np.random.default_rng(0).normal(size=(80, 2))
    readers = {first_reader("radiomics"): X["radiomics"], second_reader("radiomics"): second}
    X = pd.concat([X, pd.concat(readers, axis=1)], axis=1)
    strict = study.model_copy(update={"selection": study.selection.model_copy(update={"icc": 0.8})})
    kept = build(strict).fit(X, y).fitted_["Radiomics"].search_.selection_.get_feature_names_out()
    assert "f2" in kept
    assert not {"f0", "f1"} & set(kept)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("model", ALL_MODELS)
def test_every_model_comes_back_from_disk_the_same(study, make_table, model, n_classes: int) -> None:
    X, y = make_table(60, 15, n_classes, image=0.5)
    fitted = clone(build(study.model_copy(update={"models": [model]}))).fit(X, y)
    data = skops.io.dumps(fitted)
    assert set(skops.io.get_untrusted_types(data=data)) <= set(TRUSTED_TYPES)
    back = skops.io.loads(data, trusted=list(TRUSTED_TYPES))
    expected, got = fitted.predict_proba(X), back.predict_proba(X)
    assert all(np.array_equal(expected[name], got[name]) for name in ALL)
    assert back.candidates_.equals(fitted.candidates_)


def test_calibrated_at_the_training_prevalence(study, make_table) -> None:
    X, y = make_table(300, 20, image=0.7)
    rare = np.flatnonzero((y == 0) | (np.arange(300) % 3 == 0))
    out = cross_fit(build(study), X.iloc[rare], y[rare], None, 4, 0)
    for probability in out.values():
        assert probability[:, 1].mean() == pytest.approx(y[rare].mean(), abs=0.04)
    log_odds = np.log(out["Clinical+Radiomics"][:, 1] / out["Clinical+Radiomics"][:, 0])
    assert expit(log_odds) == pytest.approx(out["Clinical+Radiomics"][:, 1])
