"""Images that weights were trained on are known again, as they are and re-saved; others are not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from sonoher2.core.errors import InputError
from sonoher2.enhancement.enhancer import SHIPPED as ENHANCER
from sonoher2.images.fingerprint import fingerprint, images_file, load_training_images, write_training_images
from sonoher2.images.read import read_image
from sonoher2.segmentation.segmenter import SHIPPED as SEGMENTER


def picture(seed: int) -> np.ndarray:
    smooth = gaussian_filter(np.random.default_rng(seed).normal(size=(120, 160)), 6)
    return np.rint(255 * (smooth - smooth.min()) / np.ptp(smooth))


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "own.safetensors"
    path.write_bytes(b"weights")
    write_training_images(path, [fingerprint(picture(seed)) for seed in (1, 2)])
    return path


@pytest.mark.parametrize("suffix", ["png", "bmp", "tiff", "jpg"])
def test_a_training_image_is_known_again_however_it_was_saved(weights: Path, tmp_path: Path, suffix: str) -> None:
    Image.fromarray(picture(1).astype(np.uint8)).save(tmp_path / f"again.{suffix}")
    assert load_training_images(weights).has(fingerprint(read_image(tmp_path / f"again.{suffix}").pixels))


def test_other_images_are_not(weights: Path) -> None:
    known = load_training_images(weights)
    assert not any(known.has(fingerprint(picture(seed))) for seed in range(3, 60))


def test_a_picture_of_another_shape_is_another_fingerprint() -> None:
    flat = np.zeros((4, 6))
    assert fingerprint(flat).sha256 != fingerprint(flat.T).sha256


def test_the_file_belongs_to_its_weights(weights: Path) -> None:
    weights.write_bytes(b"others")
    with pytest.raises(InputError, match="nothing says which images"):
        load_training_images(weights)
    images_file(weights).unlink()
    with pytest.raises(InputError, match="nothing says which images"):
        load_training_images(weights)


@pytest.mark.parametrize("weights", [SEGMENTER, ENHANCER], ids=["segmenter", "enhancer"])
def test_the_shipped_weights_carry_a_fingerprint_of_every_training_image(weights: Path) -> None:
    """1,492 images of BUS-BRA and 205 of BrEaST, as the model cards say."""
    assert len(load_training_images(weights).sha256) == 1492 + 205
    assert len(json.loads(images_file(weights).read_text())["images"]) == 1492 + 205
