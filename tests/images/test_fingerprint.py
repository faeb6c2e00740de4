"""Images that weights were trained on are known again, as they are and re-saved; others are not."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from sonoher2.core.errors import InputError
from sonoher2.enhancement.enhancer import SHIPPED as ENHANCER
from sonoher2.images.fingerprint import (
    Fingerprint,
    TrainingImages,
    fingerprint,
    images_file,
    load_training_images,
    training_images_text,
    write_training_images,
)
from sonoher2.images.read import read_image
from sonoher2.segmentation.shipped import SHIPPED as SEGMENTER


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


def test_up_to_four_bits_are_the_same_image() -> None:
    known = TrainingImages(frozenset({"a"}), np.array([0, 2**64 - 1], dtype=np.uint64))
    for image, bits, has in (("f", 4, True), ("1f", 5, False), ("fffffffffffffffe", 1, True)):
        assert known.bits_to_nearest(Fingerprint("b", image)) == bits
        assert known.has(Fingerprint("b", image)) == has
        assert not known.has(Fingerprint("b", image), resaved=False)
    assert known.has(Fingerprint("a", "7f"))
    assert known.has(Fingerprint("a", "7f"), resaved=False)
    assert TrainingImages(frozenset(), np.array([], dtype=np.uint64)).bits_to_nearest(Fingerprint("b", "0")) == 64


def test_fingerprints_are_written_once_and_in_order_and_may_lie_elsewhere(weights: Path, tmp_path: Path) -> None:
    images = [Fingerprint("b", "2"), Fingerprint("a", "1"), Fingerprint("b", "2")]
    content = json.loads(training_images_text("c0", images))
    assert content == {"format": "sonoher2-training-images-1", "weights_sha256": "c0", "images": ["a-1", "b-2"]}
    elsewhere = images_file(weights).rename(tmp_path / "elsewhere.json")
    known = load_training_images(weights, elsewhere)
    written = [fingerprint(picture(seed)) for seed in (1, 2)]
    assert known.sha256 == {image.sha256 for image in written}
    assert set(known.hashes.tolist()) == {int(image.hash, 16) for image in written}
    values = fingerprint(np.array([[0.4, 0.6, 2], [300, -1.0, 3]]))
    assert values.sha256 == hashlib.sha256(b"2x3:" + bytes([0, 1, 2, 255, 0, 3])).hexdigest()[:16]
    assert (len(values.sha256), len(values.hash)) == (16, 16)
