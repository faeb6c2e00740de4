"""Radiomics of the same lesions under masks that were changed: what another hand's mask would have measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sonoher2.config.images import ImageReading
from sonoher2.config.radiomics import RadiomicsConfig
from sonoher2.core.errors import InputError
from sonoher2.core.files import content_key
from sonoher2.engine import ARRAY, ExecutionContext, Keyed, Step
from sonoher2.lesions.agreement import dice
from sonoher2.lesions.open import open_lesion
from sonoher2.lesions.perturb import Change, perturb
from sonoher2.lesions.rings import pixel_aspect
from sonoher2.radiomics.extract import extract, feature_names
from sonoher2.study.measure.lesion_files import LesionFile, keyed_reading


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


def _measure(
    given: tuple[LesionFile, list[int]], ways: list[Way], reading: ImageReading, radiomics: RadiomicsConfig
) -> NDArray[np.float64]:
    """Overlap and features of one lesion under each changed mask, (ways, 1 + features)."""
    file, seeds = given
    lesion = open_lesion(
        file.image,
        file.masks,
        reading=reading,
        mm_per_pixel=file.mm_per_pixel,
        frame=file.frame,
        enhancer=file.enhancer,
    )
    rows = np.full((len(ways), 1 + len(feature_names(radiomics))), np.nan)
    aspect = pixel_aspect(lesion.image.mm_per_pixel)
    for row, way, seed in zip(rows, ways, seeds, strict=True):
        mask = perturb(lesion.mask, way.change, way.strength, np.random.default_rng(seed), aspect)
        row[0] = dice(lesion.mask, mask)
        try:
            row[1:] = list(extract(lesion.image.pixels, mask, radiomics, lesion.image.mm_per_pixel).values())
        except InputError:
            # a lesion that fills the image has no ring when it grows: its features stay missing
            continue
    return rows


PERTURBED = Step("perturbed", _measure, ARRAY, "Measuring perturbed lesions")


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
        Where it is computed and kept.
    """
    items = []
    for file in files:
        key = file.key(hashes)
        seeds = [int(content_key(seed, key, way)[:16], 16) for way in ways]
        items.append(Keyed((file, seeds), [key, seeds], file.unchanged(hashes)))
    found = context.map(PERTURBED, items, list(ways), keyed_reading(reading), radiomics)
    rows = np.stack(found)
    return PerturbedFeatures(rows[:, :, 1:], rows[:, :, 0])
