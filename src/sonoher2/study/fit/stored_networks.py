"""Networks that stay on disk: each is read where it is asked for, and at most one is in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonoher2.bundle.model_bytes import dump_networks, join_networks, load_networks
from sonoher2.config.deep import DeepConfig
from sonoher2.engine import Codec, ExecutionContext, Keyed, Step, settings_key
from sonoher2.networks.sources import source_key

if TYPE_CHECKING:
    from sonoher2.deep.encoder import FrozenEncoder


@dataclass(frozen=True)
class StoredNetworks(Sequence["FrozenEncoder"]):
    """Networks in the files that the store keeps them in; going through them holds one after another.

    Attributes
    ----------
    files
        One per network, as `dump_networks` writes a single one.
    """

    files: tuple[Path, ...]

    @property
    def joined(self) -> bytes:
        """All of them as the bytes of one file."""
        return join_networks(self.files)

    def __len__(self) -> int:
        """How many."""
        return len(self.files)

    def __getitem__(self, place: Any) -> Any:
        """Read the network at a place, or name those of a slice."""
        return StoredNetworks(self.files[place]) if isinstance(place, slice) else read_network(self.files[place])

    def __iter__(self) -> Iterator[FrozenEncoder]:
        """Read one network after another; the one before is not held."""
        return map(read_network, self.files)


def read_network(file: Path) -> FrozenEncoder:
    """Read a single network.

    Raises
    ------
    InputError
        The file holds something else.
    """
    return decode_network(file.read_bytes())


def encode_network(network: FrozenEncoder) -> bytes:
    """Give the bytes of a single network."""
    return dump_networks([network])


def decode_network(data: bytes) -> FrozenEncoder:
    """Read a single network from `encode_network`'s bytes; errors as of `read_network`."""
    (network,) = load_networks(data)
    return network


def _freeze(name: str, config: DeepConfig) -> FrozenEncoder:
    from sonoher2.deep.lesion import frozen_network

    network = frozen_network(config, name)
    network.keep_graph()
    return network


FROZEN = Step("frozen", _freeze, Codec(".network", encode_network, decode_network), "Preparing networks")


def frozen_networks(config: DeepConfig, context: ExecutionContext) -> StoredNetworks:
    """Fetch the weights of a study's networks, once.

    Raises
    ------
    InputError
        No such network, or its weights cannot be had.
    """
    how = settings_key(config, "size", "pooling", "mask", "mirror")
    items = [Keyed(name, [name, source_key(name, config.weights)]) for name in config.network]
    return StoredNetworks(tuple(context.files(FROZEN, items, Keyed(config, how))))
