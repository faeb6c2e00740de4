"""From the name of a network to one that is ready to run, and back to the tensors that must be kept of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from sonoher2.core.errors import InputError
from sonoher2.deep.network import Network, middle_taps, stage_modules
from sonoher2.networks.device import chosen_device
from sonoher2.networks.weights import NONE, build_body

Pooling = Literal["lesion", "own"]
"""Stages about the middle of the network, pooled inside and around the lesion; or the network's own pooling."""

State = dict[str, NDArray[Any]]
"""Tensors of a network by name."""


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
