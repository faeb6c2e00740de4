"""The computing steps of a study, each cached by content: measuring lesions and fitting signatures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.bundle.load import load_model
from sonoher2.bundle.save import dump_model
from sonoher2.cohort.cohort import Cohort
from sonoher2.config import StudyConfig
from sonoher2.features.lesion import lesion_features
from sonoher2.features.radiomics import feature_names
from sonoher2.files import content_key, file_sha256
from sonoher2.fusion.signatures import SignatureSet
from sonoher2.fusion.validation import fit_fold, outer_folds
from sonoher2.study.cache import Cache, code_key
from sonoher2.study.compute import run_jobs

Probabilities = dict[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Workshop:
    """Where finished work is kept and how many processes may work."""

    cache: Cache
    workers: int


def file_hashes(images: pd.DataFrame, workshop: Workshop) -> dict[str, str]:
    """Sha256 of every image and mask file, by path."""
    paths = sorted({path for row in images.itertuples() for path in (row.image, *row.masks)})
    return {paths[i]: value for i, value in run_jobs(file_sha256, paths, workers=1, label="Hashing files")}


def image_keys(images: pd.DataFrame, hashes: Mapping[str, str]) -> list[list[Any]]:
    """What the reading of each image depends on: bytes of image and masks, and mm per pixel."""
    return [
        [hashes[row.image], [hashes[mask] for mask in row.masks], repr(float(row.mm_per_pixel))]
        for row in images.itertuples()
    ]


def _measure(job: tuple[dict[str, Any], StudyConfig]) -> NDArray[np.float64]:
    row, study = job
    if study.images is None:
        raise ValueError("a study without images has nothing to measure")
    features = lesion_features(
        row["image"],
        row["masks"],
        reading=study.images,
        radiomics=study.radiomics,
        mm_per_pixel=row["mm_per_pixel"],
    )
    return np.array(list(features.values()))


def measure_images(cohort: Cohort, study: StudyConfig, hashes: Mapping[str, str], workshop: Workshop) -> pd.DataFrame:
    """Radiomics of every image.

    Returns
    -------
    (images, features), index as `cohort.images`.
    """
    if study.images is None or cohort.images.empty:
        return pd.DataFrame(index=cohort.images.index)
    reading = {"several_masks": study.images.several_masks, "crop": study.images.crop_to_b_mode}
    common = [code_key("images", "regions", "features"), reading, study.radiomics.model_dump(mode="json")]
    keys = [content_key(common, key) for key in image_keys(cohort.images, hashes)]
    rows = cohort.images.to_dict("records")
    waiting = {key: row for key, row in zip(keys, rows, strict=True) if not workshop.cache.has("features", key, ".npy")}
    jobs = [(row, study) for row in waiting.values()]
    names = list(waiting)
    for i, values in run_jobs(_measure, jobs, workers=workshop.workers, label="Measuring lesions"):
        workshop.cache.write_array("features", names[i], values)
    matrix = np.stack([_kept(workshop.cache.read_array("features", key)) for key in keys])
    return pd.DataFrame(matrix, index=cohort.images.index, columns=feature_names(study.radiomics))


def _kept(value: NDArray[np.float64] | None) -> NDArray[np.float64]:
    if value is None:
        raise RuntimeError("a cache entry that was just written is gone")
    return value


@dataclass(frozen=True)
class TrainingSet:
    """The training patients, and nobody else: what every `fit` of a study sees.

    Attributes
    ----------
    X
        (patients, columns), two-level columns (block, name).
    y
        (patients,) labels.
    groups
        (patients,) groups of patients that stay in one fold.
    """

    X: pd.DataFrame
    y: NDArray[np.int64]
    groups: NDArray[np.int64]

    def key(self) -> str:
        """Hash of all values."""
        hashed = pd.util.hash_pandas_object(self.X.astype(object).where(self.X.notna(), None).astype(str))
        columns = [list(map(str, column)) for column in self.X.columns]
        return content_key(hashed.tolist(), columns, self.y.tolist(), self.groups.tolist())


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
    """

    oof: Probabilities
    model: SignatureSet
    data: bytes


def fit_signatures(
    signatures: SignatureSet, training: TrainingSet, study: StudyConfig, workshop: Workshop
) -> Fitted:
    """Cross-fit the signatures on the outer folds and fit them on all training patients, side by side."""
    n_folds = study.validation.outer_folds
    folds = outer_folds(training.y, training.groups, n_folds, study.seed)
    common = [code_key("selection", "models", "fusion", "features"), training.key(), repr(signatures)]
    jobs: dict[tuple[str, str, str], Any] = {}
    for fold in range(n_folds):
        jobs["folds", content_key(common, folds.tolist(), fold), ".parquet"] = (signatures, training, folds == fold)
    jobs["models", content_key(common), ".skops"] = (signatures, training, None)
    waiting = [place for place in jobs if not workshop.cache.has(*place)]
    # the final fit sees the most patients and takes longest: start it first
    waiting.sort(key=lambda place: place[0], reverse=True)
    todo = [jobs[place] for place in waiting]
    for i, value in run_jobs(_fit, todo, workers=workshop.workers, label="Fitting signatures"):
        workshop.cache.write(*waiting[i], value)
    *fold_places, model_place = jobs
    parts = [_kept_frame(workshop.cache.read_frame(step, key)) for step, key, _ in fold_places]
    together = pd.concat(parts).sort_index()
    oof = {name: together[name].to_numpy() for name in together.columns.unique(0)}
    data = workshop.cache.read(*model_place) or b""
    return Fitted(oof, load_model(data), data)


def _kept_frame(value: pd.DataFrame | None) -> pd.DataFrame:
    if value is None:
        raise RuntimeError("a cache entry that was just written is gone")
    return value


def _fit(job: tuple[SignatureSet, TrainingSet, NDArray[np.bool_] | None]) -> bytes:
    """Bytes of a fold's out-of-fold scores, or of the final model."""
    signatures, training, held_out = job
    if held_out is None:
        return dump_model(signatures.fit(training.X, training.y, training.groups))
    train, test = np.flatnonzero(~held_out), np.flatnonzero(held_out)
    scores = fit_fold(signatures, training.X, training.y, training.groups, train, test)
    frame = pd.concat({name: pd.DataFrame(value, index=test) for name, value in scores.items()}, axis=1)
    frame.columns = frame.columns.set_levels(frame.columns.levels[1].astype(str), level=1)
    return frame.to_parquet()
