"""Radiomics of the same lesions under masks that were changed: what another hand's outline would have measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sonoher2.config.images import ImageReading
from sonoher2.config.radiomics import RadiomicsConfig
from sonoher2.core.errors import InputError
from sonoher2.core.files import content_key
from sonoher2.engine import ExecutionContext
from sonoher2.lesions.agreement import dice
from sonoher2.lesions.open import open_lesion
from sonoher2.lesions.perturb import Change, perturb
from sonoher2.radiomics.extract import extract, feature_names
from sonoher2.study.cache import code_key
from sonoher2.study.compute import run_jobs
from sonoher2.study.measure.reading import reading_key
from sonoher2.study.measure.steps import LesionFile


class Way(NamedTuple):
    """One way to change a mask, as in `regions.perturb.perturb`."""

    change: Change
    strength: float


class PerturbedFeatures(NamedTuple):
    """Lesions measured under changed masks.

    Attributes
    ----------
    features
        (images, ways, features), columns as `feature_names`; NaN where a changed mask cannot be measured.
    dice
        (images, ways): overlap of the changed mask with the given one.
    """

    features: NDArray[np.float64]
    dice: NDArray[np.float64]


def measure_perturbed(
    files: Sequence[LesionFile],
    ways: Sequence[Way],
    reading: ImageReading,
    radiomics: RadiomicsConfig,
    hashes: Mapping[str, str],
    seed: int,
    context: ExecutionContext,
) -> PerturbedFeatures:
    """Measure each lesion under each changed mask, kept under the content of its files.

    Parameters
    ----------
    files
        The images.
    ways
        How to change the masks.
    reading, radiomics
        How to read and what to measure.
    hashes
        Sha256 of every file, by path.
    seed
        With a file's content and the way it says how the mask is changed: the same in every run.
    context
        Cache and processes.
    """
    how = [reading_key(reading), radiomics.model_dump(mode="json"), seed, list(ways)]
    common = [code_key("images", "lesions", "radiomics"), how]
    keys = [content_key(common, file.key(hashes)) for file in files]
    waiting = {
        key: file for key, file in zip(keys, files, strict=True) if not context.cache.has("redrawn", key, ".npy")
    }
    names = list(waiting)
    jobs = [
        (file, tuple(ways), [_seed(seed, file.key(hashes), way) for way in ways], reading, radiomics)
        for file in waiting.values()
    ]
    for i, values in run_jobs(_measure, jobs, workers=context.workers, label="Redrawing lesions"):
        jobs[i][0].require_unchanged(hashes)
        context.cache.write_array("redrawn", names[i], values)
    rows = np.stack([context.cache.array("redrawn", key) for key in keys])
    return PerturbedFeatures(rows[:, :, 1:], rows[:, :, 0])


def _seed(*parts: object) -> int:
    return int(content_key(*parts)[:16], 16)


def _measure(
    job: tuple[LesionFile, tuple[Way, ...], list[int], ImageReading, RadiomicsConfig],
) -> NDArray[np.float64]:
    """Overlap and features of one lesion under each changed mask, (ways, 1 + features)."""
    file, ways, seeds, reading, radiomics = job
    lesion = open_lesion(file.image, file.masks, reading=reading, mm_per_pixel=file.mm_per_pixel, frame=file.frame)
    rows = np.full((len(ways), 1 + len(feature_names(radiomics))), np.nan)
    for row, way, seed in zip(rows, ways, seeds, strict=True):
        mask = perturb(lesion.mask, way.change, way.strength, np.random.default_rng(seed))
        row[0] = dice(lesion.mask, mask)
        try:
            row[1:] = list(extract(lesion.image.pixels, mask, radiomics, lesion.image.mm_per_pixel).values())
        except InputError:
            # a lesion that fills the image has no ring when it grows: its features stay missing
            continue
    return rows
