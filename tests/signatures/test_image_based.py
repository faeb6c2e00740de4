"""Signatures of one network and of several."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.base import BaseEstimator
from sklearn.metrics import roc_auc_score

from sonoher2.bundle.type_names import TRUSTED_TYPES
from sonoher2.classifiers.folds import macro_auc
from sonoher2.config.deep import DeepConfig
from sonoher2.core.errors import InputError
from sonoher2.selection.pipeline import SelectionPipeline
from sonoher2.signatures.feature_table import deep_group, described_feature_groups, join_feature_groups, score_group
from sonoher2.signatures.image_based import BestNetwork, FeatureSignature, NetworkSignature
from sonoher2.signatures.registry import build_signatures
from sonoher2.signatures.validation import cross_fit

GOOD, BAD = "good-net", "bad-net"


@pytest.fixture
def with_networks(make_table):
    """Function (seed, n_classes) -> feature table of two networks of which the first sees more, and the classes."""

    def make(seed: int = 0, n_classes: int = 2, n: int = 150) -> tuple[pd.DataFrame, np.ndarray]:
        X, y = make_table(n, 12, n_classes, clinical=0.5, image=0.4, seed=seed)
        rng, feature_groups = np.random.default_rng(seed), {}
        for name, signal in ((BAD, 0.1), (GOOD, 1.2)):
            embedding = rng.normal(size=(n, 20))
            embedding[:, :4] += signal * y[:, None]
            scores = rng.normal(size=(n, 1 if n_classes == 2 else n_classes))
            scores += signal * (y[:, None] if n_classes == 2 else np.eye(n_classes)[y])
            if n_classes > 2:
                scores -= np.log(np.exp(scores).sum(axis=1, keepdims=True))
            feature_groups |= described_feature_groups(name, np.hstack([embedding, scores]), 20, X.index)
        return pd.concat([X, join_feature_groups(feature_groups)], axis=1), y

    return make


def deep_study(study, training: str):
    return study.model_copy(update={"deep": DeepConfig(network=[BAD, GOOD], training=training)})


@pytest.mark.parametrize("training", ["frozen", "fine-tuned"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_network_with_the_best_inner_auc_is_deep(study, with_networks, training: str, n_classes: int) -> None:
    X, y = with_networks(n_classes=n_classes)
    study = deep_study(study, training)
    fitted = build_signatures(study, study.clinical.columns, True).fit(X, y)
    assert fitted.fitted_["Deep"].network_ == GOOD
    zoo = fitted.candidates_.query("signature == 'Deep'")
    networks = zoo["parameters"].map(lambda text: json.loads(text)["network"])
    assert set(networks) == {GOOD, BAD}
    assert zoo["chosen"].sum() == 1
    assert zoo.loc[zoo["chosen"], "cv_auc"].iloc[0] > zoo.loc[networks == BAD, "cv_auc"].max()
    data = skops.io.dumps(fitted)
    assert set(skops.io.get_untrusted_types(data=data)) <= set(TRUSTED_TYPES)
    back = skops.io.loads(data, trusted=list(TRUSTED_TYPES)).predict_proba(X)
    assert all(np.array_equal(p, back[name]) for name, p in fitted.predict_proba(X).items())
    assert all(p.sum(axis=1) == pytest.approx(1) for p in back.values())


def test_the_choice_is_made_inside_the_fold(study, with_networks) -> None:
    """Many networks of noise: the best of them would look good outside the fold."""
    aucs = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        y = rng.permutation(np.arange(60) % 2)
        names = [f"net{i}" for i in range(20)]
        X = join_feature_groups(
            {score_group(name): pd.DataFrame(rng.normal(size=(60, 1)), columns=["log-odds"]) for name in names}
        )
        best = BestNetwork([(name, NetworkSignature(name)) for name in names])
        assert roc_auc_score(y, best.fit(X, y).oof_proba_[:, 1]) > 0.55
        noisy = study.model_copy(update={"deep": DeepConfig(network=names, training="fine-tuned")})
        only = build_signatures(noisy, {}, True)
        only.signatures = [(name, signature) for name, signature in only.signatures if name == "Deep"]
        aucs.append(macro_auc(y, cross_fit(only, X, y, None, 5, seed)["Deep"][:, [1]]))
    assert np.mean(aucs) == pytest.approx(0.5, abs=0.09)


def test_a_network_s_score_is_calibrated_and_never_turned_round(with_networks) -> None:
    X, y = with_networks()
    score = X[score_group(GOOD)].to_numpy()[:, 0]
    fitted = NetworkSignature(GOOD).fit(X, y)
    assert fitted.oof_proba_[:, 1].mean() == pytest.approx(y.mean(), abs=0.02)
    np.testing.assert_array_equal(np.argsort(fitted.predict_proba(X)[:, 1]), np.argsort(score))
    turned = X.copy()
    turned[score_group(GOOD)] *= -1
    again = NetworkSignature(GOOD).fit(turned, y).predict_proba(turned)[:, 1]
    np.testing.assert_array_equal(np.argsort(again), np.argsort(-score))


def test_one_network_needs_no_choice(study) -> None:
    single = study.model_copy(update={"deep": DeepConfig(network=GOOD)})
    signatures = dict(build_signatures(single, {}, True).signatures)
    assert signatures["Deep"].feature_groups == (deep_group(GOOD),)
    assert signatures["DLR (early)"].feature_groups == ("radiomics", deep_group(GOOD))


class Told(BaseEstimator):
    """A signature of a network by hand: its scores out of fold are told, and it says its name of everybody."""

    def __init__(self, name: str, scores: tuple[float, ...], groups: tuple[str, ...] = ("deep a",)) -> None:
        self.name, self.scores, self.groups = name, scores, groups

    @property
    def feature_groups(self) -> tuple[str, ...]:
        return self.groups

    def fit(self, X: pd.DataFrame, y: np.ndarray, groups: np.ndarray | None = None) -> Told:
        p = np.array(self.scores)
        self.oof_proba_ = np.column_stack([1 - p, p])
        self.candidates_ = pd.DataFrame(
            [("svm", '{"C": 1}', 0.7, 0.1, True), ("knn", "{}", 0.6, 0.2, False)],
            columns=["model", "parameters", "cv_auc", "cv_auc_sd", "chosen"],
        )
        return self

    def predict_proba(self, X: pd.DataFrame) -> list[str]:
        return [self.name] * len(X)

    def compared(self, X: pd.DataFrame) -> dict[str, str]:
        return {f"model of {self.name}": "scores"}


WORSE, BETTER = (0.9, 0.1, 0.2, 0.8) * 3, (0.1, 0.9, 0.2, 0.8) * 3
LABELS = np.array([0, 1] * 6)


def best_of(*options: Told) -> BestNetwork:
    given: list[Any] = [(option.name, option) for option in options]
    return BestNetwork(given, 3).fit(pd.DataFrame(index=range(12)), LABELS)


def test_the_best_network_is_kept_with_all_candidates_and_the_first_of_equals() -> None:
    best = best_of(Told("a", WORSE), Told("b", BETTER), Told("c", BETTER))
    assert (best.network, best.feature_groups) == ("b", ("deep a",))
    assert best.predict_proba(pd.DataFrame(index=[0])).tolist() == ["b"]
    assert best.oof_proba_[:, 1].tolist() == list(BETTER)
    rows = best.candidates_
    assert rows["parameters"].map(json.loads).tolist() == [
        {"network": name, **rest} for name in "abc" for rest in ({"C": 1}, {})
    ]
    assert rows["model"].tolist() == ["svm", "knn"] * 3
    assert rows["cv_auc"].tolist() == [0.7, 0.6] * 3
    assert rows["cv_auc_sd"].tolist() == [0.1, 0.2] * 3
    # chosen is the chosen model of the chosen network
    assert rows["chosen"].tolist() == [False, False, True, False, False, False]


def test_networks_alone_are_compared_and_of_joined_ones_the_models_of_the_best() -> None:
    X = pd.DataFrame(index=[0])
    alone = best_of(Told("a", WORSE), Told("b", BETTER))
    assert list(alone.compared(X)) == ["model of a", "model of b"]
    joined = best_of(*(Told(name, scores, ("radiomics", "deep")) for name, scores in (("a", WORSE), ("b", BETTER))))
    assert list(joined.compared(X)) == ["model of b"]
    # the others are left out of what is saved
    assert "options_" not in joined.__getstate__()
    assert "best_" in joined.__getstate__()
    unfitted: Any = [("a", Told("a", WORSE, ("x", "y"))), ("b", Told("b", WORSE, ("y", "z")))]
    assert BestNetwork(unfitted).feature_groups == ("x", "y", "z")
    assert BestNetwork(unfitted).network is None


def test_the_candidate_of_a_tuned_network_is_told_with_its_deviation() -> None:
    """AUCs of 0.5, 0.75 and 1: mean 0.75, deviation 0.25."""
    fitted = NetworkSignature("a")
    fitted.calibrator_ = fitted.classes_ = None  # type: ignore[assignment]
    for aucs, mean, deviation in (([0.5, 0.75, 1.0], 0.75, 0.25), ([0.5], 0.5, 0.0)):
        fitted.fold_aucs_ = np.array([aucs])
        [row] = fitted.candidates_.to_dict("records")
        assert row == {
            "model": "fine-tuned network", "parameters": "{}", "cv_auc": mean, "cv_auc_sd": deviation, "chosen": True,
        }  # fmt: skip


def test_a_feature_that_is_absent_is_named() -> None:
    rng = np.random.default_rng(0)
    X = join_feature_groups({"radiomics": pd.DataFrame(rng.normal(size=(40, 3)), columns=["a", "b", "c"])})
    nothing = SelectionPipeline(test=None, correlation=None, mrmr=None, lasso=False)
    fitted = FeatureSignature(("radiomics",), ("logistic",), nothing, 3).fit(X, np.arange(40) % 2)
    with pytest.raises(InputError, match="2 radiomics features are absent, b first"):
        fitted.predict_proba(X[[("radiomics", "a")]])
    turned = X[[("radiomics", name) for name in "cab"]]
    np.testing.assert_array_equal(fitted.predict_proba(turned), fitted.predict_proba(X))
    assert list(fitted.compared(X)) == ["logistic"]
