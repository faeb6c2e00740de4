"""A network as a scikit-learn classifier of patients."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import StratifiedShuffleSplit
from sklearn.utils.validation import check_is_fitted

from sonoher2.config.deep import ALL_STAGES
from sonoher2.core.errors import InputError
from sonoher2.core.files import content_key
from sonoher2.deep.crop import Crop, MaskUse, as_crops
from sonoher2.deep.encoder import FrozenEncoder
from sonoher2.deep.kept import Pooling
from sonoher2.networks.sources import AUTO, NONE

if TYPE_CHECKING:
    from sonoher2.deep.activations import Preparation, Store, TrainingCrops
    from sonoher2.deep.network import Network
    from sonoher2.deep.training import Schedule


class DeepClassifier(FrozenEncoder, ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Predicts the class of a patient from the crops of their lesions.

    One row of X is one patient: an array (images, 2, size, size) of `lesion_crop`s, or (images, size, size)
    without masks. Patients count alike, however many images they have; a patient's embedding is the mean over their
    images, and their score is that of the mean embedding.

    Parameters
    ----------
    network
        Preset or timm name.
    weights
        See `weights.build_body`.
    size
        Side of the crops, pixels.
    pooling
        ``lesion``: stages about the middle of the network, pooled inside and around the lesion; ``own``: the network's
        own pooling of its last stage.
    mask
        What the network sees of the mask; see `crop.three_channels`.
    mirror
        A fitted network is shown each crop and its mirror image, and its embedding is their mean.
    epochs
        Of fine-tuning after the linear probe; 0 leaves the network frozen.
    unfreeze
        How many of the last used stages are fine-tuned; -1: all. Weights ``none`` train all.
    rate
        Learning rate of the last stage.
    variants
        Augmented variants kept per crop; 0 draws fresh ones in each epoch, which is slower and needs an accelerator.
    held_out
        Share of the training patients that decides when to stop; 0: the last epoch counts.
    seed
        Of all that is drawn.
    device
        ``auto`` (an accelerator when there is one), ``cpu``, ``cuda``, ``cuda:1``.

    Attributes
    ----------
    classes_
        Shape (K,).
    state_
        See `FrozenEncoder`.
    losses_, best_epoch_
        Loss before the first and after each epoch, and the epoch that was kept; see `training.Course`.
    seen_
        Sha256 of every crop that the network was fitted on, the crops held out for stopping among them.
    """

    def __init__(
        self,
        network: str = "tf_efficientnet_lite0",
        weights: str = AUTO,
        size: int = 160,
        pooling: Pooling = "lesion",
        mask: MaskUse = "none",
        mirror: bool = False,
        epochs: int = 4,
        unfreeze: int = 1,
        rate: float = 3e-4,
        variants: int = 4,
        held_out: float = 0.0,
        seed: int = 0,
        device: str = "auto",
    ) -> None:
        self.network = network
        self.weights = weights
        self.size = size
        self.pooling = pooling
        self.mask = mask
        self.mirror = mirror
        self.epochs = epochs
        self.unfreeze = unfreeze
        self.rate = rate
        self.variants = variants
        self.held_out = held_out
        self.seed = seed
        self.device = device

    def fit(
        self, X: Sequence[ArrayLike], y: ArrayLike, *, store: Store | None = None, work: Path | None = None
    ) -> Self:
        """Fit probe and network.

        Parameters
        ----------
        X
            One array of crops per patient.
        y
            Shape (patients,), classes.
        store
            Where activations of frozen stages are kept; share one between the folds of a cross-fit.
        work
            Folder for checkpoints: a stopped fit with the same data and settings goes on at its last epoch. A
            finished one leaves none.

        Raises
        ------
        InputError
            Crops of a wrong shape, one class only, or weights that cannot be had.
        """
        # torch is slow to import, and a fitted classifier may need none
        from sonoher2.deep.activations import Store
        from sonoher2.deep.build import network_state
        from sonoher2.deep.training import Examples, train
        from sonoher2.networks.device import one_thread

        patients = as_crops(X, self.size)
        self.classes_, labels = np.unique(np.asarray(y), return_inverse=True)
        if len(labels) != len(patients) or len(self.classes_) < 2:
            raise InputError(
                f"{len(patients)} patients with {len(labels)} labels of {len(self.classes_)} classes",
                fix="Give one label per patient and at least two classes",
            )
        owner = np.repeat(np.arange(len(patients)), [len(crops) for crops in patients])
        crops = [crop for several in patients for crop in several]
        self.seen_ = sorted({crop_key(crop) for crop in crops})
        checkpoint = self._checkpoint(work, labels[owner], owner)
        with one_thread():
            network = self._new_network(len(self.classes_))
            source = self._source(network, crops, store or Store())
            held_out = stopping_patients(labels, self.held_out, self.seed)[owner]
            examples = Examples(source, labels[owner], owner, held_out)
            course = train(network, examples, self._schedule(network), checkpoint)
        if checkpoint is not None:
            checkpoint.unlink(missing_ok=True)
        self.state_ = network_state(network)
        self.losses_, self.best_epoch_ = course.losses, course.best
        return self

    def keep_activations(self, X: Sequence[ArrayLike], store: Store) -> None:
        """Put into `store` what `fit` would compute of these patients' crops; labels are not needed for it."""
        from sonoher2.networks.device import one_thread

        crops = [crop for several in as_crops(X, self.size) for crop in several]
        with one_thread():
            self._source(self._new_network(1), crops, store)

    def embed(self, X: Sequence[ArrayLike]) -> NDArray[np.float64]:
        """Embedding of each patient, standardised on the training patients, shape (patients, width)."""
        return self._standardised(self.raw_embedding(X))

    def described(self, raw: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Standardised embedding, and scores: see `FrozenEncoder.described`."""
        embedding = self._standardised(raw)
        scores = self.scores_of(embedding)
        return embedding, scores[:, None] if scores.ndim == 1 else np.asarray(log_softmax(scores, axis=1))

    def decision_function(self, X: Sequence[ArrayLike]) -> NDArray[np.float64]:
        """Scores before the softmax: (patients,) for two classes, log-odds of the second one; else (patients, K)."""
        return self.scores_of(self.embed(X))

    def scores_of(self, embedding: NDArray[np.float64]) -> NDArray[np.float64]:
        """`decision_function` of embeddings from `embed`."""
        scores = embedding @ self.state_["head.weight"].T.astype(np.float64) + self.state_["head.bias"]
        return np.asarray(scores[:, 1] - scores[:, 0] if len(self.classes_) == 2 else scores)

    def predict_proba(self, X: Sequence[ArrayLike]) -> NDArray[np.float64]:
        """Probabilities (patients, K) as if all classes were equally frequent; calibrate them before use."""
        scores = self.decision_function(X)
        scores = np.stack([np.zeros_like(scores), scores], axis=1) if scores.ndim == 1 else scores
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))

    def predict(self, X: Sequence[ArrayLike]) -> NDArray[Any]:
        """Most probable class, shape (patients,)."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])

    def has_seen(self, X: Sequence[ArrayLike]) -> NDArray[np.bool_]:
        """Whether any crop of each patient was among those that the network was fitted on, shape (patients,)."""
        check_is_fitted(self)
        seen = set(self.seen_)
        return np.array([any(crop_key(p) in seen for p in several) for several in as_crops(X, self.size)])

    def _standardised(self, raw: NDArray[np.float64]) -> NDArray[np.float64]:
        check_is_fitted(self)
        return np.asarray((raw - self.state_["centre"]) / self.state_["spread"])

    def _new_network(self, n_outputs: int) -> Network:
        from sonoher2.deep.build import new_network

        return new_network(
            self.network,
            self.weights,
            size=self.size,
            pooling=self.pooling,
            n_outputs=n_outputs,
            seed=self.seed,
            device=self.device,
        )

    def _source(self, network: Network, crops: list[Crop], store: Store) -> TrainingCrops:
        from sonoher2.deep.activations import TrainingCrops

        unfrozen = self._schedule(network).unfrozen
        first = unfrozen if network.taps is None else min(unfrozen, network.taps[0] + 1)
        return TrainingCrops(crops, network, first, self._preparation(), store)

    def _schedule(self, network: Network) -> Schedule:
        from sonoher2.deep.training import Schedule

        everything = self.weights == NONE or self.unfreeze == ALL_STAGES
        unfrozen = 0 if everything else max(0, network.n_stages - self.unfreeze)
        return Schedule(self.epochs, unfrozen, self.rate, seed=self.seed, from_scratch=self.weights == NONE)

    def _preparation(self) -> Preparation:
        from sonoher2.deep.activations import Preparation

        return Preparation(self.mask, self.variants if self.epochs else 0, self.seed)

    def _checkpoint(self, work: Path | None, y: NDArray[np.int64], owner: NDArray[np.int64]) -> Path | None:
        key = content_key(repr(sorted(self.get_params().items())), self.seen_, y.tolist(), owner.tolist())
        return None if work is None else Path(work) / f"{key}.npz"


def crop_key(crop: NDArray[np.uint8]) -> str:
    """Sha256 of a crop's bytes."""
    return hashlib.sha256(crop.tobytes()).hexdigest()


def stopping_patients(y: NDArray[np.int64], share: float, seed: int) -> NDArray[np.bool_]:
    """Patients held out to decide when to stop, stratified by class; none when a class has too few.

    Parameters
    ----------
    y
        Shape (patients,).
    share
        0 to 1.
    seed
        Of the draw.
    """
    chosen = np.zeros(len(y), bool)
    smallest = np.bincount(y).min()
    if share > 0 and smallest * share >= 2:
        splitter = StratifiedShuffleSplit(1, test_size=share, random_state=seed)
        _, held_out = next(splitter.split(y[:, None], y))
        chosen[held_out] = True
    return chosen
