"""From the settings of a study to its networks and crops."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from sonoher2.config.deep import DeepConfig
from sonoher2.deep.lesion import crop_for, trainable_network


def test_every_setting_reaches_the_network() -> None:
    config = DeepConfig(weights="hub", size=96, pooling="own", mask="channel", epochs=7, unfreeze=2)
    found = trainable_network(config, "ResNet18", 5)
    assert (found.network, found.weights, found.size, found.pooling, found.mask) == (
        "ResNet18", "hub", 96, "own", "channel",
    )  # fmt: skip
    assert (found.epochs, found.unfreeze, found.seed) == (7, 2, 5)


@pytest.mark.parametrize(
    ("weights", "unfreeze", "variants"), [("auto", 1, 4), ("none", 1, 0), ("auto", -1, 0), ("offline", 3, 4)]
)
def test_nothing_is_kept_without_frozen_stages(weights: str, unfreeze: int, variants: int) -> None:
    assert trainable_network(DeepConfig(weights=weights, unfreeze=unfreeze), "ResNet18", 0).variants == variants


def test_a_crop_has_the_size_and_margin_of_the_study() -> None:
    mask = np.zeros((40, 40), bool)
    mask[10:20, 10:20] = True
    lesion = SimpleNamespace(image=SimpleNamespace(pixels=np.full((40, 40), 90.0)), mask=mask)
    crop = crop_for(lesion, DeepConfig(size=32, margin=0.3))  # type: ignore[arg-type]
    assert crop.shape == (2, 32, 32)
    # the lesion is 10 of 16 pixels wide: 20 of 32
    assert (crop[1] > 127).any(axis=0).sum() == 20
