"""Networks that are trained without some folds, so that every training patient is described out of fold.

Nested cross-validation needs, for every outer fold, networks that saw neither that fold nor the patient they describe.
The folds left out of a network are a set: the network without folds 1 and 2 describes the patients of fold 1 when fold
2 is the outer one, and those of fold 2 when fold 1 is. For k folds that makes k (k - 1) / 2 networks without two folds,
k without one, and the final one: 16 for five folds, where a cross-fit of its own in each outer fold would need 36.

How the networks are kept comparable. They start from the same weights, and only their last stages move, at small
rates; each network's embedding is then standardised with mean and deviation over the patients it was fitted on. A
training patient's embedding and a new patient's thus come out of the same recipe: a network that never saw the
patient, centred and scaled by patients that it did see. No step compares one network with another. Turning each
network's embedding onto the final one's (Procrustes) is not done, because the final network has seen the held-out
patients' labels and would hand something of them on through the rotation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone

from sonoher2.core.errors import InputError
from sonoher2.deep.activations import Store
from sonoher2.deep.classifier import DeepClassifier

LeftOut = tuple[int, ...]
"""Folds that a network was trained without, rising: none for the final one, at most two."""


class LeakError(InputError):
    """A network was about to describe a training patient whom it had seen."""


def left_out_sets(n_folds: int) -> list[LeftOut]:
    """Folds left out of each network of a nested cross-fit, the final one's (none) first."""
    return [left_out for size in range(3) for left_out in combinations(range(n_folds), size)]


def fit_without(
    classifier: DeepClassifier,
    X: Sequence[ArrayLike],
    y: ArrayLike,
    held_out: NDArray[np.bool_],
    *,
    store: Store | None = None,
    work: Path | None = None,
) -> tuple[DeepClassifier, NDArray[np.float64]]:
    """Fit a network on all patients but some, and describe those.

    Parameters
    ----------
    classifier
        Unfitted; left as it is.
    X, y
        As in `DeepClassifier.fit`.
    held_out
        Shape (patients,): whom the network must not see; may be nobody.
    store, work
        As in `DeepClassifier.fit`; share the store between the networks.

    Returns
    -------
    The network; and of the held-out patients, in order, `description`.

    Raises
    ------
    LeakError
        The same crop stands on both sides.
    InputError
        All patients of a class are held out.
    """
    labels = np.asarray(y)
    seen, unseen = (np.flatnonzero(rows).tolist() for rows in (~held_out, held_out))
    if len(np.unique(labels[seen])) < len(np.unique(labels)):
        raise InputError(
            "a class has too few patients to train a network without two of its folds",
            fix="Add patients, choose a target with fewer classes, or `training: frozen`",
        )
    network = clone(classifier).fit([X[row] for row in seen], labels[seen], store=store, work=work)
    return network, unseen_description(network, [X[row] for row in unseen])


def unseen_description(network: DeepClassifier, X: Sequence[ArrayLike]) -> NDArray[np.float64]:
    """Describe patients whom a network has not seen: the only way to an out-of-fold embedding.

    Returns
    -------
    Shape (patients, width + scores): embedding, then scores; see `FrozenEncoder.described`.

    Raises
    ------
    LeakError
        The network was fitted on a crop of one of them.
    """
    if not len(X):
        return np.empty((0, 0))
    seen = network.has_seen(X)
    if seen.any():
        raise LeakError(
            f"{int(seen.sum())} held-out patients share a picture with the patients that their network was fitted on",
            fix="Put patients with the same picture into one fold, as `images.near_duplicates` does",
        )
    return np.hstack(network.described(network.raw_embedding(X)))


def out_of_fold(
    parts: Mapping[LeftOut, NDArray[np.float64]], folds: NDArray[np.int64], outer: int | None = None
) -> NDArray[np.float64]:
    """Rows of all training patients, each from a network that saw neither the patient's fold nor the outer one.

    Parameters
    ----------
    parts
        By the folds left out, the rows of the patients in those folds, in their order.
    folds
        Shape (patients,), 0 to folds-1.
    outer
        Fold whose patients are about to be scored as new ones; None for the final fit.

    Returns
    -------
    Shape (patients, columns).
    """
    rows = np.empty((len(folds), next(iter(parts.values())).shape[1]))
    for fold in range(int(folds.max()) + 1):
        left_out = tuple(sorted({fold} if outer is None else {fold, outer}))
        described = folds[np.isin(folds, left_out)]
        rows[folds == fold] = parts[left_out][described == fold]
    return rows
