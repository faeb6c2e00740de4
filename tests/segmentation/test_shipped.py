"""The weights that ship: what is said of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonoher2.images.fingerprint import listed_training_images
from sonoher2.segmentation.segmenter import load_segmenter
from sonoher2.segmentation.shipped import SHIPPED, SHIPPED_PROMPTED


@pytest.mark.parametrize("path", [SHIPPED, SHIPPED_PROMPTED], ids=["plain", "prompted"])
def test_the_images_of_both_networks_are_known(path: Path) -> None:
    # docs/model-cards/segmenter.md: 1,492 of BUS-BRA and 205 of BrEaST
    assert len(listed_training_images(SHIPPED)) == 1697
    assert listed_training_images(path) == listed_training_images(SHIPPED)


def test_both_learned_from_the_same_images() -> None:
    plain, prompted = load_segmenter().card, load_segmenter(prompted=True).card
    assert plain["images_sha256"] == prompted["images_sha256"]
    assert (plain["images"], prompted["images"]) == ({"BUS-BRA": 1492, "BrEaST": 205},) * 2
    assert prompted["schedule"]["start"] == SHIPPED.name
