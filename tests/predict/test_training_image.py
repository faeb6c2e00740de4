"""A prediction warns of an image that a network was trained on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from sonoher2.images.fingerprint import fingerprint, write_training_images
from sonoher2.predict.segmented import warn_of_training_image


def test_an_image_that_the_network_was_trained_on(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ("seen", "new"):
        Image.fromarray(rng.integers(0, 256, (60, 80), dtype=np.uint8)).save(tmp_path / f"{name}.png")
    weights = tmp_path / "own.safetensors"
    weights.write_bytes(b"weights")
    with Image.open(tmp_path / "seen.png") as image:
        write_training_images(weights, [fingerprint(np.asarray(image, dtype=np.float64))])
    told = warn_of_training_image(tmp_path / "seen.png", None, weights, "segmenter")
    assert told == ["seen.png: the segmenter was trained on this image, and does better on it than on others"]
    assert not warn_of_training_image(tmp_path / "new.png", None, weights, "segmenter")
