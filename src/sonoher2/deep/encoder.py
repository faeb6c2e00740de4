"""What follows from a network's kept tensors alone, whether they were fine-tuned or not."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from sonoher2.deep.activations import Preparation
from sonoher2.deep.build import Pooling, State, restored_network
from sonoher2.deep.crop import MaskUse, as_crops
from sonoher2.deep.network import Network
from sonoher2.networks.device import one_thread


class FrozenEncoder:
    """Base of the estimators that keep a network's tensors in `state_`.

    Attributes
    ----------
    network, weights, size, pooling, mask, seed, device
        As in `classifier.DeepClassifier`.
    state_
        All tensors of the network, by name, as arrays: a saved network needs no other file.
    """

    network: str
    weights: str
    size: int
    pooling: Pooling
    mask: MaskUse
    seed: int
    device: str
    state_: State

    @property
    def sha256(self) -> str:
        """Hash of all tensors: two networks of one hash embed alike."""
        check_is_fitted(self)
        digest = hashlib.sha256(self.network.encode())
        for name in sorted(self.state_):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(self.state_[name]).tobytes())
        return digest.hexdigest()

    def fitted_network(self) -> Network:
        """Build the network with its kept tensors, in evaluation mode."""
        check_is_fitted(self)
        return restored_network(self.network, self.state_, size=self.size, pooling=self.pooling, device=self.device)

    def raw_embedding(self, X: Sequence[ArrayLike]) -> NDArray[np.float64]:
        """Embedding of each element of X (its crops' mean), before any standardisation.

        Parameters
        ----------
        X
            One array of crops per patient, or per image.

        Returns
        -------
        (elements, width).
        """
        network, preparation = self.fitted_network(), Preparation(self.mask, 0, self.seed)
        with one_thread():
            rows = [patient_embedding(network, several, preparation) for several in as_crops(X, self.size)]
        return np.stack(rows)

    def described(self, raw: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Embedding and scores of patients from the mean of their images' raw embeddings.

        Parameters
        ----------
        raw
            Shape (patients, width), from `raw_embedding`.

        Returns
        -------
        The embedding as features, (patients, width); and the network's own scores: (patients, 1) log-odds of the
        second of two classes, (patients, K) log-probabilities of more, (patients, 0) of a frozen network.
        """
        raise NotImplementedError


def patient_embedding(
    network: Network, crops: Sequence[NDArray[np.uint8]], preparation: Preparation
) -> NDArray[np.float64]:
    """Mean embedding (width,) of a patient's crops, before standardisation.

    Crops go through the network one at a time, so that a result never depends on what else is scored with it.
    """
    with torch.no_grad():
        batches = [preparation.run(network, [crop], 0) for crop in crops]
        rows = [network.embed(batch.x, batch.mask)[0].double().cpu().numpy() for batch in batches]
    return np.asarray(np.mean(rows, axis=0))
