"""Out-of-fold scores and embeddings of training patients, and one final network for new ones.

How the two are kept comparable. The network of each fold and the final one start from the same weights, and only
their last stages move, at small rates; each network's embedding is then standardised with mean and deviation over
the patients it was fitted on. A training patient's embedding and a new patient's thus come out of the same recipe:
a network that never saw the patient, centred and scaled by patients that it did see. No step compares one network
with another. Turning each fold's embedding onto the final network's (Procrustes) is not done, because the final
network has seen the held-out patients' labels and would hand something of them on through the rotation.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.validation import check_is_fitted

from sonoher2.errors import InputError
from sonoher2.models.deep.activations import Store
from sonoher2.models.deep.classifier import DeepClassifier


class LeakError(InputError):
    """A network was about to describe a training patient whom it had seen."""


class CrossFit(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Fits one network per fold without the fold's patients, and a final one on all.

    Parameters
    ----------
    classifier
        Unfitted; the default `DeepClassifier` when None.
    n_jobs
        Networks fitted side by side, each on one thread.

    Attributes
    ----------
    classes_
        Shape (K,).
    oof_scores_
        `decision_function` (patients,) or (patients, K) of each training patient by a network that never saw them.
    oof_embedding_
        Shape (patients, width), from the same networks.
    final_
        Fitted on all training patients; scores and describes new ones.
    """

    def __init__(self, classifier: DeepClassifier | None = None, n_jobs: int = 1) -> None:
        self.classifier = classifier
        self.n_jobs = n_jobs

    def fit(
        self,
        X: Sequence[ArrayLike],
        y: ArrayLike,
        folds: ArrayLike,
        *,
        store: Store | None = None,
        work: Path | None = None,
    ) -> Self:
        """Fit all networks.

        Parameters
        ----------
        X, y
            As in `DeepClassifier.fit`.
        folds
            Shape (patients,): the fold in which each patient is held out.
        store
            Where activations of frozen stages are kept; with `n_jobs` above 1 it needs a folder to be shared.
        work
            Folder for checkpoints.

        Raises
        ------
        LeakError
            The same picture stands on both sides of a fold.
        """
        labels, folds = np.asarray(y), np.asarray(folds)
        numbers = np.unique(folds)
        shared = store or Store()
        jobs = [(folds != number, folds == number) for number in numbers]
        everyone = np.ones(len(labels), bool)
        template = self.classifier or DeepClassifier()
        fitted = Parallel(n_jobs=self.n_jobs)(
            delayed(_fit)(clone(template), X, labels, train, held_out, shared, work)
            for train, held_out in [(everyone, ~everyone), *jobs]
        )
        (self.final_, _), *parts = fitted
        self.classes_ = self.final_.classes_
        self.oof_embedding_ = np.empty((len(labels), parts[0][1].shape[1]))
        scores = np.empty((len(labels), 1 if len(self.classes_) == 2 else len(self.classes_)))
        for (_, held_out), (network, embedding) in zip(jobs, parts, strict=True):
            self.oof_embedding_[held_out] = embedding
            scores[held_out] = network.scores_of(embedding).reshape(len(embedding), -1)
        self.oof_scores_ = scores[:, 0] if len(self.classes_) == 2 else scores
        return self

    def embed(self, X: Sequence[ArrayLike]) -> NDArray[np.float64]:
        """Embeddings (patients, width) of new patients by the final network."""
        check_is_fitted(self)
        return np.asarray(self.final_.embed(X))

    def decision_function(self, X: Sequence[ArrayLike]) -> NDArray[np.float64]:
        """Scores of new patients by the final network."""
        check_is_fitted(self)
        return np.asarray(self.final_.decision_function(X))

    def predict_proba(self, X: Sequence[ArrayLike]) -> NDArray[np.float64]:
        """Probabilities (patients, K) of new patients by the final network, not calibrated."""
        check_is_fitted(self)
        return np.asarray(self.final_.predict_proba(X))

    def predict(self, X: Sequence[ArrayLike]) -> NDArray[Any]:
        """Most probable class of new patients."""
        check_is_fitted(self)
        return np.asarray(self.final_.predict(X))


def unseen_embedding(network: DeepClassifier, X: Sequence[ArrayLike]) -> NDArray[np.float64]:
    """Embeddings of patients whom a network has not seen: the only way to an out-of-fold embedding.

    Raises
    ------
    LeakError
        The network was fitted on a picture of one of them.
    """
    seen = network.has_seen(X)
    if seen.any():
        raise LeakError(
            f"{int(seen.sum())} held-out patients share a picture with the patients that their network was fitted on",
            fix="Put patients with the same picture into one fold",
        )
    return network.embed(X)


def _fit(
    classifier: DeepClassifier,
    X: Sequence[ArrayLike],
    y: NDArray[Any],
    train: NDArray[np.bool_],
    held_out: NDArray[np.bool_],
    store: Store,
    work: Path | None,
) -> tuple[DeepClassifier, NDArray[np.float64]]:
    """Network fitted on `train`, and its embedding of `held_out`."""
    classifier.fit([X[row] for row in np.flatnonzero(train).tolist()], y[train], store=store, work=work)
    unseen = [X[row] for row in np.flatnonzero(held_out).tolist()]
    return classifier, unseen_embedding(classifier, unseen) if unseen else np.empty((0, 0))
