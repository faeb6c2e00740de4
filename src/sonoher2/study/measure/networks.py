"""The deep steps of a study, each cached by content: crops of lesions, embeddings, networks fine-tuned by fold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.bundle.load import load_networks
from sonoher2.bundle.save import dump_networks
from sonoher2.config.deep import DeepConfig
from sonoher2.config.images import ImageReading
from sonoher2.config.study import StudyConfig
from sonoher2.core.errors import InputError
from sonoher2.core.files import content_key
from sonoher2.engine import ExecutionContext
from sonoher2.radiomics.lesion import pool_patients
from sonoher2.signatures.feature_table import described_feature_groups, join_feature_groups, network_feature_groups
from sonoher2.study.cache import array_bytes, code_key
from sonoher2.study.compute import run_jobs
from sonoher2.study.measure.reading import reading_key
from sonoher2.study.measure.steps import LesionFile, TrainingSet, training_folds

if TYPE_CHECKING:
    from sonoher2.deep.classifier import DeepClassifier
    from sonoher2.deep.crossfit import LeftOut
    from sonoher2.deep.encoder import FrozenEncoder

PER_JOB = 32
"""A process builds its network anew for each job."""

T = TypeVar("T")


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
        Cache and processes.

    Returns
    -------
    File (.npy) of each image's crop, (2, size, size); its stem is the crop's content key.
    """
    how = [reading_key(reading), deep.size, deep.margin]
    common = [code_key("images", "lesions", "radiomics", "deep"), how]
    keys = [content_key(common, file.key(hashes)) for file in files]
    cache = context.cache
    waiting = {key: file for key, file in zip(keys, files, strict=True) if not cache.has("crops", key, ".npy")}
    jobs = [(chunk, reading, deep) for chunk in _chunks(list(waiting.values()))]
    names = _chunks(list(waiting))
    for i, crops in run_jobs(_crop, jobs, workers=context.workers, label="Cutting out lesions, by 32"):
        for key, file, crop in zip(names[i], jobs[i][0], crops, strict=True):
            file.require_unchanged(hashes)
            cache.write_array("crops", key, crop)
    return [cache.path("crops", key, ".npy") for key in keys]


def _crop(job: tuple[list[LesionFile], ImageReading, DeepConfig]) -> list[NDArray[np.uint8]]:
    from sonoher2.deep.lesion import lesion_crops

    files, reading, deep = job
    rows = [(file.image, file.masks, file.mm_per_pixel, file.frame) for file in files]
    return lesion_crops(rows, reading=reading, config=deep)


def embed_crops(crops: Sequence[Path], network: FrozenEncoder, context: ExecutionContext) -> NDArray[np.float64]:
    """Embed the lesion of every crop by a network that is trained already; each row is cached.

    Parameters
    ----------
    crops
        From `crop_lesions`.
    network
        Frozen, or fine-tuned on other patients.
    context
        Cache and processes.

    Returns
    -------
    (crops, width), before any standardisation.
    """
    common = [code_key("deep", "networks"), network.sha256, network.mask, network.pooling]
    keys = [content_key(common, crop.stem) for crop in crops]
    cache = context.cache
    waiting = {key: path for key, path in zip(keys, crops, strict=True) if not cache.has("deep", key, ".npy")}
    jobs = [(chunk, network) for chunk in _chunks(list(waiting.values()))]
    names = _chunks(list(waiting))
    for i, rows in run_jobs(_embed, jobs, workers=context.workers, label=f"Embedding by {network.network}, by 32"):
        for key, row in zip(names[i], rows, strict=True):
            cache.write_array("deep", key, row)
    return np.stack([cache.array("deep", key) for key in keys])


def _embed(job: tuple[list[Path], FrozenEncoder]) -> NDArray[np.float64]:
    paths, network = job
    return network.raw_embedding([_load(path)[None] for path in paths])


def deep_feature_groups(
    crops: pd.DataFrame, networks: Sequence[FrozenEncoder], context: ExecutionContext
) -> dict[str, pd.DataFrame]:
    """Feature groups that networks give for patients whom they were not trained on.

    Parameters
    ----------
    crops
        `patient_id, crop` (path), one row per image.
    networks
        Frozen, or fine-tuned on other patients.
    context
        Cache and processes.
    """
    feature_groups: dict[str, pd.DataFrame] = {}
    for network in networks:
        raw = pd.DataFrame(embed_crops(list(crops["crop"]), network, context), index=crops.index)
        feature_groups |= network_feature_groups(network, pool_patients(raw, crops["patient_id"]))
    return feature_groups


@dataclass(frozen=True)
class TunedNetworks:
    """Fine-tuned networks and what they say of the training patients, always out of fold.

    Attributes
    ----------
    final
        Each fitted on all training patients: for new ones.
    training
        (training patients, columns), two-level columns (feature group, name): each patient described by networks
        without the patient's fold. For the final fit.
    by_fold
        The same for each outer fold: each patient described by networks that saw neither the patient's fold nor the
        outer one.
    """

    final: tuple[FrozenEncoder, ...]
    training: pd.DataFrame
    by_fold: tuple[pd.DataFrame, ...]


