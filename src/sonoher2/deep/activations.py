"""What the frozen first stages of a network make of crops, computed once and kept.

The frozen stages carry ImageNet weights and see no label, so that what they make of one crop is the same in every
fold. Keeping it for the crop and some augmented variants turns the training of the last stages into a matter of
seconds on a processor without an accelerator.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sonoher2.core.files import atomic_path, content_key
from sonoher2.deep.augment import augmented
from sonoher2.deep.build import mask_of
from sonoher2.deep.crop import Crop, MaskUse, three_channels
from sonoher2.deep.network import Network, normalised

Kept = NDArray[np.float16]
"""Shape (variants + 1, numbers): flattened input of a stage, then the mask, of the crop and of its variants."""


class Store:
    """Kept activations by content, in memory or in a folder.

    Parameters
    ----------
    folder
        Made when first written; None keeps in memory.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self._memory: dict[str, Kept] = {}

    def get(self, key: str) -> Kept | None:
        """Activations of one crop, or None."""
        if self.folder is None:
            return self._memory.get(key)
        path = self.folder / f"{key}.npy"
        return np.load(path, mmap_mode="r", allow_pickle=False) if path.is_file() else None

    def put(self, key: str, value: Kept) -> None:
        """Keep the activations of one crop."""
        if self.folder is None:
            self._memory[key] = value
            return
        with atomic_path(self.folder / f"{key}.npy") as path:
            np.save(path, value, allow_pickle=False)


@dataclass(frozen=True)
class Batch:
    """What the trained stages take.

    Attributes
    ----------
    x
        Shape (images, ...).
    mask
        Shape (images, 1, rows, columns), share of lesion.
    """

    x: Tensor
    mask: Tensor


@dataclass(frozen=True)
class Preparation:
    """How crops become the input of the trained stages.

    Attributes
    ----------
    mask
        See `crop.three_channels`.
    variants
        Augmented variants of each crop; 0 trains on fresh ones in each epoch, which nothing is kept of.
    seed
        Of the variants.
    """

    mask: MaskUse = "none"
    variants: int = 8
    seed: int = 0

    def variant(self, crop: Crop, number: int) -> Crop:
        """Augmented variant of a crop: always the same for the same crop, seed and number."""
        return augmented(crop, np.random.default_rng([self.seed, number, zlib.crc32(crop.tobytes())]))

    def run(self, network: Network, crops: Sequence[Crop], first: int) -> Batch:
        """Input of stage `first` for crops as they are, without gradients."""
        device = next(network.parameters()).device
        layers = np.stack(crops)
        x = torch.from_numpy(three_channels(layers, self.mask)).to(device)
        lesion = torch.from_numpy(layers[:, -1:].astype(np.float32) / 255).to(device)
        with torch.no_grad():
            ready = network.run(normalised(x, network.body), 0, first)
        return Batch(ready, mask_of(lesion))


class TrainingCrops:
    """Crops as a source of training batches.

    Parameters
    ----------
    crops
        One by one, (2, size, size) each.
    network
        Its stages before `first` are run here and must stay frozen.
    first
        Number of the stage whose input the batches are.
    preparation
        See there.
    store
        Where activations are kept.
    """

    def __init__(
        self, crops: Sequence[Crop], network: Network, first: int, preparation: Preparation, store: Store
    ) -> None:
        self._crops, self._network, self._preparation = crops, network, preparation
        self.first = first
        with torch.no_grad():
            example = preparation.run(network, crops[:1], first)
        self._shapes = example.x.shape[1:], example.mask.shape[1:]
        self._kept = [self._keep(crop, store) for crop in crops] if preparation.variants else []

    def plain(self, rows: NDArray[np.int64]) -> Batch:
        """Crops as they are."""
        if not self._kept:
            return self._preparation.run(self._network, [self._crops[row] for row in rows], self.first)
        return self._batch([self._kept[row][0] for row in rows])

    def variants(self, rows: NDArray[np.int64], rng: np.random.Generator) -> Batch:
        """One variant of each crop, drawn from the kept ones, the crop itself among them."""
        if not self._kept:
            drawn = rng.integers(1, 2**31, len(rows))
            pairs = zip(rows, drawn.tolist(), strict=True)
            fresh = [self._preparation.variant(self._crops[row], number) for row, number in pairs]
            return self._preparation.run(self._network, fresh, self.first)
        drawn = rng.integers(0, self._preparation.variants + 1, len(rows))
        return self._batch([self._kept[row][number] for row, number in zip(rows, drawn, strict=True)])

    def _batch(self, kept: list[Kept]) -> Batch:
        device = next(self._network.parameters()).device
        values = torch.from_numpy(np.stack(kept).astype(np.float32)).to(device)
        x_shape, mask_shape = self._shapes
        x, mask = torch.split(values, [x_shape.numel(), mask_shape.numel()], dim=1)
        x = x.reshape(-1, *x_shape)
        x = x.contiguous(memory_format=torch.channels_last) if x.ndim == 4 else x
        return Batch(x, mask.reshape(-1, *mask_shape))

    def _keep(self, crop: Crop, store: Store) -> Kept:
        key = hashlib.sha256(self._settings().encode() + crop.tobytes()).hexdigest()
        kept = store.get(key)
        if kept is None:
            numbers = range(1, self._preparation.variants + 1)
            several = [crop, *(self._preparation.variant(crop, number) for number in numbers)]
            batch = self._preparation.run(self._network, several, self.first)
            flat = torch.cat([batch.x.flatten(1), batch.mask.flatten(1)], dim=1)
            kept = flat.cpu().numpy().astype(np.float16)
            store.put(key, kept)
        return kept

    def _settings(self) -> str:
        if not hasattr(self, "_settings_key"):
            prepared = self._preparation
            weights = frozen_hash(self._network, self.first)
            self._settings_key = content_key(weights, self.first, prepared.mask, prepared.variants, prepared.seed)
        return self._settings_key


def frozen_hash(network: Network, first: int) -> str:
    """Sha256 of the family and of the tensors of the stages before `first`."""
    digest = hashlib.sha256(type(network.body).__name__.encode())
    for number in range(first):
        for name, tensor in network.stage(number).state_dict().items():
            digest.update(name.encode() + tensor.cpu().numpy().tobytes())
    return digest.hexdigest()


def patient_embedding(
    network: Network, crops: Sequence[NDArray[np.uint8]], preparation: Preparation
) -> NDArray[np.float64]:
    """Mean embedding (width,) of a patient's crops, before standardisation.

    Crops go through the network one at a time, so that a result never depends on what else is scored with it.
    """
    with torch.no_grad():
        batches = [preparation.run(network, [crop], 0) for crop in crops]
        rows = [network.embed(batch.x, batch.mask)[0].double().cpu().numpy() for batch in batches]
    return np.asarray(np.mean(rows, axis=0))
