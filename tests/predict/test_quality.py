from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from sonoher2.config.images import ImageReading
from sonoher2.predict.quality import poor_images


def test_a_flat_picture_is_named_and_a_good_one_is_not(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    pictures = {"good.png": rng.integers(0, 250, (90, 90)), "flat.png": rng.integers(100, 110, (90, 90))}
    mask = np.zeros((90, 90), dtype=np.uint8)
    mask[30:60, 30:60] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    for name, pixels in pictures.items():
        Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / name)
    given = [(tmp_path / name, (tmp_path / "mask.png",), None) for name in pictures]
    warnings = poor_images(given, ImageReading())
    assert len(warnings) == 1
    assert warnings[0].startswith("flat.png: fewer than 32 grey levels")