def fit_networks(
    crops: pd.DataFrame,
    training: TrainingSet,
    study: StudyConfig,
    deep: DeepConfig,
    start: Sequence[FrozenEncoder],
    context: ExecutionContext,
) -> TunedNetworks:
    """Fine-tune every network without each fold, without each two folds, and on all training patients.

    Parameters
    ----------
    crops
        `patient_id, crop` (path), one row per image of the training patients.
    training
        The training patients.
    study, deep
        Folds, seed, and how to train.
    start
        The networks before training: part of the name under which results are kept.
    context
        Cache and processes.

    Raises
    ------
    InputError
        There are too few patients for three folds.
    """
    folds = training_folds(training, study)
    if folds.max() < 2:
        raise InputError("fine-tuned networks need three folds", fix="Add patients, or use `training: frozen`")
    by_patient = crops.groupby("patient_id")["crop"].agg(list)
    paths: list[list[Path]] = [by_patient[patient] for patient in training.X.index]
    index = training.X.index
    final: list[FrozenEncoder] = []
    tables: list[dict[str, pd.DataFrame]] = [{} for _ in range(folds.max() + 2)]
    for network in start:
        fitted, parts = _cross_fit(network, paths, training.y, folds, study.seed, deep, context)
        final.append(fitted)
        for table, described in zip(tables, _all_rows(parts, folds), strict=True):
            table |= described_feature_groups(network.network, described, len(fitted.state_["centre"]), index)
    whole, *by_fold = (join_feature_groups(table) for table in tables)
    return TunedNetworks(tuple(final), whole, tuple(by_fold))


def _all_rows(parts: dict[LeftOut, NDArray[np.float64]], folds: NDArray[np.int64]) -> list[NDArray[np.float64]]:
    """Descriptions of all training patients for the final fit, then for each outer fold."""
    from sonoher2.deep.crossfit import out_of_fold

    return [out_of_fold(parts, folds, outer) for outer in (None, *range(folds.max() + 1))]


def _cross_fit(
    start: FrozenEncoder,
    paths: list[list[Path]],
    y: NDArray[np.int64],
    folds: NDArray[np.int64],
    seed: int,
    deep: DeepConfig,
    context: ExecutionContext,
) -> tuple[FrozenEncoder, dict[LeftOut, NDArray[np.float64]]]:
    """Fit the final network, and the descriptions of held-out patients by all others, by the folds left out."""
    from sonoher2.deep.crossfit import left_out_sets
    from sonoher2.deep.lesion import trainable_network

    classifier, cache = trainable_network(deep, start.network, seed), context.cache
    how = {name: value for name, value in classifier.get_params().items() if name != "weights"}
    common = [code_key("classifiers", "deep", "networks"), start.sha256, repr(sorted(how.items()))]
    stems = [[path.stem for path in several] for several in paths]
    # beside the crops that they are made of: what frozen stages give is the same whatever the labels
    activations = paths[0][0].parent.parent / "activations"
    jobs: dict[LeftOut, _Job] = {}
    places: dict[LeftOut, tuple[str, str, str]] = {}
    for left_out in left_out_sets(int(folds.max()) + 1):
        held_out = np.isin(folds, left_out)
        # the labels of those whom a network must not see are no part of its name either
        key = content_key(common, stems, np.where(held_out, -1, y).tolist())
        places[left_out] = ("networks", key, ".npy" if left_out else ".skops")
        jobs[left_out] = _Job(classifier, paths, y, held_out, activations, cache.folder / "training", len(jobs))
    waiting = [left_out for left_out in jobs if not cache.has(*places[left_out])]
    if waiting:
        _keep_activations(classifier, paths, activations, context)
    todo = [jobs[left_out] for left_out in waiting]
    for i, value in run_jobs(_train, todo, workers=context.workers, label=f"Training {start.network} by folds"):
        cache.write(*places[waiting[i]], value)
    (network,) = load_networks(cache.entry(*places[()]))
    parts = {left_out: cache.array(step, key) for left_out, (step, key, _) in places.items() if left_out}
    return network, parts


@dataclass(frozen=True)
class _Job:
    """One network to train: on whom, where unfinished work is kept, and its number among them all."""

    classifier: DeepClassifier
    paths: list[list[Path]]
    y: NDArray[np.int64]
    held_out: NDArray[np.bool_]
    activations: Path
    checkpoints: Path
    number: int


def _train(job: _Job) -> bytes:
    """Bytes of the held-out patients' description (.npy), or of the network itself when nobody is held out."""
    from sonoher2.deep.activations import Store
    from sonoher2.deep.crossfit import fit_without
    from sonoher2.networks.device import take_accelerator

    take_accelerator(job.number)
    X, store = _patients(job.paths), Store(job.activations)
    network, described = fit_without(job.classifier, X, job.y, job.held_out, store=store, work=job.checkpoints)
    return array_bytes(described) if job.held_out.any() else dump_networks([network])


def _keep_activations(
    classifier: DeepClassifier, paths: list[list[Path]], folder: Path, context: ExecutionContext
) -> None:
    """Run the frozen stages once for all networks; otherwise each process would begin with the same crops."""
    jobs = [(classifier, chunk, folder) for chunk in _chunks(paths)]
    for _ in run_jobs(_keep, jobs, workers=context.workers, label="Running frozen stages, by 32 patients"):
        pass


def _keep(job: tuple[DeepClassifier, list[list[Path]], Path]) -> None:
    from sonoher2.deep.activations import Store

    classifier, paths, folder = job
    classifier.keep_activations(_patients(paths), Store(folder))


def _patients(paths: list[list[Path]]) -> list[NDArray[np.uint8]]:
    """Read the crops of each patient, (images, 2, size, size)."""
    return [np.stack([_load(path) for path in several]) for several in paths]


def _load(path: Path) -> NDArray[np.uint8]:
    return np.asarray(np.load(path, allow_pickle=False))


def _chunks(rows: list[T]) -> list[list[T]]:
    return [rows[i : i + PER_JOB] for i in range(0, len(rows), PER_JOB)]
