"""Fitted signatures and networks as bytes, and back: without pickle, and the same bytes for the same model."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import TYPE_CHECKING

import skops.io

from sonoher2.bundle.skops_file import AGAIN, load_skops
from sonoher2.bundle.stable import stable_bytes
from sonoher2.core.errors import InputError
from sonoher2.signatures.set import SignatureSet

if TYPE_CHECKING:
    from sonoher2.deep.encoder import FrozenEncoder

MOST_MODEL, MOST_NETWORKS = 256 << 20, 1 << 30
"""Limits in bytes, packed and unpacked."""


def dump_model(model: SignatureSet) -> bytes:
    """Fitted signatures as skops bytes (no pickle inside)."""
    return stable_bytes(skops.io.dumps(model))


def dump_networks(networks: Sequence[FrozenEncoder]) -> bytes:
    """Fitted networks as skops bytes, without the name of the place where their weights came from."""
    kept = [copy(network) for network in networks]
    for network in kept:
        network.weights = "none"
    return stable_bytes(skops.io.dumps(kept))


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
