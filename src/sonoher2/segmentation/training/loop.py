"""Training of the segmenter: a warm-up by supervision alone, then the adversarial game, resumable at each epoch."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sonoher2.core.files import write_text
from sonoher2.core.progress import track
from sonoher2.networks.patchgan import discriminator_loss, generator_loss
from sonoher2.segmentation.network import normalised
from sonoher2.segmentation.training.augment import training_batch
from sonoher2.segmentation.training.cases import Examples, sampling_chance
from sonoher2.segmentation.training.drawn_prompts import prompted
from sonoher2.segmentation.training.losses import supervised_loss
from sonoher2.segmentation.training.state import Schedule, Training


def train(examples: Examples, schedule: Schedule, out: Path) -> Training:
    """Train, or go on training, a segmenter.

    Parameters
    ----------
    examples
        See `read_examples`.
    schedule
        See there.
    out
        Folder for ``checkpoint.pt`` and ``curve.csv``; a checkpoint in it is resumed.

    Raises
    ------
    InputError
        The checkpoint is of another schedule, or of other examples.
    """
    training, learned_from = Training(schedule), examples.key
    checkpoint = out / "checkpoint.pt"
    if checkpoint.exists():
        training.load(checkpoint, learned_from)
    remaining = range(len(training.curve), schedule.epochs)
    for epoch in track(remaining, "Training", len(remaining)):
        losses = _one_epoch(training, examples, epoch)
        training.curve.append(losses | held_out_dice(training.average, examples, schedule))
        training.save(checkpoint, learned_from)
        _write_curve(out / "curve.csv", training.curve)
    return training


def _one_epoch(training: Training, examples: Examples, epoch: int) -> dict[str, float]:
    schedule = training.schedule
    # the draws depend on seed and epoch alone, so that a resumed run goes on as if nothing had happened
    rng = np.random.default_rng([schedule.seed, epoch])
    chance = sampling_chance(examples.groups, examples.held_out)
    steps = max(1, int((~examples.held_out).sum()) // schedule.batch)
    size = schedule.warm_up_size if epoch < schedule.warm_up else schedule.size
    adversarial = 0.0 if epoch < schedule.warm_up else schedule.adversarial
    training.generator.train()
    total: dict[str, float] = {}
    for chosen in np.array_split(_drawn(chance, steps * schedule.batch, rng), steps):
        training.set_rates(training.steps / (steps * schedule.epochs))
        grey, lesion = training_batch(examples.squares[chosen], size, rng)
        if schedule.prompted:
            grey, lesion = prompted_batch(grey, lesion, rng)
        losses = _one_step(training, grey, lesion, adversarial)
        total = {name: total.get(name, 0.0) + value / steps for name, value in losses.items()}
    training.generator.eval()
    return {"epoch": epoch + 1.0} | total


def prompted_batch(grey: Tensor, lesion: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Add the channels of a drawn prompt to each picture, and leave of its lesions the one that is meant."""
    drawn = [prompted(mask, rng) for mask in lesion[:, 0].numpy() >= 0.5]
    maps = torch.from_numpy(np.stack([maps for maps, _ in drawn]))
    meant = torch.from_numpy(np.stack([part for _, part in drawn]))[:, None]
    # the part's edge stays as soft as it was
    around = nn.functional.max_pool2d(meant.float(), 3, 1, 1)
    return torch.cat([grey, maps], dim=1), lesion * around


def _drawn(chance: NDArray[np.float64], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Systematic sampling: each case comes up as often as its chance says, to within one."""
    at = (np.arange(count) + rng.random()) / count
    order = rng.permutation(len(chance))
    edges = np.cumsum(chance[order])
    drawn = order[np.minimum(np.searchsorted(edges, at), len(chance) - 1)]
    return np.asarray(rng.permutation(drawn))


def _one_step(training: Training, drawn: Tensor, target: Tensor, adversarial: float) -> dict[str, float]:
    picture = normalised(drawn).to(memory_format=torch.channels_last)
    with torch.autocast(picture.device.type, torch.bfloat16):
        logits = training.generator(picture)
    logits = logits.float()
    loss = supervised_loss(logits, target)
    losses = {"loss": loss.item()}
    if adversarial:
        mask = torch.sigmoid(logits)
        losses["discriminator"] = _teach_discriminator(training, picture, mask.detach(), target)
        fooled = generator_loss(_judged(training.discriminator, picture, mask))
        loss = loss + adversarial * fooled
        losses["adversarial"] = fooled.item()
    training.optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(training.generator.parameters(), 1.0)
    training.optimiser.step()
    training.steps += 1
    training.follow()
    return losses


def _teach_discriminator(training: Training, picture: Tensor, mask: Tensor, target: Tensor) -> float:
    scores = (_judged(training.discriminator, picture, part) for part in (target, mask))
    loss = discriminator_loss(*scores)
    training.opponent.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    training.opponent.step()
    return loss.item()


def _judged(discriminator: nn.Module, picture: Tensor, mask: Tensor) -> Tensor:
    with torch.autocast(picture.device.type, torch.bfloat16):
        scores: Tensor = discriminator(torch.cat([picture[:, :1], 2 * mask - 1], dim=1))
    return scores.float()


@torch.no_grad()
def held_out_dice(network: nn.Module, examples: Examples, schedule: Schedule) -> dict[str, float]:
    """Mean Dice of the held-out cases by group, at a probability of one half; with the same prompt in each epoch."""
    dices = {}
    for group in np.unique(examples.groups[examples.held_out]):
        rows = np.flatnonzero(examples.held_out & (examples.groups == group))
        parts = [
            _dice(network, examples.squares[chunk], schedule)
            for chunk in np.array_split(rows, math.ceil(len(rows) / 16))
        ]
        dices[f"dice {group}".strip()] = float(np.concatenate(parts).mean())
    return dices


def _dice(network: nn.Module, squares: NDArray[np.uint8], schedule: Schedule) -> NDArray[np.float64]:
    shape = (schedule.size, schedule.size)
    both = nn.functional.interpolate(torch.from_numpy(squares).float(), shape, mode="bilinear", antialias=True)
    pictures, meant = both[:, :1], both[:, 1:] / 255
    if schedule.prompted:
        pictures, meant = prompted_batch(pictures, meant, np.random.default_rng(schedule.seed))
    with torch.autocast("cpu", torch.bfloat16):
        found = network(normalised(pictures).to(memory_format=torch.channels_last))[:, 0] > 0
    lesion = meant[:, 0] >= 0.5
    common = (found & lesion).sum(dim=(1, 2)).double()
    sizes = found.sum(dim=(1, 2)).double() + lesion.sum(dim=(1, 2)).double()
    return torch.where(sizes > 0, 2 * common / sizes.clamp(min=1), torch.ones_like(sizes)).numpy()


def _write_curve(path: Path, curve: list[dict[str, float]]) -> None:
    names = list(dict.fromkeys(name for row in curve for name in row))
    stream = io.StringIO()
    writer = csv.DictWriter(stream, names)
    writer.writeheader()
    writer.writerows({name: f"{value:.5g}" for name, value in row.items()} for row in curve)
    write_text(path, stream.getvalue())
