"""Which weights outline and clear the images of a study: of a file, or trained in the study without the patient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sonoher2.core.errors import InputError

SEGMENTER, ENHANCER = "segmenter", "enhancer"


@dataclass(frozen=True)
class Weights:
    """The weights of one network, on disk.

    Attributes
    ----------
    path
        Of the safetensors file.
    sha256
        Of its bytes: what is loaded must have it.
    images
        File of the fingerprints of the images that it was trained on.
    without
        Fold of the training patients that it was trained without; None for a network that saw them all.
    patients, pictures
        How many it was trained on, where the study trained it.
    """

    path: str
    sha256: str
    images: str
    without: int | None = None
    patients: int = 0
    pictures: int = 0

    @property
    def files(self) -> tuple[Path, Path]:
        """The file of weights and that of the fingerprints."""
        return Path(self.path), Path(self.images)

    @property
    def trained_on(self) -> str:
        """Whom a network of the study's own was trained on, in words."""
        return "all training patients" if self.without is None else f"training patients but fold {self.without + 1}"


def require_same(weights: Weights, sha256: str) -> None:
    """Check that the file of weights holds what it held when it was named.

    Raises
    ------
    InputError
        It holds other weights.
    """
    if sha256 != weights.sha256:
        raise InputError("the weights were changed since they were named", where=weights.path, fix="Run it again")


@dataclass(frozen=True)
class OwnNetwork:
    """A network that takes the place of a shipped one.

    Attributes
    ----------
    final
        For test patients and new ones.
    unseen_by
        For each training patient the weights that were trained without the patient; empty for weights of a file.
    """

    final: Weights
    unseen_by: Mapping[str, Weights] = field(default_factory=dict)

    def of(self, patient: str) -> Weights:
        """Give the weights for a patient."""
        return self.unseen_by.get(patient, self.final)

    @property
    def all(self) -> tuple[Weights, ...]:
        """Each of its weights once: the final ones, then those without each fold."""
        others = set(self.unseen_by.values()) - {self.final}
        return (self.final, *sorted(others, key=lambda weights: weights.without or 0))


@dataclass(frozen=True)
class ImageNetworks:
    """The networks that outline and clear a study's images; None: the shipped one, where one is asked for."""

    segmenter: OwnNetwork | None = None
    enhancer: OwnNetwork | None = None

    @property
    def own(self) -> dict[str, OwnNetwork]:
        """Those that are not the shipped ones, by name."""
        named = {SEGMENTER: self.segmenter, ENHANCER: self.enhancer}
        return {name: network for name, network in named.items() if network is not None}


SHIPPED_NETWORKS = ImageNetworks()
