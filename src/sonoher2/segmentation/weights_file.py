"""A segmenter's weights as one safetensors file: half precision; its header says what they are and how to run them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from sonoher2.core.errors import InputError
from sonoher2.core.files import atomic_path
from sonoher2.networks.sources import PRESETS
from sonoher2.segmentation.prompts import CHANNELS

if TYPE_CHECKING:
    from torch import nn

FORMAT = "sonoher2-segmenter-1"
SIZES = range(32, 1025, 32)
"""Sides of the pictures of a study's segmenter, pixels."""
Card = dict[str, Any]
"""``format``, ``network`` (encoder), ``size`` (side of its pictures), ``prompted``, and what describes the training."""
_CARD, _GRAPH = "sonoher2", "graph"
# the graph is an array of bytes among the tensors: the order of a header with two entries is anything


@dataclass(frozen=True)
class WeightsFile:
    """What a file of weights holds.

    Attributes
    ----------
    tensors
        By name, in single precision.
    card
        See `Card`.
    graph
        From `export.export_graph`; None in files of version 0.1 and for networks that ONNX cannot express.
    """

    tensors: dict[str, NDArray[Any]]
    card: Card
    graph: bytes | None


def save_weights(path: Path, generator: nn.Module, card: Card) -> None:
    """Write a generator in half precision, whole or not at all.

    Parameters
    ----------
    path
        Of a safetensors file.
    generator
        As from `build_generator`.
    card
        With `network` and `size`; `format` is added.
    """
    import torch
    from safetensors.torch import save_file

    from sonoher2.segmentation.network import generator_graph

    state = {name: tensor.detach() for name, tensor in generator.state_dict().items()}
    halves = {name: (v.half() if v.is_floating_point() else v).contiguous().clone() for name, v in state.items()}
    graph = generator_graph(card["network"], card["size"], channels_of(card))
    if graph is not None:
        halves[_GRAPH] = torch.tensor(list(graph), dtype=torch.uint8)
    with atomic_path(path) as temporary:
        save_file(halves, temporary, {_CARD: json.dumps({"format": FORMAT} | card)})


def check_card(path: Path) -> None:
    """Look at the card of weights from elsewhere before a network is built after it.

    Raises
    ------
    InputError
        It names a network or a size that no study has.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            card: Card = json.loads((file.metadata() or {})[_CARD])
        known = card["network"] in PRESETS and card["size"] in SIZES
    except (OSError, SafetensorError, KeyError, ValueError, TypeError):
        known = False
    if not known:
        raise InputError("these are no weights of a segmenter of a study", where=str(path), fix="Use those of a study")


def read_weights(path: Path) -> WeightsFile:
    """Read a file of weights; no network is built.

    Raises
    ------
    InputError
        The file is missing or not one that `save_weights` wrote.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            card: Card = json.loads((file.metadata() or {})[_CARD])
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if card["format"] != FORMAT:
            what = f"format {card['format']}; this version reads {FORMAT}"
            raise InputError(what, where=str(path), fix="Train the segmenter again")
    except FileNotFoundError:
        raise missing(path) from None
    except (OSError, SafetensorError, KeyError, ValueError, TypeError):
        raise no_weights(path) from None
    graph = state.pop(_GRAPH, None)
    single = {name: v.astype(np.float32) if v.dtype == np.float16 else v for name, v in state.items()}
    return WeightsFile(single, card, None if graph is None else graph.tobytes())


def load_weights(path: Path) -> tuple[nn.Module, Card]:
    """Read a generator, in evaluation mode, and its card.

    Raises
    ------
    InputError
        The file is missing or not one that `save_weights` wrote.
    """
    read = read_weights(path)
    try:
        return built(read), read.card
    except (KeyError, RuntimeError):
        raise no_weights(path) from None


def built(read: WeightsFile) -> nn.Module:
    """Build the generator of a file, in evaluation mode.

    Raises
    ------
    KeyError, RuntimeError
        The tensors are not those of the network that the card names.
    """
    # torch is slow to import, and a graph needs none
    import torch

    from sonoher2.segmentation.network import build_generator

    generator = build_generator(read.card["network"], "none", channels=channels_of(read.card))
    generator.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in read.tensors.items()})
    ready: nn.Module = generator.requires_grad_(False).to(memory_format=torch.channels_last)
    return ready


def channels_of(card: Card) -> int:
    """Channels of the pictures that a network takes."""
    return CHANNELS if card.get("prompted") else 1


def missing(path: Path) -> InputError:
    """Say that there is no file."""
    return InputError("there is no such file of weights", where=str(path), fix="Train one: sonoher2 train-segmenter")


def no_weights(path: Path) -> InputError:
    """Say that a file is none of `save_weights`."""
    fix = "Give segmenter.safetensors of `sonoher2 train-segmenter`"
    return InputError("these are no weights of a segmenter", where=str(path), fix=fix)
