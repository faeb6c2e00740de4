"""Training of the enhancer on a cohort's own images, degraded as `sonoher2.enhancement.degrade` says.

The loss is L1 + gradient + adversarial. It has no perceptual part: features that were learned from photographs reward
texture, and texture is what an enhancer of ultrasound must not invent. The adversarial part joins after a warm-up.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import monotonic

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from sonoher2.core.errors import InputError
from sonoher2.core.files import atomic_path, content_key, write_text
from sonoher2.core.progress import track
from sonoher2.enhancement.degrade import degrade, draw_degradation
from sonoher2.enhancement.enhancer import save_generator
from sonoher2.enhancement.network import SCALES, Generator, enlarged
from sonoher2.enhancement.schedule import Schedule
from sonoher2.networks.patchgan import discriminator_loss, generator_loss, patch_discriminator

CHECKPOINT, CURVE, WEIGHTS = "checkpoint.safetensors", "curve.csv", "enhancer.safetensors"
"""Files in the folder of a training."""
GRADIENT_WEIGHT = 0.5
"""Of the gradient loss; L1 counts 1."""
LARGEST_NORM = 1.0
"""To which the gradient of a step is clipped."""
DISCRIMINATOR_RATE = 1.0
"""Learning rate of the discriminator, relative to the generator's."""
DISCRIMINATOR_WIDTH = 16
"""Channels of its first layer: as small as the generator."""
CHECKED_PATCHES = 16
"""Patches per scale on which the learning curve's PSNR is measured."""


@dataclass
class Losses:
    """Mean losses of an epoch."""

    l1: float = 0.0
    gradient: float = 0.0
    adversarial: float = 0.0
    discriminator: float = 0.0


@dataclass
class _Training:
    """What a training changes."""

    generator: Generator
    discriminator: nn.Sequential
    optimisers: dict[str, torch.optim.Adam]
    curve: list[dict[str, float]] = field(default_factory=list)


def train_enhancer(
    pictures: Sequence[NDArray[np.uint8]], checked: Sequence[NDArray[np.uint8]], schedule: Schedule, folder: Path
) -> Generator:
    """Train a generator; an interrupted training goes on from its last finished epoch.

    Parameters
    ----------
    pictures
        Each (rows, columns), grey: the training patients' images and nobody else's.
    checked
        The same, for the PSNR of the learning curve; nothing is chosen by it.
    schedule
        See there.
    folder
        Receives the checkpoint, the learning curve (CSV), the weights after the warm-up and the final weights.

    Raises
    ------
    InputError
        No picture is as large as a patch, or the folder holds the checkpoint of another schedule or of other pictures.
    """
    sources = Patches(pictures, schedule.patch), Patches(checked, schedule.patch)
    training = _start(schedule)
    learned_from = _pictures_key(pictures)
    _resume(training, schedule, learned_from, folder / CHECKPOINT)
    remaining = range(len(training.curve), schedule.epochs)
    for epoch in track(remaining, "Training", len(remaining)):
        started = monotonic()
        losses = _one_epoch(training, sources[0], schedule, epoch)
        row = {"epoch": epoch + 1, "seconds": round(monotonic() - started, 1), **asdict(losses)}
        training.curve.append(row | mean_psnr(training.generator, sources[1], schedule.seed))
        _save(training, schedule, learned_from, folder)
        if epoch + 1 == schedule.warm_up:
            save_generator(training.generator, folder / f"warm-up-{WEIGHTS}")
    save_generator(training.generator, folder / WEIGHTS)
    return training.generator


