"""Whether a heat map can be believed: where its heat lies, whether the weights matter, whether its hot pixels count."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from sonoher2.core.errors import InputError
from sonoher2.deep.crop import Crop
from sonoher2.deep.network import channels_first
from sonoher2.evaluation.compare.rank_correlation import rank_correlation
from sonoher2.explain.explained import Explained
from sonoher2.explain.gradcam import Heat, explained_stage, heat_map, upsampled
from sonoher2.lesions.rings import equivalent_diameter, peritumoural_ring
from sonoher2.networks.device import one_thread

RING_SHARE = 0.2
"""Width of the ring, as a share of the lesion's equivalent diameter."""


@dataclass(frozen=True)
class HeatShares:
    """Shares of a map's heat; they add up to 1, or are all NaN for a map without heat.

    Attributes
    ----------
    lesion, ring, elsewhere
        0 to 1.
    lesion_area, ring_area
        Shares of the crop that they cover: what `lesion` and `ring` would be by chance.
    """

    lesion: float
    ring: float
    elsewhere: float
    lesion_area: float
    ring_area: float


def heat_shares(heat: Heat, mask: NDArray[np.bool_]) -> HeatShares:
    """Where the heat of a map lies.

    Parameters
    ----------
    heat
        Shape (size, size), not negative.
    mask
        Shape (size, size), true inside the lesion.
    """
    try:
        ring = peritumoural_ring(mask, RING_SHARE * equivalent_diameter(mask))
    except InputError:
        # a lesion that fills its crop has no surround
        ring = np.zeros_like(mask)
    total = heat.sum() or np.nan
    lesion, around = float(heat[mask].sum() / total), float(heat[ring].sum() / total)
    return HeatShares(lesion, around, 1 - lesion - around, float(mask.mean()), float(ring.mean()))


def randomised_similarity(explained: Explained, crop: Crop, *, seed: int = 0) -> list[float]:
    """Rank correlation of the heat map with that of the same model, randomised from the classifier down.

    A map that explains the model changes as its weights are replaced by noise, one stage after another (Adebayo et
    al., Sanity Checks for Saliency Maps, NeurIPS 2018); a map that stays the same shows edges, not reasons. The
    classifier, whatever its kind, is its gradient by the embedding: that is what a map sees of it.

    Returns
    -------
    Spearman's correlation after the classifier and after each further stage, the last one first; NaN where the
    randomised network gives no heat. All are compared with the map of the fitted model.
    """
    rng = np.random.default_rng(seed)
    gradient = explained.gradient(explained.embed(crop))
    noise = rng.normal(gradient.mean(), gradient.std(), len(gradient))
    changed = replace(explained, network=deepcopy(explained.network).requires_grad_(False), gradient=lambda _: noise)
    original = heat_map(explained, crop)
    correlations = [rank_correlation(heat_map(changed, crop), original)]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for number in range(changed.network.n_stages - 1, -1, -1):
            _randomise(changed.network.stage(number))
            correlations.append(rank_correlation(heat_map(changed, crop), original))
    return correlations


def _randomise(part: torch.nn.Module) -> None:
    """Gaussian noise of each weight's own mean and deviation; single numbers per channel are shuffled."""
    for parameter in part.parameters():
        values = parameter.data
        if values.ndim > 1:
            values.copy_(torch.randn(values.shape).to(values) * values.std() + values.mean())
        else:
            values.copy_(values[torch.randperm(len(values)).to(values.device)])


def deletion_curve(explained: Explained, crop: Crop, heat: Heat, *, steps: int = 10) -> NDArray[np.float64]:
    """Score as the hottest pixels are blurred away, step by step (Petsiuk et al., RISE, BMVC 2018).

    Parameters
    ----------
    explained
        Network and score.
    crop
        Shape (2, size, size).
    heat
        Shape (size, size); or any other order in which to delete, such as `noise_map`, to compare with.
    steps
        Equal parts of the crop.

    Returns
    -------
    Shape (steps + 1,): the score from the whole crop to a blurred one. The faster it falls the better the map.
    """
    grey = crop[0].astype(np.float64)
    blurred = gaussian_filter(grey, crop.shape[-1] / 16)
    ranks = np.empty(heat.size, np.int64)
    ranks[np.argsort(-heat, axis=None, kind="stable")] = np.arange(heat.size)
    embeddings = []
    with one_thread():
        for step in range(steps + 1):
            gone = (ranks < heat.size * step / steps).reshape(heat.shape)
            changed = np.stack([np.where(gone, blurred, grey), crop[1]]).round().astype(np.uint8)
            embeddings.append(explained.embed(changed))
    return explained.score(np.stack(embeddings))


def noise_map(explained: Explained, crop: Crop, *, seed: int = 0) -> Heat:
    """Heat map of pure chance, as coarse as those of the network: single pixels would delete otherwise than patches."""
    network = explained.network
    batch = explained.preparation.run(network, [crop], 0)
    with torch.no_grad():
        rows, columns = channels_first(network.run(batch.x, 0, explained_stage(network) + 1), network.body).shape[2:]
    chance = np.random.default_rng(seed).random((rows, columns))
    return upsampled(torch.from_numpy(chance), crop.shape[-1])
