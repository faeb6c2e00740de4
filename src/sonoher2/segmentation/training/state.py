"""The state of a training run: generator, its running mean, discriminator, optimisers; and its schedule."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from sonoher2.core.errors import InputError, UsageError
from sonoher2.core.files import atomic_path, file_sha256
from sonoher2.networks.patchgan import patch_discriminator
from sonoher2.segmentation.network import Generator, build_generator, spare_slow_convolutions, start_from
from sonoher2.segmentation.prompts import CHANNELS
from sonoher2.segmentation.weights_file import channels_of, read_weights

SIDE_STEP = 32
"""Pixels that one of the network's coarsest features covers."""
RISE = 100
"""Steps over which the learning rate rises at the start."""
FLOOR = 0.02
"""Of the learning rate at the end."""
AVERAGE = 0.995
"""Share of the running mean of the weights that each step keeps."""
DISCRIMINATOR_WIDTH = 16
"""Channels of its first layer."""


@dataclass(frozen=True)
class Schedule:
    """How long, how fast and at what size.

    Attributes
    ----------
    network
        Preset or timm name of the encoder.
    weights
        Where the encoder's ImageNet weights come from, as in `build_body`.
    size, warm_up_size
        Side of the pictures, pixels, after and during the warm-up; multiples of 32.
    epochs, warm_up
        All epochs, and how many of them come before the adversarial game.
    adversarial
        Weight of the adversarial loss; 0 leaves it out.
    batch
        Pictures per step.
    rate
        Learning rate of the decoder; it falls along a half cosine. The encoder learns at half of it, the
        discriminator at a fifth.
    weight_decay
        Of AdamW.
    seed
        Of weights, order, variants and prompts.
    prompted
        Whether the network takes a click or a box with each picture.
    start
        File of a segmenter to go on from; `weights` are not read then.
    """

    network: str = "EfficientNet-Lite2"
    weights: str = "auto"
    size: int = 224
    warm_up_size: int = 192
    epochs: int = 14
    warm_up: int = 3
    adversarial: float = 0.02
    batch: int = 16
    rate: float = 1e-3
    weight_decay: float = 0.01
    seed: int = 0
    prompted: bool = False
    start: str | None = None

    def __post_init__(self) -> None:
        for side in (self.size, self.warm_up_size):
            if side % SIDE_STEP:
                raise UsageError(f"a side of {side} pixels is not a multiple of {SIDE_STEP}", hint="size")


class Training:
    """What a training run changes.

    Parameters
    ----------
    schedule
        See there.

    Attributes
    ----------
    generator, average, discriminator
        The network that learns, the running mean of its weights, which is used in the end, and its opponent.
    start_sha256
        Of the file that the training began with; empty without one.
    steps
        Done so far.
    curve
        One row per finished epoch.
    """

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        channels = CHANNELS if schedule.prompted else 1
        weights = schedule.weights if schedule.start is None else "none"
        self.generator = build_generator(schedule.network, weights, seed=schedule.seed, channels=channels)
        self.start_sha256 = ""
        if schedule.start is not None:
            self.start_sha256 = _begin_with(self.generator, channels, Path(schedule.start))
        self.average = build_generator(schedule.network, "none", seed=schedule.seed, channels=channels)
        self.average.load_state_dict(self.generator.state_dict())
        self.average.requires_grad_(False)
        spare_slow_convolutions(self.generator)
        self.discriminator = patch_discriminator(2, width=DISCRIMINATOR_WIDTH, seed=schedule.seed)
        encoder = list(self.generator.encoder.parameters())
        known = {id(parameter) for parameter in encoder}
        others = [parameter for parameter in self.generator.parameters() if id(parameter) not in known]
        rate, decay = schedule.rate, schedule.weight_decay
        groups = [{"params": others, "full": rate}, {"params": encoder, "full": rate / 2}]
        self.optimiser = torch.optim.AdamW(groups, lr=rate, weight_decay=decay)
        self.opponent = torch.optim.AdamW(
            [{"params": list(self.discriminator.parameters()), "full": rate / 5}], lr=rate / 5, betas=(0.5, 0.99)
        )
        self.steps = 0
        self.curve: list[dict[str, float]] = []

    def save(self, path: Path, learned_from: str) -> None:
        """Write everything that a resumed run needs; `learned_from` names the examples."""
        state = {name: part.state_dict() for name, part in self._parts().items()}
        with atomic_path(path) as temporary:
            about = {"schedule": self._settings(), "steps": self.steps, "curve": self.curve, "examples": learned_from}
            torch.save({"parts": state, **about}, temporary)

    def load(self, path: Path, learned_from: str) -> None:
        """Go on from a file that `save` wrote.

        Raises
        ------
        InputError
            The file is of another schedule, or of other examples.
        """
        state = torch.load(path, weights_only=True)
        if state["schedule"] != self._settings():
            raise InputError(
                "the training begun here has other settings",
                where=str(path),
                fix="Give the same settings to go on, or another folder to begin anew",
                hint="output",
            )
        if state.get("examples") != learned_from:
            raise InputError(
                "the training begun here learns from other images, masks or held-out patients",
                where=str(path),
                fix="Give the same table to go on, or another folder to begin anew",
                hint="output",
            )
        for name, part in self._parts().items():
            part.load_state_dict(state["parts"][name])
        self.steps, self.curve = state["steps"], state["curve"]

    def set_rates(self, progress: float) -> None:
        """Set the learning rates for the next step; `progress` is 0 at the start and 1 at the end."""
        cosine = FLOOR + (1 - FLOOR) * 0.5 * (1 + math.cos(math.pi * progress))
        factor = min(1.0, (self.steps + 1) / RISE) * cosine
        for group in self.optimiser.param_groups + self.opponent.param_groups:
            group["lr"] = group["full"] * factor

    @torch.no_grad()
    def follow(self) -> None:
        """Move the running mean towards the generator; at the start faster, away from its first weights."""
        keep = min(AVERAGE, self.steps / (self.steps + 10))
        for mean, value in zip(self.average.state_dict().values(), self.generator.state_dict().values(), strict=True):
            if mean.is_floating_point():
                mean.lerp_(value, 1 - keep)
            else:
                mean.copy_(value)

    def _settings(self) -> dict[str, object]:
        # the file that it began with may move, but must not change
        return asdict(self.schedule) | {"start": self.start_sha256}

    def _parts(self) -> dict[str, torch.nn.Module | torch.optim.Optimizer]:
        return {
            "generator": self.generator,
            "average": self.average,
            "discriminator": self.discriminator,
            "optimiser": self.optimiser,
            "opponent": self.opponent,
        }


def _begin_with(generator: Generator, channels: int, path: Path) -> str:
    """Load the weights of another segmenter; the sha256 of their file."""
    read = read_weights(path)
    if channels_of(read.card) > channels:
        what, fix = "the segmenter to begin with takes a click or a box", "Train with prompts, too"
        raise InputError(what, where=str(path), fix=fix)
    try:
        start_from(generator, {name: torch.from_numpy(value) for name, value in read.tensors.items()})
    except (KeyError, RuntimeError):
        raise InputError(
            f"the segmenter to begin with has the encoder {read.card['network']}", where=str(path), fix="Take the same"
        ) from None
    return file_sha256(path)
