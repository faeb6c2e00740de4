"""`network.skops`: networks of both kinds are let through, others are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import skops.io
import timm
import torch

from sonoher2.bundle.model_bytes import MOST_NETWORKS, dump_networks, join_networks, load_networks
from sonoher2.core.errors import InputError
from sonoher2.deep.classifier import DeepClassifier
from sonoher2.deep.embedding import DeepEmbedding
from sonoher2.networks.presets import timm_name

SIZE = 32
SMALL = {"network": "test_resnet.r160_in1k", "weights": "none", "size": SIZE}


def pictures(patients: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (1, 2, SIZE, SIZE), np.uint8) for _ in range(patients)]


def test_networks_of_both_kinds_are_read() -> None:
    embedding = DeepEmbedding(**SMALL).fit()
    classifier = DeepClassifier(**SMALL, epochs=1, variants=1).fit(pictures(8), np.arange(8) % 2)
    read = load_networks(dump_networks([embedding, classifier]))
    assert [network.sha256 for network in read] == [embedding.sha256, classifier.sha256]
    for before, after in zip((embedding, classifier), read, strict=True):
        assert np.array_equal(before.raw_embedding(pictures(2)), after.raw_embedding(pictures(2)))


def test_files_of_one_network_are_joined_to_the_file_of_all(tmp_path: Path) -> None:
    """Byte for byte, so that a bundle does not depend on how many networks were in memory."""
    labels = np.arange(8) % 2
    networks = [
        DeepClassifier(**SMALL, epochs=1, variants=1).fit(pictures(8), labels),
        DeepEmbedding(**SMALL).fit(),
        DeepClassifier(**SMALL, epochs=1, variants=1, seed=1).fit(pictures(8)[::-1], labels),
    ]
    files = [tmp_path / str(place) for place in range(3)]
    for file, network in zip(files, networks, strict=True):
        file.write_bytes(dump_networks([network]))
    read = [network for file in files for network in load_networks(file.read_bytes())]
    assert join_networks(files) == dump_networks(read)
    joined = load_networks(join_networks(files[::-1]))
    assert [network.sha256 for network in joined] == [network.sha256 for network in networks[::-1]]


def test_a_bundle_may_hold_all_networks_of_the_paper_together() -> None:
    total = 0
    with torch.device("meta"):
        for name in ("ResNet101", "VGG19", "ViT", "Swin"):
            tensors = timm.create_model(timm_name(name), num_classes=0).state_dict().values()
            total += sum(tensor.numel() * tensor.element_size() for tensor in tensors)
    assert 1.1e9 < total < 0.9 * MOST_NETWORKS


def test_what_is_no_list_of_networks_is_refused() -> None:
    with pytest.raises(InputError, match="no networks"):
        load_networks(skops.io.dumps([1, 2]))
    with pytest.raises(InputError, match="damaged"):
        load_networks(b"nothing")


@pytest.mark.parametrize("change", ["less", "more", "shape", "none"])
def test_tensors_that_are_not_the_networks_are_refused(change: str) -> None:
    """A tensor that is missing would be drawn at random."""
    network = DeepEmbedding(**SMALL).fit()
    name = next(name for name, value in network.state_.items() if value.ndim == 4)
    changes = {
        "less": {key: value for key, value in network.state_.items() if key != name},
        "more": network.state_ | {"other": np.zeros(3, np.float32)},
        "shape": network.state_ | {name: np.zeros((1, 1, 1, 1), np.float32)},
        "none": {},
    }
    network.state_ = changes[change]
    with pytest.raises(InputError, match="tensors"):
        network.raw_embedding(pictures(1))
