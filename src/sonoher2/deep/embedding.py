"""A network's embedding as a scikit-learn transformer: crops in, one row of numbers per patient out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from sonoher2.deep.crop import MaskUse
from sonoher2.deep.encoder import FrozenEncoder
from sonoher2.deep.kept import Pooling
from sonoher2.networks.sources import AUTO


class DeepEmbedding(FrozenEncoder, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """The embedding of a frozen network: it learns nothing from patients, so that it cannot leak.

    Fine-tuned embeddings are `crossfit`'s matter, since those of training patients must come out of fold.

    Parameters
    ----------
    network, weights, size, pooling, mask, mirror, seed, device
        As in `classifier.DeepClassifier`.

    Attributes
    ----------
    width_
        Numbers per patient.
    state_
        See `FrozenEncoder`.
    """

    def __init__(
        self,
        network: str = "tf_efficientnet_lite0",
        weights: str = AUTO,
        size: int = 160,
        pooling: Pooling = "lesion",
        mask: MaskUse = "none",
        mirror: bool = False,
        seed: int = 0,
        device: str = "auto",
    ) -> None:
        self.network = network
        self.weights = weights
        self.size = size
        self.pooling = pooling
        self.mask = mask
        self.mirror = mirror
        self.seed = seed
        self.device = device

    def fit(self, X: Sequence[ArrayLike] | None = None, y: Any = None) -> Self:
        """Fetch the weights; nothing is learned from X or y."""
        # torch is slow to import, and a fitted embedding may need none
        from sonoher2.deep.build import network_state, new_network

        network = new_network(
            self.network,
            self.weights,
            size=self.size,
            pooling=self.pooling,
            n_outputs=1,
            seed=self.seed,
            device=self.device,
        )
        self.width_ = network.head.in_features
        self.state_ = network_state(network)
        return self

    def transform(self, X: Sequence[ArrayLike]) -> NDArray[np.float64]:
        """Embeddings (patients, width); each element of X holds one patient's crops."""
        return self.raw_embedding(X)

    def described(self, raw: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Give back the raw embedding itself, and no scores."""
        return raw, np.empty((len(raw), 0))

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Names ``deep_0000`` and so on."""
        check_is_fitted(self)
        return np.array([f"deep_{number:04d}" for number in range(self.width_)], dtype=object)
