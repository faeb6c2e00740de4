"""The computing steps of a study, each cached by content: measuring lesions and fitting signatures."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.bundle.load import load_model
from sonoher2.bundle.save import dump_model
from sonoher2.config.images import ImageReading
from sonoher2.config.radiomics import RadiomicsConfig
from sonoher2.config.study import StudyConfig
from sonoher2.core.errors import Finding, FindingsError, InputError
from sonoher2.core.files import check_unchanged, content_key, file_sha256
from sonoher2.engine import ExecutionContext
from sonoher2.lesions.open import open_lesion
from sonoher2.radiomics.extract import feature_names
from sonoher2.radiomics.lesion import flat_lesions, measure_lesion
from sonoher2.signatures.set import SignatureSet
from sonoher2.signatures.sites import site_folds
from sonoher2.signatures.validation import fit_fold, outer_folds
from sonoher2.study.cache import code_key, values_sha256
from sonoher2.study.compute import run_jobs
from sonoher2.study.measure.reading import reading_key

Probabilities = dict[str, NDArray[np.float64]]


@dataclass(frozen=True)
class LesionFile:
    """One image as it is read: paths, mm per pixel (NaN: the table does not say), and frame (None: the only one)."""

    image: str
    masks: tuple[str, ...]
    mm_per_pixel: float
    frame: int | None = None

    def require_unchanged(self, hashes: Mapping[str, str]) -> None:
        """Check after reading that the files are still those that were hashed: what is kept has their hash as name.

        Raises
        ------
        InputError
            They are not.
        """
        check_unchanged({path: hashes[path] for path in (self.image, *self.masks)})

    def key(self, hashes: Mapping[str, str]) -> list[Any]:
        """List what reading it depends on: the bytes of the files, not their names."""
        return [hashes[self.image], [hashes[mask] for mask in self.masks], repr(self.mm_per_pixel), self.frame]


def lesion_files(images: pd.DataFrame, mask_column: str = "masks") -> list[LesionFile]:
    """Rows of `Cohort.images` as records; `mask_column` may be `second_mask`."""
    masks = [(mask,) if isinstance(mask, str) else tuple(mask) for mask in images[mask_column]]
    columns = zip(
        images["image"].astype(str), masks, images["mm_per_pixel"].astype(float), chosen_frames(images), strict=True
    )
    return [LesionFile(*row) for row in columns]


def chosen_frames(images: pd.DataFrame) -> list[int | None]:
    """Frame of each row of `Cohort.images`, counted from 1; None where none is named."""
    return [None if np.isnan(frame) else int(frame) for frame in images["frame"].astype(float)]


def file_hashes(images: pd.DataFrame) -> dict[str, str]:
    """Sha256 of every image and mask file, by path."""
    paths = {path for file in lesion_files(images) for path in (file.image, *file.masks)}
    paths |= set(images["second_mask"].dropna().astype(str))
    ordered = [Path(path) for path in sorted(paths)]
    return {str(ordered[i]): value for i, value in run_jobs(file_sha256, ordered, workers=1, label="Hashing files")}


def _measure(job: tuple[LesionFile, ImageReading, RadiomicsConfig]) -> NDArray[np.float64] | InputError:
    file, reading, radiomics = job
    try:
        lesion = open_lesion(file.image, file.masks, reading=reading, mm_per_pixel=file.mm_per_pixel, frame=file.frame)
        measured = measure_lesion(lesion, radiomics)
    except InputError as error:
        return error.at(file.image)
    return np.array([measured.grey_levels, measured.pixels, *measured.features.values()])


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
        Cache and processes.
    """
    how = [reading_key(reading), radiomics.model_dump(mode="json")]
    common = [code_key("images", "lesions", "radiomics"), how]
    keys = [content_key(common, file.key(hashes)) for file in files]
    waiting = {
        key: file for key, file in zip(keys, files, strict=True) if not context.cache.has("features", key, ".npy")
    }
    names, jobs = list(waiting), [(file, reading, radiomics) for file in waiting.values()]
    bad: dict[str, InputError] = {}
    for i, values in run_jobs(_measure, jobs, workers=context.workers, label="Measuring lesions"):
        jobs[i][0].require_unchanged(hashes)
        if isinstance(values, InputError):
            bad[names[i]] = values
        else:
            context.cache.write_array("features", names[i], values)
    empty = np.array([0, 0, *[np.nan] * len(feature_names(radiomics))])
    rows = np.array([empty if key in bad else context.cache.array("features", key) for key in keys])
    good = [i for i, key in enumerate(keys) if key not in bad]
    findings = flat_lesions([files[i].image for i in good], rows[good, 0].astype(int).tolist())
    problems = {i: bad[key] for i, key in enumerate(keys) if key in bad}
    return MeasuredLesions(rows[:, 2:], rows[:, 1].astype(np.int64), problems, findings)


