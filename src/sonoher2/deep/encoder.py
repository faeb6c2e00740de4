"""What follows from a network's kept tensors alone, whether they were fine-tuned or not."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from sonoher2.deep.crop import Crop, MaskUse, as_crops, mirrored, three_channels
from sonoher2.deep.kept import LESION, PICTURE, Pooling, State
from sonoher2.networks.graph import open_graph

if TYPE_CHECKING:
    from sonoher2.deep.network import Network

MOST_DIFFERENCE = 1e-4
"""Between a graph's embedding and torch's, as a share of the largest number (or of 1)."""

Embed = Callable[[Crop], NDArray[np.float64]]


@dataclass
class _Ready:
    """What runs the network of some tensors, each made once."""

    state: State
    network: Network | None = None
    embed: Embed | None = None


_ready: WeakKeyDictionary[FrozenEncoder, _Ready] = WeakKeyDictionary()
"""Beside the estimators, so that it is never written or sent."""


class FrozenEncoder:
    """Base of the estimators that keep a network's tensors in `state_`.

    Attributes
    ----------
    network, weights, size, pooling, mask, mirror, seed, device
        As in `classifier.DeepClassifier`.
    state_
        All tensors of the network, by name, as arrays: a saved network needs no other file.
    graph_
        The network's graph, as bytes, so that it runs without torch; None where torch runs it.
    """

    network: str
    weights: str
    size: int
    pooling: Pooling
    mask: MaskUse
    mirror: bool = False  # networks of older files have none
    seed: int
    device: str
    state_: State
    graph_: NDArray[np.uint8] | None = None

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
        """Build the network with its kept tensors, in evaluation mode; it is built once."""
        check_is_fitted(self)
        ready = self._ready
        if ready.network is None:
            ready.network = self._built()
        return ready.network

    def keep_graph(self) -> None:
        """Keep the network's graph beside its tensors, where it embeds a crop as torch does."""
        from sonoher2.deep.build import embedding_graph

        graph = embedding_graph(self.network, size=self.size, pooling=self.pooling)
        if graph is None:
            return
        probe = _probe(self.size)
        torch_says, graph_says = self._embed_by_torch()(probe), self._embed_by_graph(graph)(probe)
        if np.abs(torch_says - graph_says).max() <= MOST_DIFFERENCE * max(1.0, np.abs(torch_says).max()):
            self.graph_ = np.frombuffer(graph, np.uint8)

    def raw_embedding(self, X: Sequence[ArrayLike]) -> NDArray[np.float64]:
        """Embedding of each element of X (the mean of its crops' `views`), before any standardisation.

        Crops go through the network one at a time and on one thread, so that a result never depends on what else is
        embedded with it.

        Parameters
        ----------
        X
            One array of crops per patient, or per image.

        Returns
        -------
        (elements, width).

        Raises
        ------
        InputError
            Crops of a wrong shape, or a graph that cannot be used.
        """
        check_is_fitted(self)
        patients = as_crops(X, self.size)
        views = [[view for crop in several for view in self.views(crop)] for several in patients]
        return np.stack([np.mean([self.embed_view(view) for view in several], axis=0) for several in views])

    def views(self, crop: Crop) -> list[Crop]:
        """Give the pictures that the network is shown of a crop: it, and its mirror image with `mirror`."""
        return [crop, mirrored(crop)] if self.mirror else [crop]

    def embed_view(self, view: Crop) -> NDArray[np.float64]:
        """Embedding (width,) of one of the `views` of a crop."""
        embed = self._embed_by_torch() if self.graph_ is None else self._by_own_graph(self.graph_)
        return embed(view)

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

    @property
    def _ready(self) -> _Ready:
        ready = _ready.get(self)
        if ready is None or ready.state is not self.state_:
            ready = _ready[self] = _Ready(self.state_)
        return ready

    def _by_own_graph(self, graph: NDArray[np.uint8]) -> Embed:
        ready = self._ready
        if ready.embed is None:
            ready.embed = self._embed_by_graph(graph.tobytes())
        return ready.embed

    def _built(self) -> Network:
        # torch is slow to import, and a kept graph needs none
        from sonoher2.deep.build import restored_network

        return restored_network(self.network, self.state_, size=self.size, pooling=self.pooling, device=self.device)

    def _embed_by_torch(self) -> Embed:
        from sonoher2.deep.activations import Preparation, patient_embedding
        from sonoher2.networks.device import one_thread

        network, preparation = self.fitted_network(), Preparation(self.mask, 0, self.seed)

        def embed(crop: Crop) -> NDArray[np.float64]:
            with one_thread():
                return patient_embedding(network, [crop], preparation)

        return embed

    def _embed_by_graph(self, graph: bytes) -> Embed:
        run = open_graph(graph, {f"network.{name}": value for name, value in self.state_.items()})
        mask = self.mask

        def embed(crop: Crop) -> NDArray[np.float64]:
            layers = crop[None]
            lesion = layers[:, -1:].astype(np.float32) / 255
            output = run({PICTURE: three_channels(layers, mask), LESION: lesion})
            return np.asarray(output[0], np.float64)

        return embed


def _probe(size: int) -> Crop:
    """Noise with a lesion in it."""
    crop = np.random.default_rng(0).integers(0, 256, (2, size, size), dtype=np.uint8)
    rows, columns = np.mgrid[:size, :size] - (size - 1) / 2
    crop[1] = np.where(np.hypot(rows, columns) < size / 4, 255, 0)
    return crop
