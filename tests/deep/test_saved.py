from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import skops.io
import torch

from sonoher2.core.errors import InputError
from sonoher2.deep.build import build_network, network_state, restored_network
from sonoher2.deep.classifier import DeepClassifier
from sonoher2.deep.embedding import DeepEmbedding
from sonoher2.deep.saved import load_classifier, save_classifier

NAMES = ["vit_tiny_patch16_224", "resnet10t", "tf_efficientnet_lite0", "mobilenetv3_small_050"]
Make = Callable[[int, int], tuple[list[np.ndarray], np.ndarray]]


@pytest.fixture(scope="module")
def fitted(patients: Make) -> DeepClassifier:
    return DeepClassifier("resnet10t", "none", 32, epochs=1, variants=0, rate=1e-3).fit(*patients(8, 0))


def test_a_saved_network_predicts_the_same(fitted: DeepClassifier, patients: Make, tmp_path: Path) -> None:
    save_classifier(tmp_path / "network.safetensors", fitted)
    again = load_classifier(tmp_path / "network.safetensors")
    X, _ = patients(4, 1)
    np.testing.assert_array_equal(again.predict_proba(X), fitted.predict_proba(X))
    np.testing.assert_array_equal(again.has_seen(X), fitted.has_seen(X))
    assert again.losses_ == fitted.losses_


def test_a_fitted_network_and_embedding_travel_in_a_skops_file(fitted: DeepClassifier, patients: Make) -> None:
    embedding = DeepEmbedding("resnet10t", "none", 32).fit()
    X, _ = patients(4, 1)
    data = skops.io.dumps([fitted, embedding])
    trusted = {"sonoher2.deep.classifier.DeepClassifier", "sonoher2.deep.embedding.DeepEmbedding"}
    assert set(skops.io.get_untrusted_types(data=data)) == trusted
    again, same = skops.io.loads(data, trusted=sorted(trusted))
    np.testing.assert_array_equal(again.predict_proba(X), fitted.predict_proba(X))
    np.testing.assert_array_equal(same.transform(X), embedding.transform(X))


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "network.safetensors"
    path.write_bytes(b"something else")
    with pytest.raises(InputError, match="no network that SonoHER2 saved"):
        load_classifier(path)


@pytest.mark.parametrize("pooling", ["lesion", "own"])
@pytest.mark.parametrize("name", NAMES)
def test_what_is_kept_is_all_that_is_used(name: str, pooling: str) -> None:
    size = 32
    network = build_network(name, "none", size=size, pooling=pooling, n_outputs=2, seed=5)
    with torch.no_grad():
        for buffer in network.buffers():
            buffer += 1
    state = network_state(network)
    again = restored_network(name, state, size=size, pooling=pooling)
    x, mask = torch.rand(1, 3, size, size), torch.ones(1, 1, 8, 8)
    with torch.no_grad():
        torch.testing.assert_close(again.embed(x, mask), network.embed(x, mask), rtol=0, atol=0)
    if network.taps is not None:
        assert len(state) < len(network.state_dict())
