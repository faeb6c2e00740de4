"""Networks on disk: read where they are asked for, one after another."""

from __future__ import annotations

import gc
from operator import attrgetter
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from weakref import WeakSet

import pandas as pd
import pytest

from sonoher2.config.deep import DeepConfig
from sonoher2.deep import lesion
from sonoher2.study.fit import stored_networks as module
from sonoher2.study.fit.stored_networks import StoredNetworks, read_network
from sonoher2.study.measure import deep_features


class Network:
    """Knows its file."""

    def __init__(self, data: bytes) -> None:
        self.network = data.decode()


@pytest.fixture
def alive(monkeypatch: pytest.MonkeyPatch) -> WeakSet[Network]:
    """Networks that are in memory."""
    there: WeakSet[Network] = WeakSet()

    def load(data: bytes) -> tuple[Network]:
        gc.collect()
        assert not there, "another network is still held"
        network = Network(data)
        there.add(network)
        return (network,)

    monkeypatch.setattr(module, "load_networks", load)
    return there


@pytest.fixture
def networks(tmp_path: Path) -> StoredNetworks:
    files = [tmp_path / name for name in ("first", "second", "third")]
    for file in files:
        file.write_text(file.name, encoding="utf-8")
    return StoredNetworks(tuple(files))


def test_networks_are_read_in_their_order(networks: StoredNetworks, alive: WeakSet[Network]) -> None:
    assert len(networks) == 3
    assert networks[1].network == "second"
    assert networks[-1].network == "third"
    assert networks[1:] == StoredNetworks(networks.files[1:])
    assert list(map(attrgetter("network"), networks)) == ["first", "second", "third"]
    assert read_network(networks.files[0]).network == "first"


def test_whoever_describes_patients_by_them_holds_one_at_a_time(
    networks: StoredNetworks, alive: WeakSet[Network], monkeypatch: pytest.MonkeyPatch
) -> None:
    crops = pd.DataFrame({"patient_id": ["A"], "crop": [Path("a.npy")]})
    monkeypatch.setattr(deep_features, "embed_crops", lambda paths, network, context: [[len(network.network)]])
    monkeypatch.setattr(
        deep_features, "network_feature_groups", lambda network, raw: {network.network: raw.to_numpy().tolist()}
    )
    found = deep_features.deep_feature_groups(crops, networks, None)  # type: ignore[arg-type]
    assert found == {"first": [[5]], "second": [[6]], "third": [[5]]}
    assert not alive


def test_each_network_of_a_study_is_fetched_once_under_all_that_it_depends_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "source_key", lambda name, weights: f"{name} from {weights}")
    asked: list[Any] = []

    class Context:
        def files(self, step: Any, items: list[Any], how: Any) -> list[Path]:
            assert step is module.FROZEN
            asked.append(([(item.value, item.key) for item in items], how.value, str(how.key)))
            return [Path(item.value) for item in items]

    config = DeepConfig(network=["a", "b"], weights="offline")
    found = module.frozen_networks(config, Context())  # type: ignore[arg-type]
    assert found.files == (Path("a"), Path("b"))
    [(items, given, key)] = asked
    assert items == [("a", ["a", "a from offline"]), ("b", ["b", "b from offline"])]
    assert given is config
    for changes, other in (
        ({"size": 64}, True), ({"pooling": "own"}, True), ({"mask": "channel"}, True), ({"mirror": True}, True),
        ({"margin": 0.5}, False),
    ):  # fmt: skip
        module.frozen_networks(config.model_copy(update=changes), Context())  # type: ignore[arg-type]
        assert (asked[-1][2] != key) is other, changes


def test_a_network_is_kept_with_its_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[object] = []
    network = SimpleNamespace(keep_graph=lambda: kept.append("graph"))
    monkeypatch.setattr(lesion, "frozen_network", lambda config, name: kept.append((config, name)) or network)
    assert module._freeze("net", "config") is network  # type: ignore[arg-type,comparison-overlap]
    assert kept == [("config", "net"), "graph"]
