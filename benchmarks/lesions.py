"""Real lesions, evenly spaced over BUS-BRA and BrEaST."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image


@dataclass(frozen=True)
class Lesion:
    """One image, its lesion and the lesion's bounding box."""

    name: str
    pixels: np.ndarray
    mask: np.ndarray

    @property
    def box(self) -> tuple[slice, slice]:
        """Rows and columns of the lesion."""
        rows, columns = np.flatnonzero(self.mask.any(axis=1)), np.flatnonzero(self.mask.any(axis=0))
        return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)

    @property
    def area(self) -> int:
        """Pixels."""
        return int(self.mask.sum())


def lesions(data: Path, count: int) -> Iterator[Lesion]:
    """Half from BUS-BRA, half from BrEaST, evenly spaced over each."""
    bus = sorted((data / "BUS-BRA" / "Images").glob("*.png"))
    pairs = [(path, data / "BUS-BRA" / "Masks" / path.name.replace("bus", "mask")) for path in bus]
    folder = data / "BrEaST" / "BrEaST-Lesions_USG-images_and_masks"
    tumours = sorted(folder.glob("*_tumor.png"))
    others = [(folder / path.name.replace("_tumor", ""), path) for path in tumours]
    for group in (pairs, others):
        for k in np.linspace(0, len(group) - 1, count // 2).astype(int):
            image, mask = group[k]
            pixels = np.asarray(Image.open(image).convert("L"), np.float64)
            yield Lesion(image.stem, pixels, np.asarray(Image.open(mask).convert("L")) > 0)
