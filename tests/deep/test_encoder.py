from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sonoher2.bundle.model_bytes import dump_networks, load_networks
from sonoher2.bundle.skops_library import VARIABLE
from sonoher2.config.deep import DeepConfig
from sonoher2.core.errors import InputError
from sonoher2.deep.embedding import DeepEmbedding
from sonoher2.deep.encoder import FrozenEncoder, _probe

SIZE = 64


def crops(n: int, seed: int = 0) -> NDArray[np.uint8]:
    """Noise, each with a lesion of its own."""
    rng = np.random.default_rng(seed)
    made = rng.integers(0, 256, (n, 2, SIZE, SIZE)).astype(np.uint8)
    for number in range(n):
        made[number, 1] = 0
        made[number, 1, 10 + number : 40, 20 : 50 - number] = 255
    return made


def embedding(network: str, **how: Any) -> DeepEmbedding:
    return DeepEmbedding(network=network, weights="none", size=SIZE, **how).fit()


@pytest.mark.parametrize(
    ("network", "how"),
    [
        ("tf_efficientnet_lite0", {"pooling": "lesion", "mask": "channel"}),
        ("resnet18", {"pooling": "own", "mask": "blank"}),
        pytest.param("vit_tiny_patch16_224", {"pooling": "lesion", "mask": "none"}, marks=pytest.mark.slow),
        pytest.param("swin_tiny_patch4_window7_224", {"pooling": "own", "mask": "none"}, marks=pytest.mark.slow),
        pytest.param("densenet121", {"pooling": "lesion", "mask": "none"}, marks=pytest.mark.slow),
    ],
)
def test_the_graph_embeds_as_torch_does(network: str, how: dict[str, Any]) -> None:
    encoder, X = embedding(network, **how), [crops(2), crops(1, seed=1)]
    by_torch = encoder.raw_embedding(X)
    encoder.keep_graph()
    assert encoder.graph_ is not None
    # far below what a score could show
    np.testing.assert_allclose(
        encoder.raw_embedding(X), by_torch, rtol=1e-3, atol=1e-4 * max(1, np.abs(by_torch).max())
    )
    # a patient's embedding is the mean of the crops', whatever else is embedded
    alone = [encoder.raw_embedding([crop[None]])[0] for crop in X[0]]
    np.testing.assert_array_equal(encoder.raw_embedding(X)[0], np.mean(alone, axis=0))


def test_a_written_network_keeps_its_graph() -> None:
    encoder = embedding("tf_efficientnet_lite0")
    encoder.keep_graph()
    (again,) = load_networks(dump_networks([encoder]))
    assert encoder.graph_ is not None
    assert again.graph_ is not None
    assert again.graph_.tobytes() == encoder.graph_.tobytes()
    np.testing.assert_array_equal(again.raw_embedding([crops(1)]), encoder.raw_embedding([crops(1)]))


def test_a_network_of_another_size_has_another_graph() -> None:
    with pytest.raises(InputError, match=r"not \(images, 2, 64, 64\)"):
        embedding("tf_efficientnet_lite0").raw_embedding([np.zeros((1, 2, 32, 32), np.uint8)])


def test_a_graph_that_says_something_else_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = embedding("tf_efficientnet_lite0")
    monkeypatch.setattr("sonoher2.deep.build.embedding_graph", lambda name, **how: b"graph")
    # the limit is a share of the largest, or of 1
    for largest in (0.5, 1.0, 4.0):
        says, limit = np.array([0.1, 0.3, -largest]), max(1.0, largest)
        monkeypatch.setattr(FrozenEncoder, "_embed_by_torch", lambda self, says=says: lambda crop: says)
        for shift, kept in ((5e-5, True), (1.5e-4, False), (-1.5e-4, False)):
            graph_says = says + limit * shift
            monkeypatch.setattr(
                FrozenEncoder, "_embed_by_graph", lambda self, graph, said=graph_says: lambda crop: said
            )
            encoder.graph_ = None
            encoder.keep_graph()
            assert (encoder.graph_ is not None) == kept, (largest, shift)


def test_a_network_without_a_graph_is_run_by_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sonoher2.deep.build.embedding_graph", lambda name, **how: None)
    encoder = embedding("tf_efficientnet_lite0")
    encoder.keep_graph()
    assert encoder.graph_ is None
    assert encoder.raw_embedding([crops(1)]).shape == (1, encoder.width_)


