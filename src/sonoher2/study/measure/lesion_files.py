"""The files of each lesion, as the steps of a study are given them: what they hold stands for them in every key."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sonoher2.config.images import ImageReading
from sonoher2.core import columns as c
from sonoher2.core.files import check_unchanged, file_sha256
from sonoher2.core.progress import track
from sonoher2.engine import Keyed, settings_key
from sonoher2.networks.own import Weights


@dataclass(frozen=True)
class LesionFile:
    """One image as it is read.

    Attributes
    ----------
    image, masks
        Paths.
    mm_per_pixel
        NaN: the table does not say.
    frame
        None: the only one.
    enhancer
        Weights that clear it, in a study with enhancers of its own.
    """

    image: str
    masks: tuple[str, ...]
    mm_per_pixel: float
    frame: int | None = None
    enhancer: Weights | None = None

    def unchanged(self, hashes: Mapping[str, str]) -> Callable[[], None]:
        """Give a check, for after reading, that the files are still those that were hashed; it raises an InputError.

        What is kept has their hash as name. The check is small: it goes to another process with the files.
        """
        return partial(check_unchanged, {path: hashes[path] for path in (self.image, *self.masks)})

    def key(self, hashes: Mapping[str, str]) -> list[Any]:
        """List what reading it depends on: the bytes of the files, not their names."""
        own = [] if self.enhancer is None else [self.enhancer.sha256]
        return [hashes[self.image], [hashes[mask] for mask in self.masks], repr(self.mm_per_pixel), self.frame, *own]

    def keyed(self, hashes: Mapping[str, str]) -> Keyed[LesionFile]:
        """Give the files to a step, which must find them as they were hashed."""
        return Keyed(self, self.key(hashes), self.unchanged(hashes))


class KeyedFiles(Sequence[Keyed[LesionFile]]):
    """Many files for a step, each given its key when it is asked for: of 100,000 the keys would fill memory.

    Parameters
    ----------
    files
        The images.
    hashes
        Sha256 of every file, by path.
    """

    def __init__(self, files: Sequence[LesionFile], hashes: Mapping[str, str]) -> None:
        self._files, self._hashes = files, hashes

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, position: Any) -> Any:
        return self._files[position].keyed(self._hashes)


def keyed_reading(reading: ImageReading) -> Keyed[ImageReading]:
    """Give a step the way to read images, known by its settings and by the enhancer's weights where it is used."""
    parts: list[object] = [settings_key(reading)]
    if reading.enhance != "none":
        # networks are slow to import
        from sonoher2.enhancement.enhancer import load_enhancer

        parts.append(load_enhancer().sha256)
    return Keyed(reading, parts)


def lesion_files(images: pd.DataFrame, mask_column: str = "masks") -> list[LesionFile]:
    """Rows of `Cohort.images` as records; `mask_column` may be `second_mask`."""
    masks = [(mask,) if isinstance(mask, str) else tuple(mask) for mask in images[mask_column]]
    enhancers = images[c.ENHANCER] if c.ENHANCER in images else [None] * len(images)
    sizes = images[c.MM_PER_PIXEL].astype(float)
    columns = zip(images[c.IMAGE].astype(str), masks, sizes, chosen_frames(images), enhancers, strict=True)
    return [LesionFile(*row) for row in columns]


def chosen_frames(images: pd.DataFrame) -> list[int | None]:
    """Frame of each row of `Cohort.images`, counted from 1; None where none is named."""
    return [None if np.isnan(frame) else int(frame) for frame in images[c.FRAME].astype(float)]


def file_hashes(images: pd.DataFrame) -> dict[str, str]:
    """Sha256 of every image and mask file, by path."""
    paths = {path for file in lesion_files(images) for path in (file.image, *file.masks)}
    paths |= set(images[c.SECOND_MASK].dropna().astype(str))
    return {path: file_sha256(Path(path)) for path in track(sorted(paths), "Hashing files", len(paths))}
