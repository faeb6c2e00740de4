"""Copies injected among real and synthetic images, and the groups that follow."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from sonoher2.images.duplicates import near_duplicate_pairs, perceptual_hash, thumbnail
from sonoher2.images.read import read_image


def pairs_of(images: list[np.ndarray]) -> list[tuple[int, int]]:
    return near_duplicate_pairs([perceptual_hash(image) for image in images], [thumbnail(image) for image in images])


def picture(seed: int) -> np.ndarray:
    rough = gaussian_filter(np.random.default_rng(seed).normal(size=(200, 260)), 6)
    return np.clip(100 + 40 * rough / rough.std(), 5, 250)


def jpeg(grey: np.ndarray) -> np.ndarray:
    stream = io.BytesIO()
    Image.fromarray(grey.astype(np.uint8)).save(stream, "JPEG", quality=60)
    return np.asarray(Image.open(stream)).astype(float)


def rescaled(grey: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(grey.astype(np.float32)).resize((150, 180))).clip(0, 255).astype(float)


CHANGES = {
    "same": lambda grey: grey,
    "jpeg": jpeg,
    "rescaled": rescaled,
    "brighter": lambda grey: np.clip(grey * 1.2 + 10, 0, 255),
    "gamma": lambda grey: 255 * (grey / 255) ** 0.7,
    "cropped": lambda grey: grey[4:-6, 5:-8],
}


@pytest.mark.parametrize("change", CHANGES)
def test_an_injected_copy_is_found(change: str) -> None:
    images = [picture(seed) for seed in range(12)]
    assert pairs_of([*images, CHANGES[change](images[7])]) == [(7, 12)]


@pytest.mark.parametrize("change", CHANGES)
def test_an_injected_copy_is_found_among_real_images(shared: Path, change: str) -> None:
    files = [
        shared / f"data/BUS-BRA/Images/bus_{case}.png" for case in ("0003-l", "0036-r", "0428-l", "0806-s", "0979-r")
    ]
    images = [read_image(file).pixels for file in files]
    assert pairs_of([*images, *map(CHANGES[change], images)]) == [(index, index + 5) for index in range(5)]


def test_the_one_lesion_that_a_public_data_set_has_twice(shared: Path) -> None:
    names = ["0056-l", "0056-r", "0091-l", "0091-r"]
    images = [read_image(shared / f"data/BUS-BRA/Images/bus_{name}.png").pixels for name in names]
    assert pairs_of(images) == [(0, 2), (1, 3)]


def test_few_and_flat_images() -> None:
    assert pairs_of([]) == []
    assert pairs_of([picture(0)]) == []
    assert pairs_of([np.zeros((40, 50)), np.full((40, 50), 9.0)]) == []


def test_hash_and_thumbnail_have_a_fixed_form() -> None:
    grey = picture(1)
    assert isinstance(perceptual_hash(grey), np.uint64)
    assert thumbnail(grey).shape == (32, 32)
    np.testing.assert_allclose(thumbnail(grey).mean(), grey.mean(), rtol=1e-2)