def test_a_network_is_built_once_as_long_as_its_tensors_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder, built = embedding("tf_efficientnet_lite0"), []
    make: Callable[[Any], Any] = FrozenEncoder._built
    monkeypatch.setattr(FrozenEncoder, "_built", lambda self: built.append(1) or make(self))
    first = encoder.raw_embedding([crops(1)])
    assert encoder.fitted_network() is encoder.fitted_network()
    assert len(built) == 1
    encoder.state_ = {name: value * 0 if value.ndim == 4 else value for name, value in encoder.state_.items()}
    # without convolutions all pictures are alike
    assert not np.allclose(encoder.raw_embedding([crops(1)]), first)
    assert len(built) == 2


def test_a_graph_of_a_stranger_is_looked_at() -> None:
    encoder = embedding("tf_efficientnet_lite0")
    encoder.graph_ = np.frombuffer(b"\xff" * 40, np.uint8)
    with pytest.raises(InputError, match="graph is damaged"):
        encoder.raw_embedding([crops(1)])


def test_a_kept_graph_needs_no_torch(tmp_path: Path) -> None:
    encoder = embedding("tf_efficientnet_lite0")
    encoder.keep_graph()
    (tmp_path / "network.skops").write_bytes(dump_networks([encoder]))
    np.save(tmp_path / "crops.npy", crops(2))
    code = """
import sys
from pathlib import Path
import numpy as np
from sonoher2.bundle.model_bytes import load_networks
folder = Path(sys.argv[1])
(network,) = load_networks((folder / "network.skops").read_bytes())
np.save(folder / "embedded.npy", network.raw_embedding([np.load(folder / "crops.npy")]))
assert not {"torch", "timm", "torchvision", "onnx"} & set(sys.modules)
"""
    # as a process of the command line: skops by itself lists all of scikit-learn, with torch
    ours = {**os.environ, VARIABLE: "1"}
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, timeout=300, env=ours)
    np.testing.assert_array_equal(np.load(tmp_path / "embedded.npy"), encoder.raw_embedding([crops(2)]))


def test_what_is_not_told_is_what_a_study_takes() -> None:
    given, config = embedding("tf_efficientnet_lite0").get_params(), DeepEmbedding().get_params()
    assert {name for name in given if given[name] != config[name]} == {"weights", "size"}
    study = DeepConfig()
    named = ("size", "pooling", "mask", "mirror")
    assert (
        [config[name] for name in named] == [getattr(study, name) for name in named] == [160, "lesion", "none", False]
    )


@pytest.mark.parametrize("graph", [False, True])
def test_a_mirrored_embedding_is_the_mean_of_a_crop_and_its_mirror_image(graph: bool) -> None:
    alone, both = embedding("resnet18", pooling="lesion"), embedding("resnet18", pooling="lesion", mirror=True)
    if graph:
        alone.keep_graph()
        both.keep_graph()
    X = crops(2)
    views = alone.raw_embedding([X[:1], X[:1, :, :, ::-1], X[1:], X[1:, :, :, ::-1]])
    np.testing.assert_allclose(both.raw_embedding([X])[0], views.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(both.raw_embedding([X[:1]]), both.raw_embedding([X[:1, :, :, ::-1]]), rtol=1e-12)
    assert np.abs(both.raw_embedding([X])[0] - alone.raw_embedding([X])[0]).max() > 1e-3


def test_a_network_of_an_older_file_has_no_mirror_image() -> None:
    older = embedding("resnet18")
    del older.__dict__["mirror"]
    [read] = load_networks(dump_networks([older]))
    assert read.mirror is False
    X = [crops(1)]
    np.testing.assert_array_equal(read.raw_embedding(X), embedding("resnet18").raw_embedding(X))


def test_the_crop_that_both_are_tried_on_has_a_lesion_and_what_surrounds_it() -> None:
    probe = _probe(64)
    assert probe.shape == (2, 64, 64)
    assert set(np.unique(probe[1])) == {0, 255}
    assert 0.1 < (probe[1] == 255).mean() < 0.3
    assert len(np.unique(probe[0])) > 100
