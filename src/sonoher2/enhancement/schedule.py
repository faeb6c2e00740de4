"""Settings of a training, apart from what trains, so that the command line can show them without torch."""

from __future__ import annotations

from dataclasses import dataclass

from sonoher2.core.errors import UsageError

PATCH_STEP = 8
"""Pixels: half a patch still fills the network's grid."""


@dataclass(frozen=True)
class Schedule:
    """How long, how fast, and with how much of the adversarial part.

    Attributes
    ----------
    epochs
        After each the training can resume.
    warm_up
        Epochs without the adversarial part.
    steps
        Per epoch.
    batch
        Patches per step and scale.
    patch
        Side of a clean patch, pixels; a multiple of `PATCH_STEP`.
    rate
        Learning rate of Adam at the start; it falls to zero along a half cosine.
    adversarial
        Weight of the adversarial loss.
    bf16
        Compute in bfloat16 where that is safe: three times as fast on processors that have it.
    seed
        Of weights, patches and degradation.

    Raises
    ------
    UsageError
        The side of a patch does not fill the network's grid.
    """

    epochs: int = 30
    warm_up: int = 24
    steps: int = 125
    batch: int = 8
    patch: int = 128
    rate: float = 1e-3
    adversarial: float = 0.002
    bf16: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        if self.patch % PATCH_STEP:
            raise UsageError(f"a patch of {self.patch} pixels is not a multiple of {PATCH_STEP}", hint="patch")