class Patches:
    """Source of pairs of degraded and clean patches.

    Parameters
    ----------
    pictures
        Each (rows, columns), grey; those smaller than a patch are left out.
    side
        Of a clean patch, pixels.

    Raises
    ------
    InputError
        No picture is as large as a patch.
    """

    def __init__(self, pictures: Sequence[NDArray[np.uint8]], side: int) -> None:
        self.pictures = [picture for picture in pictures if min(picture.shape) >= side]
        self.side = side
        if not self.pictures:
            raise InputError(
                f"none of {len(pictures)} images is as large as a patch of {side} x {side} pixels",
                fix="Give larger images or a smaller patch",
                hint="patch",
            )
        areas = np.array([picture.size for picture in self.pictures], np.float64)
        self._chances = areas / areas.sum()

    def draw(self, count: int, scale: int, generator: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Draw pairs (count, 1, rows, columns), degraded and clean, grey in [0, 1]."""
        pairs = [self._pair(scale, generator) for _ in range(count)]
        degraded, clean = (np.stack(pictures)[:, None] / np.float32(255) for pictures in zip(*pairs, strict=True))
        return torch.from_numpy(degraded), torch.from_numpy(clean)

    def _pair(self, scale: int, generator: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        picture = self.pictures[generator.choice(len(self.pictures), p=self._chances)]
        row, column = (int(generator.integers(length - self.side + 1)) for length in picture.shape)
        patch = picture[row : row + self.side, column : column + self.side]
        if generator.random() < 0.5:
            patch = patch[:, ::-1]
        return degrade(patch, draw_degradation(scale, generator), generator)


def mean_psnr(generator: Generator, source: Patches, seed: int) -> dict[str, float]:
    """Mean PSNR, dB, of patches that are the same each time, by scale: as degraded (enlarged) and as cleared."""
    found = {}
    generator.eval()
    with torch.no_grad():
        for scale in SCALES:
            degraded, clean = source.draw(CHECKED_PATCHES, scale, np.random.default_rng([seed, scale]))
            found[f"psnr_degraded_x{scale}"] = _psnr(enlarged(degraded, scale), clean)
            found[f"psnr_x{scale}"] = _psnr(generator(degraded, scale), clean)
    return found


def _psnr(found: Tensor, clean: Tensor) -> float:
    errors = (found.clamp(0, 1) - clean).square().mean(dim=(1, 2, 3))
    return float(-10 * errors.clamp_min(1e-10).log10().mean())


def _one_epoch(training: _Training, source: Patches, schedule: Schedule, epoch: int) -> Losses:
    # the draws depend on seed and epoch alone, so that a resumed training goes on as if nothing had happened
    rng = np.random.default_rng([schedule.seed, epoch])
    total = Losses()
    training.generator.train()
    for step in range(schedule.steps):
        done = (epoch * schedule.steps + step) / (schedule.epochs * schedule.steps)
        _set_rates(training, schedule.rate * 0.5 * (1 + np.cos(np.pi * done)))
        for scale in SCALES:
            degraded, clean = source.draw(schedule.batch, scale, rng)
            one = _one_step(training, degraded, clean, scale, schedule, adversarial=epoch >= schedule.warm_up)
            for name, value in asdict(one).items():
                setattr(total, name, getattr(total, name) + value / (schedule.steps * len(SCALES)))
    return total


def _one_step(
    training: _Training, degraded: Tensor, clean: Tensor, scale: int, schedule: Schedule, *, adversarial: bool
) -> Losses:
    with torch.autocast("cpu", torch.bfloat16, enabled=schedule.bf16):
        cleared = training.generator(degraded.contiguous(memory_format=torch.channels_last), scale).float()
        l1, gradient = (cleared - clean).abs().mean(), gradient_loss(cleared, clean)
        loss, losses = l1 + GRADIENT_WEIGHT * gradient, Losses(float(l1.detach()), float(gradient.detach()))
        if adversarial:
            given = enlarged(degraded, scale)
            _discriminator_step(training, given, clean, cleared.detach(), losses)
            fooled = generator_loss(training.discriminator(torch.cat([given, cleared], dim=1)).float())
            loss, losses.adversarial = loss + schedule.adversarial * fooled, float(fooled.detach())
    _update(training.optimisers["generator"], loss, training.generator)
    return losses


def _discriminator_step(training: _Training, given: Tensor, clean: Tensor, cleared: Tensor, losses: Losses) -> None:
    """Learn to tell clean images from cleared ones, each seen beside the degraded image."""
    real, generated = (
        training.discriminator(torch.cat([given, picture], dim=1)).float() for picture in (clean, cleared)
    )
    loss = discriminator_loss(real, generated)
    losses.discriminator = float(loss.detach())
    _update(training.optimisers["discriminator"], loss, training.discriminator)


def gradient_loss(found: Tensor, clean: Tensor) -> Tensor:
    """Mean absolute difference between the two pictures' steps from pixel to pixel, down and across."""
    difference = found - clean
    return difference.diff(dim=-1).abs().mean() + difference.diff(dim=-2).abs().mean()


def _update(optimiser: torch.optim.Optimizer, loss: Tensor, network: nn.Module) -> None:
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(network.parameters(), LARGEST_NORM)
    optimiser.step()


def _set_rates(training: _Training, rate: float) -> None:
    for name, factor in (("generator", 1.0), ("discriminator", DISCRIMINATOR_RATE)):
        for group in training.optimisers[name].param_groups:
            group["lr"] = rate * factor


def _start(schedule: Schedule) -> _Training:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(schedule.seed)
        generator = Generator().to(memory_format=torch.channels_last)
    discriminator = patch_discriminator(2, width=DISCRIMINATOR_WIDTH, seed=schedule.seed).to(
        memory_format=torch.channels_last
    )
    optimisers = {
        "generator": torch.optim.Adam(generator.parameters(), schedule.rate),
        "discriminator": torch.optim.Adam(discriminator.parameters(), schedule.rate, betas=(0.5, 0.999)),
    }
    return _Training(generator, discriminator, optimisers)


def _pictures_key(pictures: Sequence[NDArray[np.uint8]]) -> str:
    """Hash of the pictures in their order, by which patches are drawn."""
    return content_key([[list(one.shape), hashlib.sha256(one.tobytes()).hexdigest()] for one in pictures])


def _save(training: _Training, schedule: Schedule, learned_from: str, folder: Path) -> None:
    tensors: dict[str, Tensor] = {}
    for name, network in _networks(training).items():
        tensors |= {f"{name}.{key}": value for key, value in network.state_dict().items()}
        for number, state in training.optimisers[name].state_dict()["state"].items():
            tensors |= {f"{name}-optimiser.{number}.{key}": torch.as_tensor(value) for key, value in state.items()}
    metadata = {
        "schedule": json.dumps(asdict(schedule)),
        "curve": json.dumps(training.curve),
        "pictures": learned_from,
    }
    with atomic_path(folder / CHECKPOINT) as temporary:
        save_file({key: value.contiguous().clone() for key, value in tensors.items()}, temporary, metadata=metadata)
    lines = [",".join(training.curve[0]), *(",".join(f"{v:.6g}" for v in row.values()) for row in training.curve)]
    write_text(folder / CURVE, "\n".join(lines) + "\n")


def _resume(training: _Training, schedule: Schedule, learned_from: str, path: Path) -> None:
    """Load a checkpoint when there is one."""
    if not path.is_file():
        return
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
        if json.loads(metadata["schedule"]) != asdict(schedule):
            raise InputError(
                "this folder holds a training with other settings",
                where=str(path),
                fix="Use the same settings again, or another folder",
                hint="output",
            )
        if metadata.get("pictures") != learned_from:
            raise InputError(
                "this folder holds a training on other images",
                where=str(path),
                fix="Give the same images to go on, or another folder to begin anew",
                hint="output",
            )
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    training.curve = json.loads(metadata["curve"])
    for name, network in _networks(training).items():
        network.load_state_dict(_under(tensors, f"{name}."))
        state: dict[int, dict[str, Tensor]] = {}
        for key, value in _under(tensors, f"{name}-optimiser.").items():
            number, entry = key.split(".", 1)
            state.setdefault(int(number), {})[entry] = value
        optimiser = training.optimisers[name]
        optimiser.load_state_dict({**optimiser.state_dict(), "state": state})


def _networks(training: _Training) -> dict[str, nn.Module]:
    return {"generator": training.generator, "discriminator": training.discriminator}


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
