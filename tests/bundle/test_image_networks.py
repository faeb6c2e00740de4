"""A bundle's own networks for its images: found, missing or another's."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sonoher2.bundle import image_networks
from sonoher2.bundle.image_networks import own_networks
from sonoher2.core.errors import InputError
from sonoher2.networks.own import SHIPPED_NETWORKS, ImageNetworks

FOLDER = Path("bundle")
SHA = hashlib.sha256(b"weights").hexdigest()


@pytest.fixture(autouse=True)
def read(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Files of fingerprints that were read, and networks that were opened."""
    seen: list[Any] = []
    monkeypatch.setattr(image_networks, "load_training_images", lambda *files: seen.append(files))
    monkeypatch.setattr(image_networks, "check_readable", seen.append)
    return seen


def found(parts: dict[str, bytes], **named: str) -> ImageNetworks:
    schema: Any = SimpleNamespace(**({"segmenter": None, "enhancer": None} | named))
    return own_networks(FOLDER, schema, parts)


def test_without_own_networks_the_shipped_ones_are_used(read: list[Any]) -> None:
    assert found({"model.json": b""}) == SHIPPED_NETWORKS
    assert read == [SHIPPED_NETWORKS]


@pytest.mark.parametrize("name", ["segmenter", "enhancer"])
def test_an_own_network_lies_in_the_bundle(name: str, read: list[Any]) -> None:
    weights, images = f"{name}.safetensors", f"{name}.images.json"
    networks = found({weights: b"weights", images: b"[]"}, **{name: SHA})
    assert list(networks.own) == [name]
    final = networks.own[name].final
    assert (final.path, final.sha256, final.images) == (str(FOLDER / weights), SHA, str(FOLDER / images))
    assert read == [(FOLDER / weights, FOLDER / images), networks]


@pytest.mark.parametrize(
    ("parts", "sha256"),
    [
        ({}, SHA),
        ({"segmenter.safetensors": b"weights"}, SHA),
        ({"segmenter.images.json": b"[]"}, SHA),
        ({"segmenter.safetensors": b"weights", "segmenter.images.json": b"[]"}, None),
        ({"segmenter.images.json": b"[]"}, None),
        ({"segmenter.safetensors": b"other", "segmenter.images.json": b"[]"}, SHA),
    ],
)
def test_networks_that_are_missing_or_others_are_refused(parts: dict[str, bytes], sha256: Any) -> None:
    with pytest.raises(
        InputError, match="the segmenter is missing, or not the one that the model was fitted with"
    ) as caught:
        found(parts, segmenter=sha256)
    # who opens the bundle says where and what to do
    caught.value.at("bundle", "Run it again")