@dataclass(frozen=True)
class TrainingSet:
    """The training patients, and nobody else: what every `fit` of a study sees.

    Attributes
    ----------
    X
        (patients, columns), two-level columns (feature group, name).
    y
        (patients,) labels.
    groups
        (patients,) groups of patients that stay in one fold.
    by_fold
        For each outer fold the columns of X that are others there: what fine-tuned networks say of each patient that
        saw neither the patient nor the outer fold. None without such networks.
    sites
        (patients,), where the cohort has sites.
    """

    X: pd.DataFrame
    y: NDArray[np.int64]
    groups: NDArray[np.int64]
    by_fold: tuple[pd.DataFrame, ...] = ()
    sites: tuple[str | None, ...] = ()

    def in_fold(self, fold: int) -> TrainingSet:
        """Training patients as the signatures of an outer fold may see them."""
        if not self.by_fold:
            return self
        own = self.by_fold[fold]
        return TrainingSet(pd.concat([self.X.drop(columns=own.columns), own], axis=1), self.y, self.groups)

    def key(self) -> str:
        """Hash of all values."""
        folds = [values_sha256(table) for table in self.by_fold]
        numbers = self.X.select_dtypes("number")
        words = self.X.drop(columns=numbers.columns).astype(object)
        texts = words.where(words.notna(), None).astype(str).to_numpy().tolist()
        hashed = [values_sha256(numbers), content_key(texts)]
        columns = [list(map(str, column)) for column in (*numbers.columns, *words.columns)]
        return content_key(hashed, columns, self.y.tolist(), self.groups.tolist(), folds)


@dataclass(frozen=True)
class Fitted:
    """The signatures of a study.

    Attributes
    ----------
    oof
        By signature, (training patients, classes): each patient scored by models that never saw that patient.
    model
        Fitted on all training patients; the only model that scores new ones.
    data
        The model as it goes into the bundle.
    folds
        (training patients,), outer fold in which each was held out.
    """

    oof: Probabilities
    model: SignatureSet
    data: bytes
    folds: NDArray[np.int64]

    @property
    def sha256(self) -> str:
        """Hash of the final model's bytes."""
        return hashlib.sha256(self.data).hexdigest()


def training_folds(training: TrainingSet, study: StudyConfig) -> NDArray[np.int64]:
    """Outer fold in which each training patient is held out, (patients,)."""
    if study.validation.by == "site":
        return site_folds(training.sites, training.y, training.groups)
    return outer_folds(training.y, training.groups, study.validation.outer_folds, study.seed)


FITTING = {"selection", "models", "validation", "seed", "clinical", "deep", "harmonise"}
"""Settings that a fitted signature depends on."""


def fit_signatures(
    signatures: SignatureSet, training: TrainingSet, study: StudyConfig, context: ExecutionContext
) -> Fitted:
    """Cross-fit the signatures on the outer folds and fit them on all training patients, side by side."""
    folds = training_folds(training, study)
    settings = study.model_dump(mode="json", include=FITTING)
    common = [
        code_key("selection", "classifiers", "signatures", "radiomics"),
        training.key(),
        settings,
        list(signatures.names),
    ]
    jobs: dict[tuple[str, str, str], Any] = {}
    for fold in range(folds.max() + 1):
        key = content_key(common, folds.tolist(), fold)
        jobs["folds", key, ".parquet"] = (signatures, training.in_fold(fold), folds == fold)
    jobs["models", content_key(common), ".skops"] = (signatures, training, None)
    waiting = [place for place in jobs if not context.cache.has(*place)]
    # the final fit sees the most patients and takes longest: start it first
    waiting.sort(key=lambda place: place[0], reverse=True)
    todo = [jobs[place] for place in waiting]
    for i, value in run_jobs(_fit, todo, workers=context.workers, label="Fitting signatures"):
        context.cache.write(*waiting[i], value)
    *fold_places, model_place = jobs
    parts = [context.cache.frame(step, key) for step, key, _ in fold_places]
    together = pd.concat(parts).sort_index()
    oof = {name: together[name].to_numpy() for name in together.columns.unique(0)}
    data = context.cache.entry(*model_place)
    return Fitted(oof, load_model(data), data, folds)


def _fit(job: tuple[SignatureSet, TrainingSet, NDArray[np.bool_] | None]) -> bytes:
    """Bytes of a fold's out-of-fold scores, or of the final model."""
    signatures, training, held_out = job
    if held_out is None:
        return dump_model(signatures.fit(training.X, training.y, training.groups))
    train, test = np.flatnonzero(~held_out), np.flatnonzero(held_out)
    scores = fit_fold(signatures, training.X, training.y, training.groups, train, test)
    columns = {(name, str(k)): value[:, k] for name, value in scores.items() for k in range(value.shape[1])}
    return pd.DataFrame(columns, index=test).to_parquet()
