"""Training of a network's last stages: a linear probe on the frozen network, then all of it at different rates.

The order (probe first, then fine-tuning) keeps the pretrained features from being distorted by a random classifier:
Kumar et al., Fine-Tuning can Distort Pretrained Features and Underperform Out-of-Distribution, ICLR 2022.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn
from torch.nn import functional

from sonoher2.core.files import atomic_path
from sonoher2.core.progress import track
from sonoher2.deep.activations import TrainingCrops
from sonoher2.deep.network import Network

BATCH = 32
"""Crops per step."""
LEAST_SPREAD = 1e-6
"""Of a number of the embedding that is the same for all patients."""


@dataclass(frozen=True)
class Schedule:
    """How long and how fast.

    Attributes
    ----------
    epochs
        At most, after the probe; 0 leaves the network frozen.
    unfrozen
        Number of the first stage that is trained.
    rate
        Learning rate of the last stage; it falls to zero along a half cosine.
    decay
        Factor by which each earlier stage learns more slowly.
    weight_decay
        Of AdamW.
    patience
        Epochs without a better loss on the patients held out for stopping.
    probe_strength
        Inverse strength C of the probe's L2 penalty.
    from_scratch
        The weights are random: no probe, and batch normalisation learns its statistics too.
    seed
        Of order and variants.
    """

    epochs: int
    unfrozen: int
    rate: float
    decay: float = 0.5
    weight_decay: float = 0.05
    patience: int = 3
    probe_strength: float = 0.01
    from_scratch: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Examples:
    """Training crops with their patients' classes.

    Attributes
    ----------
    crops
        Source of batches.
    y
        Shape (images,), class of each crop's patient.
    owner
        Shape (images,), patient of each crop, 0 to patients-1.
    held_out
        Shape (images,), true for crops that only decide when to stop; whole patients.
    """

    crops: TrainingCrops
    y: NDArray[np.int64]
    owner: NDArray[np.int64]
    held_out: NDArray[np.bool_]

    def weights(self) -> NDArray[np.float32]:
        """Weight of each crop: patients count alike within a class, classes count alike, mean 1 per set."""
        weights = 1 / np.bincount(self.owner)[self.owner].astype(np.float64)
        for subset in (self.held_out, ~self.held_out):
            for label in np.unique(self.y):
                rows = subset & (self.y == label)
                weights[rows] /= max(weights[rows].sum(), 1e-12)
            weights[subset] *= subset.sum() / max(weights[subset].sum(), 1e-12)
        return weights.astype(np.float32)


@dataclass
class Course:
    """What happened so far.

    Attributes
    ----------
    losses
        Loss before the first epoch (the probe's, or that of no knowledge when the weights are random) and after each:
        of the patients held out, or of the training crops without them.
    best
        Epoch with the least loss; 0 is before the first.
    """

    losses: list[float] = field(default_factory=list)
    best: int = 0


def train(network: Network, examples: Examples, schedule: Schedule, checkpoint: Path | None = None) -> Course:
    """Fit the probe, then fine-tune; the network ends with its best weights.

    Parameters
    ----------
    network
        Changed in place: `head`, `centre`, `spread` and the stages from `schedule.unfrozen` on.
    examples, schedule
        See there.
    checkpoint
        File (npz) to which each finished epoch is written and from which training resumes.
    """
    # random features have nothing to keep from distortion, and those that hardly differ between patients, divided by
    # their tiny deviations, blow up at the first step: the head then starts at zero, on the embedding as it is
    if schedule.epochs == 0 or not schedule.from_scratch:
        fit_probe(network, examples, schedule)
    if schedule.epochs == 0:
        network.requires_grad_(False)
        return Course()
    optimiser = _optimiser(network, schedule)
    # with nobody held out there is nothing to stop by: the last epoch counts, and no other weights need be remembered
    stops = bool(examples.held_out.any())
    course, best = _resumed(network, optimiser, checkpoint)
    if stops and not best:
        best = _copy(network)
    if not course.losses:
        course.losses.append(mean_loss(network, examples, schedule))
    remaining = range(len(course.losses), schedule.epochs + 1)
    for epoch in track(remaining, "Training", len(remaining)):
        if epoch - 1 - course.best >= schedule.patience:
            break
        _one_epoch(network, examples, schedule, optimiser, epoch)
        course.losses.append(mean_loss(network, examples, schedule))
        if not stops or course.losses[-1] < course.losses[course.best]:
            course.best = epoch
            # the old copy goes before the new one is made
            best.clear()
            best |= _copy(network) if stops else {}
        if checkpoint is not None:
            _save(checkpoint, network, best, optimiser, course)
    network.load_state_dict(best, strict=False)
    network.eval().requires_grad_(False)
    restandardise(network, examples)
    return course


def fit_probe(network: Network, examples: Examples, schedule: Schedule) -> None:
    """Standardise the embedding and fit the linear layer by logistic regression, one row per training patient."""
    patients, y = patient_vectors(network, examples)
    centre, spread = patients.mean(axis=0), np.maximum(patients.std(axis=0), LEAST_SPREAD)
    probe = LogisticRegression(C=schedule.probe_strength, class_weight="balanced", max_iter=1000)
    probe.fit((patients - centre) / spread, y)
    weight, bias = probe.coef_, probe.intercept_
    if len(weight) == 1:
        weight, bias = np.vstack([-weight, weight]) / 2, np.array([-bias[0], bias[0]]) / 2
    with torch.no_grad():
        for target, value in zip(
            (network.centre, network.spread, network.head.weight, network.head.bias),
            (centre, spread, weight, bias),
            strict=True,
        ):
            target.copy_(_torch(value))


def restandardise(network: Network, examples: Examples) -> None:
    """Standardise the fine-tuned embedding by the training patients; scores stay as they are.

    Fine-tuning shifts an embedding, each network's another way: without this, those of two networks could not be
    laid side by side.
    """
    vectors, _ = patient_vectors(network, examples)
    centre, spread = _torch(vectors.mean(axis=0)), _torch(np.maximum(vectors.std(axis=0), LEAST_SPREAD))
    with torch.no_grad():
        centre, spread = centre.to(network.centre), spread.to(network.spread)
        network.head.bias.add_(network.head.weight @ ((centre - network.centre) / network.spread))
        network.head.weight.mul_(spread / network.spread)
        network.centre.copy_(centre)
        network.spread.copy_(spread)


def patient_vectors(network: Network, examples: Examples) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Embeddings (patients, width) and classes (patients,) of the training patients, without those held out."""
    rows = np.flatnonzero(~examples.held_out)
    vectors = plain_embeddings(network, examples.crops, rows)
    owners, first, owner = np.unique(examples.owner[rows], return_index=True, return_inverse=True)
    patients = np.stack([vectors[owner == number].mean(axis=0) for number in range(len(owners))])
    return patients, examples.y[rows][first]


def _torch(values: NDArray[np.float64]) -> Tensor:
    return torch.from_numpy(np.asarray(values, np.float32))


def plain_embeddings(network: Network, crops: TrainingCrops, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Embeddings (rows, width) of crops as they are."""
    parts = []
    with torch.no_grad():
        for chunk in _chunks(rows):
            batch = crops.plain(chunk)
            parts.append(network.embed(batch.x, batch.mask, crops.first).double().cpu().numpy())
    return np.concatenate(parts)


def mean_loss(network: Network, examples: Examples, schedule: Schedule) -> float:
    """Weighted cross-entropy over the patients held out for stopping, or over all when there are none."""
    rows = np.flatnonzero(examples.held_out if examples.held_out.any() else ~examples.held_out)
    weights, total = examples.weights(), 0.0
    network.eval()
    with torch.no_grad():
        for chunk in _chunks(rows):
            batch = examples.crops.plain(chunk)
            scores = network.classify(network.embed(batch.x, batch.mask, examples.crops.first))
            total += float(_loss(scores, examples.y[chunk], weights[chunk])) * len(chunk)
    return total / len(rows)


def _one_epoch(
    network: Network, examples: Examples, schedule: Schedule, optimiser: torch.optim.Optimizer, epoch: int
) -> None:
    # the draws depend on seed and epoch alone, so that a resumed run goes on as if nothing had happened
    rng = np.random.default_rng([schedule.seed, epoch])
    weights, rows = examples.weights(), rng.permutation(np.flatnonzero(~examples.held_out))
    _set_rates(optimiser, 0.5 * (1 + np.cos(np.pi * (epoch - 1) / schedule.epochs)))
    network.train()
    if not schedule.from_scratch:
        _keep_statistics(network)
    for chunk in _chunks(rows):
        batch = examples.crops.variants(chunk, rng)
        device = batch.x.device.type
        with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
            scores = network.classify(network.embed(batch.x, batch.mask, examples.crops.first))
        optimiser.zero_grad(set_to_none=True)
        _loss(scores.float(), examples.y[chunk], weights[chunk]).backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
    optimiser.zero_grad(set_to_none=True)


def _loss(scores: Tensor, y: NDArray[np.int64], weights: NDArray[np.float32]) -> Tensor:
    each = functional.cross_entropy(scores, torch.from_numpy(y).to(scores.device), reduction="none")
    return (each * torch.from_numpy(weights).to(scores.device)).mean()


def _keep_statistics(network: Network) -> None:
    """Batch normalisation keeps the statistics of ImageNet: those of small batches would be worse."""
    for module in network.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()


def _optimiser(network: Network, schedule: Schedule) -> torch.optim.Optimizer:
    """AdamW over the head, the trained stages (each earlier one slower) and what the network's own pooling learns."""
    network.requires_grad_(False)
    groups: list[tuple[list[nn.Parameter], float]] = [(list(network.head.parameters()), schedule.rate)]
    for back, number in enumerate(range(network.n_stages - 1, schedule.unfrozen - 1, -1)):
        groups.append((list(network.stage(number).parameters()), schedule.rate * schedule.decay**back))
    if network.taps is None:
        groups.append((network.pooling_parameters(), schedule.rate))
    chosen = [{"params": parameters, "lr": rate, "full": rate} for parameters, rate in groups if parameters]
    for parameters, _ in groups:
        for parameter in parameters:
            parameter.requires_grad_(True)
    return torch.optim.AdamW(chosen, weight_decay=schedule.weight_decay)


def _set_rates(optimiser: torch.optim.Optimizer, factor: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = group["full"] * factor


def _learned(network: Network) -> dict[str, Tensor]:
    """Name what training changes, as it stands."""
    learned = {name: value.detach() for name, value in network.named_parameters() if value.requires_grad}
    return learned | dict(network.named_buffers())


def _copy(network: Network) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in _learned(network).items()}


def _save(
    path: Path, network: Network, best: dict[str, Tensor], optimiser: torch.optim.Optimizer, course: Course
) -> None:
    tensors = {f"now.{name}": value for name, value in _learned(network).items()}
    tensors |= {f"best.{name}": value for name, value in best.items()}
    for number, state in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{number}.{name}": torch.as_tensor(value) for name, value in state.items()}
    arrays = {name: value.cpu().numpy() for name, value in tensors.items()}
    # numpy writes one array after another; safetensors would make the bytes of all of them first
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez(file, course=np.array(json.dumps(asdict(course))), **arrays)  # type: ignore[arg-type]


def _resumed(network: Network, optimiser: torch.optim.Optimizer, path: Path | None) -> tuple[Course, dict[str, Tensor]]:
    """Course and best weights of a checkpoint; a new course and none when there is none."""
    if path is None or not path.is_file():
        return Course(), {}
    with np.load(path, allow_pickle=False) as file:
        course = Course(**json.loads(file["course"].item()))
        network.load_state_dict(_under(file, "now."), strict=False)
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in _under(file, "optimiser.").items():
            number, key = name.split(".", 1)
            state.setdefault(int(number), {})[key] = value
        optimiser.load_state_dict({**optimiser.state_dict(), "state": state})
        return course, _under(file, "best.")


def _under(arrays: Mapping[str, NDArray[Any]], prefix: str) -> dict[str, Tensor]:
    names = [name for name in arrays if name.startswith(prefix)]
    return {name.removeprefix(prefix): torch.from_numpy(arrays[name]) for name in names}


def _chunks(rows: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    return [rows[start : start + BATCH] for start in range(0, len(rows), BATCH)]
