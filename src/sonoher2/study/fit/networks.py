"""Networks that are fine-tuned by folds, each kept by itself."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.config.deep import DeepConfig
from sonoher2.core import columns as c
from sonoher2.core.errors import InputError
from sonoher2.deep.crop import read_crop
from sonoher2.engine import ARRAY, JSON, Codec, ExecutionContext, Keyed, Step, code_fingerprint
from sonoher2.signatures.feature_table import described_feature_groups, join_feature_groups
from sonoher2.study.fit.stored_networks import StoredNetworks, decode_network, encode_network
from sonoher2.study.fit.training_set import TrainingSet, training_folds

if TYPE_CHECKING:
    from sonoher2.config.study import StudyConfig
    from sonoher2.deep.classifier import DeepClassifier
    from sonoher2.deep.crossfit import LeftOut
    from sonoher2.deep.encoder import FrozenEncoder
    from sonoher2.deep.lesion import StartingPoint


@dataclass(frozen=True)
class _Fold:
    """One network to train: whom it must not see, and its number among them all."""

    held_out: NDArray[np.bool_]
    number: int


@dataclass(frozen=True)
class _Patients:
    """Crops and labels of the training patients, and the folder of what frozen stages make of the crops."""

    crops: list[list[Path]]
    y: NDArray[np.int64]
    activations: Path


def _train(
    fold: _Fold, patients: _Patients, classifier: DeepClassifier, scratch: Path
) -> NDArray[np.float64] | FrozenEncoder:
    """Describe the held-out patients, or give the network itself when nobody is held out."""
    from sonoher2.deep.activations import Store
    from sonoher2.deep.crossfit import fit_without
    from sonoher2.networks.device import take_accelerator

    take_accelerator(fold.number)
    X, store = _read(patients.crops), Store(patients.activations)
    network, described = fit_without(classifier, X, patients.y, fold.held_out, store=store, work=scratch)
    if fold.held_out.any():
        return described
    network.keep_graph()
    return network


def _encode(value: NDArray[np.float64] | FrozenEncoder) -> bytes:
    return ARRAY.encode(value) if isinstance(value, np.ndarray) else encode_network(value)


def _decode(data: bytes) -> NDArray[np.float64] | FrozenEncoder:
    if data.startswith(b"\x93NUMPY"):
        return np.asarray(np.load(io.BytesIO(data), allow_pickle=False))
    return decode_network(data)


def _keep(crops: list[list[Path]], classifier: DeepClassifier, folder: Path) -> list[bool]:
    from sonoher2.deep.activations import Store

    classifier.keep_activations(_read(crops), Store(folder))
    return [True] * len(crops)


NETWORKS = Step("networks", _train, Codec(".network", _encode, _decode), "Training networks by folds", scratch=True)
ACTIVATIONS = Step("activated", _keep, JSON, "Running frozen stages", chunk=32, packed=True)


@dataclass(frozen=True)
class TunedNetworks:
    """Fine-tuned networks and what they say of the training patients, always out of fold.

    Attributes
    ----------
    final
        Each fitted on all training patients, for new ones; they stay on disk.
    training
        (training patients, columns), two-level columns (feature group, name): each patient described by networks
        without the patient's fold. For the final fit.
    by_fold
        The same for each outer fold: each patient described by networks that saw neither the patient's fold nor the
        outer one.
    """

    final: StoredNetworks
    training: pd.DataFrame
    by_fold: tuple[pd.DataFrame, ...]


def fit_networks(
    crops: pd.DataFrame,
    training: TrainingSet,
    study: StudyConfig,
    deep: DeepConfig,
    start: Sequence[StartingPoint],
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
        The networks before training.
    context
        Where it is computed and kept.

    Raises
    ------
    InputError
        There are too few patients for three folds.
    """
    folds = training_folds(training, study)
    if folds.max() < 2:
        raise InputError("fine-tuned networks need three folds", fix="Add patients, or use `training: frozen`")
    by_patient = crops.groupby(c.PATIENT_ID)[c.CROP].agg(list)
    paths: list[list[Path]] = [by_patient[patient] for patient in training.X.index]
    index = training.X.index
    final: list[Path] = []
    tables: list[dict[str, pd.DataFrame]] = [{} for _ in range(folds.max() + 2)]
    for network in start:
        file, width, parts = _cross_fit(network, paths, training.y, folds, study.seed, deep, context)
        final.append(file)
        for table, described in zip(tables, _all_rows(parts, folds), strict=True):
            table |= described_feature_groups(network.network, described, width, index)
    whole, *by_fold = (join_feature_groups(table) for table in tables)
    return TunedNetworks(StoredNetworks(tuple(final)), whole, tuple(by_fold))


def _all_rows(parts: dict[LeftOut, NDArray[np.float64]], folds: NDArray[np.int64]) -> list[NDArray[np.float64]]:
    """Descriptions of all training patients for the final fit, then for each outer fold."""
    from sonoher2.deep.crossfit import out_of_fold

    return [out_of_fold(parts, folds, outer) for outer in (None, *range(folds.max() + 1))]


def _cross_fit(
    start: StartingPoint,
    crops: list[list[Path]],
    y: NDArray[np.int64],
    folds: NDArray[np.int64],
    seed: int,
    deep: DeepConfig,
    context: ExecutionContext,
) -> tuple[Path, int, dict[LeftOut, NDArray[np.float64]]]:
    """Give the final network's file, its width, and what the others say of held-out patients, by the folds left out."""
    from sonoher2.deep.crossfit import left_out_sets
    from sonoher2.deep.lesion import trainable_network

    classifier = trainable_network(deep, start.network, seed)
    how = {name: value for name, value in classifier.get_params().items() if name != "weights"}
    given = Keyed(classifier, [start.sha256, how])
    stems = [[path.stem for path in several] for several in crops]
    folder = activations_folder(crops[0][0])
    # once for all networks; otherwise each process would begin with the same crops
    several = [Keyed(paths, names) for paths, names in zip(crops, stems, strict=True)]
    context.map(ACTIVATIONS, several, given, Keyed(folder, "activations"))
    sets = left_out_sets(int(folds.max()) + 1)
    held_out = [np.isin(folds, left_out) for left_out in sets]
    # the labels of those whom a network must not see are no part of its key either
    items = [Keyed(_Fold(rows, i), [rows, np.where(rows, -1, y)]) for i, rows in enumerate(held_out)]
    patients = Keyed(_Patients(crops, y, folder), stems)
    # the network without a left-out fold comes first and is given as itself
    final, *parts = context.map(NETWORKS, items, patients, given)
    if isinstance(final, np.ndarray):
        raise TypeError("the network without a left-out fold is given as itself")
    width = len(final.state_["centre"])
    # it is read again where it is needed: its weights may take half a gigabyte
    del final
    [file] = context.files(NETWORKS, items[:1], patients, given)
    return file, width, dict(zip(sets[1:], map(np.asarray, parts), strict=True))


def activations_folder(crop: Path) -> Path:
    """Folder of what frozen stages make of crops: the same whatever the labels, another for other code."""
    return crop.parents[2] / "activations" / code_fingerprint(_keep)[:16]


def _read(crops: list[list[Path]]) -> list[NDArray[np.uint8]]:
    """Read the crops of each patient, (images, 2, size, size)."""
    return [np.stack([read_crop(path) for path in several]) for several in crops]
