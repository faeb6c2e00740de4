"""Radiomics of every lesion of a study, each kept by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from sonoher2.config.images import ImageReading
from sonoher2.config.radiomics import RadiomicsConfig
from sonoher2.core.errors import Finding, FindingsError, InputError
from sonoher2.engine import ARRAY, ExecutionContext, Executor, Step
from sonoher2.engine.executors import SERIAL
from sonoher2.lesions.open import open_lesion
from sonoher2.radiomics.compilation import FAMILIES, compile_family, compiled_before
from sonoher2.radiomics.extract import feature_names
from sonoher2.radiomics.lesion import flat_lesions, measure_lesion
from sonoher2.study.measure.lesion_files import KeyedFiles, LesionFile, keyed_reading


def _measure(file: LesionFile, reading: ImageReading, radiomics: RadiomicsConfig) -> NDArray[np.float64]:
    """Grey levels, pixels, then the features of one lesion."""
    try:
        lesion = open_lesion(
            file.image,
            file.masks,
            reading=reading,
            mm_per_pixel=file.mm_per_pixel,
            frame=file.frame,
            enhancer=file.enhancer,
        )
        measured = measure_lesion(lesion, radiomics)
    except InputError as error:
        raise error.at(file.image) from error
    return np.array([measured.grey_levels, measured.pixels, *measured.features.values()])


FEATURES = Step("features", _measure, ARRAY, "Measuring lesions", packed=True)


@dataclass(frozen=True)
class MeasuredLesions:
    """Radiomics of many images.

    Attributes
    ----------
    features
        (images, features), columns as `feature_names(radiomics)`; NaN where there is a problem.
    pixels
        (images,), area of each lesion; 0 where there is a problem.
    problems
        Why an image was not measured, by its position.
    findings
        A warning when lesions have few grey levels.
    """

    features: NDArray[np.float64]
    pixels: NDArray[np.int64]
    problems: dict[int, InputError]
    findings: list[Finding]


def measure_lesions(
    files: Sequence[LesionFile],
    reading: ImageReading,
    radiomics: RadiomicsConfig,
    hashes: Mapping[str, str],
    context: ExecutionContext,
) -> tuple[NDArray[np.float64], list[Finding]]:
    """Radiomics of every image; parameters as in `try_lesions`.

    Returns
    -------
    `MeasuredLesions.features` and `MeasuredLesions.findings`.

    Raises
    ------
    FindingsError
        Images cannot be measured; all are named.
    """
    measured = try_lesions(files, reading, radiomics, hashes, context)
    if measured.problems:
        raise FindingsError(error.finding for error in measured.problems.values())
    return measured.features, measured.findings


def try_lesions(
    files: Sequence[LesionFile],
    reading: ImageReading,
    radiomics: RadiomicsConfig,
    hashes: Mapping[str, str],
    context: ExecutionContext,
) -> MeasuredLesions:
    """Measure every image that can be, each kept under the content of its files.

    Parameters
    ----------
    files
        The images.
    reading, radiomics
        How to read and what to measure.
    hashes
        Sha256 of every file, by path.
    context
        Where it is computed and kept.
    """
    rows = np.full((len(files), len(feature_names(radiomics))), np.nan)
    about = np.zeros((2, len(files)), dtype=np.int64)
    problems: dict[int, InputError] = {}
    for position, found in each_lesion(files, reading, radiomics, hashes, context):
        if isinstance(found, InputError):
            problems[position] = found
        else:
            about[:, position], rows[position] = found[:2], found[2:]
    good = [i for i in range(len(files)) if i not in problems]
    findings = flat_lesions([files[i].image for i in good], about[0, good].tolist())
    return MeasuredLesions(rows, about[1], problems, findings)


def each_lesion(
    files: Sequence[LesionFile],
    reading: ImageReading,
    radiomics: RadiomicsConfig,
    hashes: Mapping[str, str],
    context: ExecutionContext,
) -> Iterator[tuple[int, NDArray[np.float64] | InputError]]:
    """Measure as `try_lesions` does, and yield one image after another: its grey levels, pixels, then its features."""
    _compile_kernels(context.executor, radiomics)
    return context.stream(FEATURES, KeyedFiles(files, hashes), keyed_reading(reading), radiomics)


def _compile_kernels(executor: Executor, radiomics: RadiomicsConfig) -> None:
    """Share out the kernels over the processes of this machine, where nobody has compiled them here."""
    if executor is not SERIAL and not executor.far and not compiled_before():
        for _ in executor.run(partial(compile_family, config=radiomics), FAMILIES):
            pass
