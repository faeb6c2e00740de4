"""From the name of a network to one that is ready to run, and back to the tensors that must be kept of it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from sonoher2.core.errors import InputError
from sonoher2.deep.kept import LESION, PICTURE, Pooling, State
from sonoher2.deep.network import Network, channels_first, middle_taps, normalised, stage_modules
from sonoher2.networks.device import chosen_device
from sonoher2.networks.export import export_graph
from sonoher2.networks.sources import NONE
from sonoher2.networks.weights import build_body


def build_network(
    name: str, weights: str, *, size: int, pooling: Pooling, n_outputs: int, seed: int = 0, device: str = "auto"
) -> Network:
    """Network in evaluation mode on its device.

    Parameters
    ----------
    name, weights, size, seed
        As in `weights.build_body`.
    pooling
        A family whose stages are not known has only its ``own``.
    n_outputs
        Classes.
    device
        See `chosen_device`.
    """
    body = build_body(name, weights, size=size, seed=seed)
    stages = len(stage_modules(body))
    taps = middle_taps(stages) if pooling == "lesion" and stages > 1 else None
    network = Network(body, n_outputs, taps, size).to(chosen_device(device))
    # channels last: convolutions on a processor take about half the time
    return network.to(memory_format=torch.channels_last).eval()


def new_network(
    name: str, weights: str, *, size: int, pooling: Pooling, n_outputs: int, seed: int = 0, device: str = "auto"
) -> Network:
    """Network for a new fit: as `build_network`, of a family that can do what is asked of it.

    Raises
    ------
    InputError
        The network's stages are not known and it is to be pooled by the lesion, or nobody knows where on the picture
        its features lie, so that there would be no heat map. Bundles of such networks are read all the same.
    """
    network = build_network(name, weights, size=size, pooling=pooling, n_outputs=n_outputs, seed=seed, device=device)
    if len(stage_modules(network.body)) > 1:
        return network
    where = "deep.network"
    if pooling == "lesion":
        raise InputError(
            f"the stages of '{name}' are not known, so that it cannot be pooled by the lesion",
            where=where,
            fix="Set `pooling: own`, or choose another network",
        )
    try:
        with torch.no_grad():
            picture = torch.zeros(1, 3, size, size, device=network.centre.device)
            channels_first(network.run(picture, 0, network.n_stages), network.body)
    except (AttributeError, RuntimeError):
        what = f"where on the picture the features of '{name}' lie is not known, so that there is no heat map"
        raise InputError(what, where=where, fix="Choose another network") from None
    return network


def network_state(network: Network) -> State:
    """All tensors that the network uses; stages behind the last pooled one are left out."""
    tensors, used = network.state_dict(), network.used_tensors()
    return {name: np.array(value.cpu().numpy(), order="C") for name, value in tensors.items() if name in used}


def restored_network(
    name: str, state: Mapping[str, NDArray[Any]], *, size: int, pooling: Pooling, device: str = "auto"
) -> Network:
    """Network with kept tensors; nothing is fetched.

    Raises
    ------
    InputError
        The tensors are not those that this network uses: one that is missing would stay random.
    """
    other = InputError(f"the kept tensors are not those of the network '{name}'", fix="Use the file as it was written")
    if "head.bias" not in state:
        raise other
    n_outputs = len(state["head.bias"])
    network = build_network(name, NONE, size=size, pooling=pooling, n_outputs=n_outputs, device=device)
    tensors = network.state_dict()
    # a number alone may be kept as a list of one
    wanted = {key: tuple(tensors[key].shape) or (1,) for key in network.used_tensors()}
    if {key: value.shape or (1,) for key, value in state.items()} != wanted:
        raise other
    with torch.no_grad():
        # one after another, so that the tensors are never there three times
        for key, value in state.items():
            tensors[key].copy_(torch.from_numpy(np.array(value)).reshape(tensors[key].shape))
    return network


class Embedding(nn.Module):
    """From a crop and its lesion to the embedding, as one module.

    Parameters
    ----------
    network
        In evaluation mode.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor, lesion: Tensor) -> Tensor:
        """Embed `three_channels` of crops (images, 3, size, size), lesions (images, 1, size, size) from 0 to 1."""
        return self.network.embed(normalised(picture, self.network.body), mask_of(lesion))


def mask_of(lesion: Tensor) -> Tensor:
    """Share of lesion (images, 1, size / 4, size / 4) from a crop's mask (images, 1, size, size), 0 to 1."""
    return functional.adaptive_avg_pool2d(lesion, max(1, lesion.shape[-1] // 4))


@cache
def embedding_graph(name: str, *, size: int, pooling: Pooling) -> bytes | None:
    """Graph of a network from a crop to its embedding, without weights.

    Parameters
    ----------
    name, size, pooling
        As in `build_network`.

    Returns
    -------
    None for a network that ONNX cannot express.
    """
    network = build_network(name, NONE, size=size, pooling=pooling, n_outputs=1, device="cpu")
    inputs = {PICTURE: torch.zeros(1, 3, size, size), LESION: torch.zeros(1, 1, size, size)}
    return export_graph(Embedding(network), inputs)
