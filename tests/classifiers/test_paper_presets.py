"""Every network of the paper trains and explains."""

from __future__ import annotations

import numpy as np
import pytest

from sonoher2.deep.classifier import DeepClassifier
from sonoher2.explain.explained import Explained
from sonoher2.explain.gradcam import heat_map
from sonoher2.networks.sources import PRESETS

PAPER = {"ResNet101": 64, "VGG19": 32, "ViT": 64, "Swin": 56}


@pytest.mark.slow
@pytest.mark.parametrize("preset", PAPER)
def test_a_preset_of_the_paper_takes_a_step_and_explains_a_picture(preset: str) -> None:
    size = PAPER[preset]
    pictures = np.random.default_rng(0).integers(1, 255, (4, 1, 2, size, size), dtype=np.uint8)
    classifier = DeepClassifier(preset, "none", size, pooling="own", epochs=1, variants=0)
    classifier.fit(list(pictures), np.array([0, 1, 0, 1]))
    assert np.isfinite(classifier.losses_).all()
    assert heat_map(Explained.of_classifier(classifier), pictures[0, 0]).shape == (size, size)


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_are_names_that_timm_knows(preset: str) -> None:
    import timm

    assert timm.is_model(PRESETS[preset])
