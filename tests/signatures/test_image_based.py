"""Signatures of one network and of several."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.metrics import roc_auc_score

from sonoher2.bundle.type_names import TRUSTED_TYPES
from sonoher2.classifiers.folds import macro_auc
from sonoher2.config.deep import DeepConfig
from sonoher2.signatures.feature_table import deep_group, described_feature_groups, join_feature_groups, score_group
from sonoher2.signatures.image_based import BestNetwork, NetworkSignature
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
