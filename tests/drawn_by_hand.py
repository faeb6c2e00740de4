"""Lesions whose pixels are known, as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from sonoher2.lesions.mask import Mask

SIDE = 64


def disc(row: int, column: int, radius: int, side: int = SIDE) -> Mask:
    """Pixels whose centre is at most `radius` away."""
    rows, columns = np.mgrid[:side, :side]
    return np.asarray((rows - row) ** 2 + (columns - column) ** 2 <= radius**2)


def speckle(lesion: Mask, seed: int) -> np.ndarray:
    """A grey picture, dark in the lesion."""
    grey = np.random.default_rng(seed).integers(90, 250, lesion.shape)
    return np.where(lesion, grey // 3, grey).astype(np.uint8)


def write_mask_file(path: Path, mask: Mask) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.where(mask, 255, 0).astype(np.uint8)).save(path)
