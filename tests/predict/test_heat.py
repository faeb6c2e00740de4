"""The network behind the Deep signature: its explained score is the signature's own log-odds."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sonoher2.deep.classifier import DeepClassifier
from sonoher2.deep.embedding import DeepEmbedding
from sonoher2.deep.encoder import FrozenEncoder
from sonoher2.predict.heat import explained_each, explained_network, heat_maps
from sonoher2.selection.reduce import PrincipalComponents
from sonoher2.signatures.feature_table import deep_group, join_feature_groups, network_feature_groups
from sonoher2.signatures.image_based import BestNetwork, FeatureSignature, NetworkSignature
from sonoher2.signatures.set import SignatureSet

NAME = "resnet10t"


@pytest.fixture(scope="module")
def patients() -> tuple[list[np.ndarray], np.ndarray]:
    """One crop each, the last one two."""
    rng = np.random.default_rng(0)
    y = np.arange(20) % 2
    crops = rng.integers(1, 255, (20, 1, 2, 32, 32), dtype=np.uint8)
    crops[:, :, 1] = 0
    crops[:, :, 1, 8:24, 8:24] = 255
    crops[y == 1, :, 0, 8:24, 8:24] //= 2
    several = list(crops)
    several[-1] = np.concatenate([several[-1], several[-3]])
    return several, y


def signature_on(name: str) -> FeatureSignature:
    return FeatureSignature((deep_group(name),), ("logistic",), PrincipalComponents(), inner_folds=3)


def fit(kind: str, X: list[np.ndarray], y: np.ndarray) -> tuple[SignatureSet, tuple[FrozenEncoder, ...], pd.DataFrame]:
    first: FrozenEncoder = DeepEmbedding(NAME, "none", 32).fit()
    networks: tuple[FrozenEncoder, ...] = (first,)
    deep: FeatureSignature | NetworkSignature | BestNetwork = signature_on(NAME)
    if kind == "tuned":
        networks, deep = (DeepClassifier(NAME, "none", 32, epochs=0).fit(X, y),), NetworkSignature(NAME, 3)
    if kind == "best":
        second = DeepEmbedding("resnet14t", "none", 32, pooling="own").fit()
        networks, deep = (
            (second, first),
            BestNetwork([(n.network, signature_on(n.network)) for n in (second, first)], 3),
        )
    feature_groups: dict[str, pd.DataFrame] = {}
    for network in networks:
        feature_groups |= network_feature_groups(network, pd.DataFrame(network.raw_embedding(X)))
    table = join_feature_groups(feature_groups)
    return SignatureSet([("Deep", deep)]).fit(table, y), networks, table


@pytest.mark.parametrize("kind", ["frozen", "tuned", "best"])
def test_score_is_the_log_odds_of_the_signature(kind: str, patients: tuple[list[np.ndarray], np.ndarray]) -> None:
    X, y = patients
    model, networks, table = fit(kind, X, y)
    probability = model.predict_proba(table)["Deep"]
    for outcome in (0, 1):
        explained = explained_network(model, networks, outcome)
        embeddings = np.stack([explained.embed(crops[0]) for crops in X[:4]])
        expected = np.log(probability[:4, outcome] / probability[:4, 1 - outcome])
        np.testing.assert_allclose(explained.score(embeddings), expected, atol=1e-6)
        direction, step = explained.gradient(embeddings[0]), 1e-3
        rise = explained.score((embeddings[0] + step * direction)[None]) - explained.score(embeddings[:1])
        assert rise[0] == pytest.approx(step * direction @ direction, rel=0.02)


def test_each_crop_of_a_patient_has_its_map(patients: tuple[list[np.ndarray], np.ndarray]) -> None:
    X, y = patients
    model, networks, _ = fit("frozen", X, y)
    maps = heat_maps(explained_network(model, networks, 1), list(X[-1]))
    assert len(maps) == 2
    for one, crop in zip(maps, X[-1], strict=True):
        np.testing.assert_array_equal(one.grey, crop[0])
        assert one.lesion.sum() == 256
        assert 0 <= one.heat.min() <= one.heat.max() <= 1


def test_the_crops_beside_each_one_are_the_others() -> None:
    seen: list[int] = []

    def beside(others: np.ndarray) -> list[float]:
        return others[:, 0].tolist()

    def embed(crop: np.ndarray) -> np.ndarray:
        seen.append(int(crop[0, 0, 0]))
        return np.array([10.0 * crop[0, 0, 0]])

    explained: Any = SimpleNamespace(embed=embed, beside=beside)
    crops = [np.full((2, 4, 4), number, np.uint8) for number in (1, 2, 3)]
    assert explained_each(explained, crops) == [[20, 30], [10, 30], [10, 20]]
    assert seen == [1, 2, 3]
    assert explained_each(explained, crops[:1]) == [explained]


def test_a_model_without_a_network_has_nothing_to_show(patients: tuple[list[np.ndarray], np.ndarray]) -> None:
    X, y = patients
    model, _, _ = fit("frozen", X, y)
    assert explained_network(model, (), 1) is None
