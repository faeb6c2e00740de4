"""A segmenter's weights as one safetensors file: half precision, with a card of what they are in its header."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from sonoher2.core.errors import InputError
from sonoher2.core.files import atomic_path
from sonoher2.networks.presets import PRESETS
from sonoher2.segmentation.network import build_generator

FORMAT = "sonoher2-segmenter-1"
SIZES = range(32, 1025, 32)
"""Sides of the pictures of a study's segmenter, pixels."""
Card = dict[str, Any]
"""``format``, ``network`` (encoder), ``size`` (side of its pictures), and whatever describes the training."""


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
    state = {name: tensor.detach() for name, tensor in generator.state_dict().items()}
    halves = {name: (v.half() if v.is_floating_point() else v).contiguous().clone() for name, v in state.items()}
    with atomic_path(path) as temporary:
        save_file(halves, temporary, {"sonoher2": json.dumps({"format": FORMAT} | card)})


def check_card(path: Path) -> None:
    """Look at the card of weights from elsewhere before a network is built after it.

    Raises
    ------
    InputError
        It names a network or a size that no study has.
    """
    try:
        with safe_open(path, framework="pt") as file:
            card: Card = json.loads((file.metadata() or {})["sonoher2"])
        known = card["network"] in PRESETS and card["size"] in SIZES
    except (OSError, SafetensorError, KeyError, ValueError, TypeError):
        known = False
    if not known:
        raise InputError("these are no weights of a segmenter of a study", where=str(path), fix="Use those of a study")


def load_weights(path: Path) -> tuple[nn.Module, Card]:
    """Read a generator, in evaluation mode, and its card.

    Raises
    ------
    InputError
        The file is missing or not one that `save_weights` wrote.
    """
    try:
        with safe_open(path, framework="pt") as file:
            card: Card = json.loads((file.metadata() or {})["sonoher2"])
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if card["format"] != FORMAT:
            what = f"format {card['format']}; this version reads {FORMAT}"
            raise InputError(what, where=str(path), fix="Train the segmenter again")
        generator = build_generator(card["network"], "none")
        generator.load_state_dict({name: v.float() if v.is_floating_point() else v for name, v in state.items()})
    except (OSError, SafetensorError, KeyError, ValueError, RuntimeError):
        fix = "Give segmenter.safetensors of `sonoher2 train-segmenter`"
        raise InputError("these are no weights of a segmenter", where=str(path), fix=fix) from None
    return generator.requires_grad_(False).to(memory_format=torch.channels_last), card
