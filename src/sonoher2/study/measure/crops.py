"""What networks see of each lesion: its crop, kept as a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonoher2.config.deep import DeepConfig
from sonoher2.config.images import ImageReading
from sonoher2.deep.crop import WindowPlace, lesion_crop
from sonoher2.engine import ARRAY, ExecutionContext, Step
from sonoher2.lesions.open import open_lesion
from sonoher2.study.measure.lesion_files import KeyedFiles, LesionFile, keyed_reading


def _crop(file: LesionFile, reading: ImageReading, size: int, margin: float, window: WindowPlace) -> NDArray[np.uint8]:
    lesion = open_lesion(
        file.image,
        file.masks,
        reading=reading,
        mm_per_pixel=file.mm_per_pixel,
        frame=file.frame,
        enhancer=file.enhancer,
    )
    return lesion_crop(lesion.image.pixels, lesion.mask, size=size, margin=margin, window=window)


CROPS = Step("crops", _crop, ARRAY, "Cutting out lesions")


def crop_lesions(
    files: Sequence[LesionFile],
    reading: ImageReading,
    deep: DeepConfig,
    hashes: Mapping[str, str],
    context: ExecutionContext,
) -> list[Path]:
    """Cut the lesion out of every image, each crop kept under the content of its files.

    Parameters
    ----------
    files
        The images.
    reading, deep
        How to read, and what a network sees.
    hashes
        Sha256 of every file, by path.
    context
        Where it is computed and kept.

    Returns
    -------
    File (.npy) of each image's crop, (2, size, size); its stem is the crop's content key.
    """
    seen = (deep.size, deep.margin, deep.window)
    return context.files(CROPS, KeyedFiles(files, hashes), keyed_reading(reading), *seen)
