"""Fitted signatures and networks as bytes, and back: without pickle, and the same bytes for the same model."""

from __future__ import annotations

import io
from collections.abc import Sequence
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZipFile, ZipInfo

import numpy as np

from sonoher2.bundle.skops_file import AGAIN, SCHEMA, load_skops
from sonoher2.bundle.skops_library import skops_io
from sonoher2.bundle.stable import stable_bytes
from sonoher2.core.errors import InputError
from sonoher2.signatures.set import SignatureSet

if TYPE_CHECKING:
    from sonoher2.deep.encoder import FrozenEncoder

MOST_MODEL, MOST_NETWORKS = 256 << 20, 2 << 30
"""Limits in bytes, packed and unpacked. ResNet101, VGG19, ViT and Swin of one study have 1.18 GB together."""


def dump_model(model: SignatureSet) -> bytes:
    """Fitted signatures as skops bytes (no pickle inside)."""
    return stable_bytes(skops_io().dumps(model))


def dump_networks(networks: Sequence[FrozenEncoder]) -> bytes:
    """Fitted networks as skops bytes, without the name of the place where their weights came from."""
    kept = [copy(network) for network in networks]
    for network in kept:
        network.weights = "none"
    return stable_bytes(skops_io().dumps(kept))


def join_networks(files: Sequence[Path]) -> bytes:
    """Give the bytes of `dump_networks` of several networks, of which at most one is in memory.

    Parameters
    ----------
    files
        From `dump_networks`, of one network each.
    """
    # the plan knows an array by its place alone: it is made of networks without weights; those are put in afterwards
    bare = [network for file in files for network in map(_bare, load_networks(file.read_bytes()))]
    buffer = io.BytesIO()
    with ZipFile(io.BytesIO(dump_networks(bare))) as plan, ZipFile(buffer, "w") as target:
        arrays = (name for name in plan.namelist() if name != SCHEMA)
        for file in files:
            with ZipFile(file) as source:
                for old in source.namelist():
                    if old != SCHEMA:
                        target.writestr(ZipInfo(next(arrays)), source.read(old))
        target.writestr(ZipInfo(SCHEMA), plan.read(SCHEMA))
    return buffer.getvalue()


def _bare(network: FrozenEncoder) -> FrozenEncoder:
    network.state_ = {name: np.empty(0, np.float32) for name in network.state_}
    return network


def load_model(data: bytes) -> SignatureSet:
    """Fitted signatures from `dump_model`'s bytes; anything else is refused.

    Raises
    ------
    InputError
        The file holds something that is no SonoHER2 model.
    """
    model = load_skops(data, most_bytes=MOST_MODEL)
    if not isinstance(model, SignatureSet):
        raise InputError("the model file holds no signatures", fix=AGAIN)
    return model


def load_networks(data: bytes) -> tuple[FrozenEncoder, ...]:
    """Fitted networks from `dump_networks`'s bytes.

    Raises
    ------
    InputError
        The file holds something else.
    """
    from sonoher2.deep.encoder import FrozenEncoder

    networks = load_skops(data, most_bytes=MOST_NETWORKS)
    if not isinstance(networks, list) or not all(isinstance(network, FrozenEncoder) for network in networks):
        raise InputError("the network file holds no networks", fix=AGAIN)
    return tuple(networks)
