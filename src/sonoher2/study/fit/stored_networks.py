"""Fine-tuned networks that stay on disk: each is read where it is asked for, and at most one is in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonoher2.bundle.model_bytes import join_networks, load_networks

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
    (network,) = load_networks(file.read_bytes())
    return network
