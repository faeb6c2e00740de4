"""Whether a heat map can be believed: where its heat lies, whether the weights matter, whether its hot pixels count."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.stats import spearmanr

from sonoher2.errors import InputError
from sonoher2.models.deep.activations import Preparation
from sonoher2.models.deep.classifier import DeepClassifier
from sonoher2.models.deep.crop import Picture
from sonoher2.models.deep.network import Network
from sonoher2.models.explain.gradcam import Heat, Method, has_relevance, margin, network_heat
from sonoher2.networks.device import one_thread
from sonoher2.regions.rings import equivalent_diameter, peritumoural_ring

RING_SHARE = 0.2
"""Width of the ring, as a share of the lesion's equivalent diameter."""


@dataclass(frozen=True)
class HeatShares:
    """Shares of a map's heat; they add up to 1, or are all NaN for a map without heat.

    Attributes
    ----------
    lesion, ring, elsewhere
        0 to 1.
    lesion_area
        Share of the picture that the lesion covers: what `lesion` would be by chance.
    """

    lesion: float
    ring: float
    elsewhere: float
    lesion_area: float


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
        # a lesion that fills its picture has no surround
        ring = np.zeros_like(mask)
    total = heat.sum() or np.nan
    lesion, around = float(heat[mask].sum() / total), float(heat[ring].sum() / total)
    return HeatShares(lesion, around, 1 - lesion - around, float(mask.mean()))


def randomised_similarity(
    classifier: DeepClassifier, picture: Picture, *, outcome: int = 1, seed: int = 0
) -> list[float]:
    """Rank correlation of the heat map with that of the same network, randomised from the classifier down.

    A map that explains the network changes as its weights are replaced by noise, one stage after another (Adebayo et
    al., Sanity Checks for Saliency Maps, NeurIPS 2018); a map that stays the same shows edges, not reasons.

    Returns
    -------
    Spearman's correlation after the classifier and after each further stage, the last one first; NaN where the
    randomised network gives no heat. All are compared with the map of the fitted network.
    """
    network = classifier.fitted_network().requires_grad_(False)
    preparation = Preparation(classifier.mask)
    method: Method = "attention" if has_relevance(network) else "grad-cam"
    with one_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        original = network_heat(network, picture, preparation, outcome, method)
        correlations = []
        for part in [network.head, *(network.stage(number) for number in range(network.n_stages - 1, -1, -1))]:
            _randomise(part)
            changed = network_heat(network, picture, preparation, outcome, method)
            flat = changed.min() == changed.max() or original.min() == original.max()
            correlations.append(float("nan") if flat else float(spearmanr(original.ravel(), changed.ravel()).statistic))
    return correlations


def _randomise(part: torch.nn.Module) -> None:
    """Gaussian noise of each weight's own mean and deviation; single numbers per channel are shuffled."""
    for parameter in part.parameters():
        values = parameter.data
        if values.ndim > 1:
            values.copy_(torch.randn(values.shape).to(values) * values.std() + values.mean())
        else:
            values.copy_(values[torch.randperm(len(values)).to(values.device)])


def deletion_curve(
    classifier: DeepClassifier, picture: Picture, heat: Heat, *, outcome: int = 1, steps: int = 10
) -> NDArray[np.float64]:
    """Score of a class as the hottest pixels are blurred away, step by step (Petsiuk et al., RISE, BMVC 2018).

    Parameters
    ----------
    classifier
        Fitted.
    picture
        Shape (2, size, size).
    heat
        Shape (size, size); or any other order in which to delete, such as noise, to compare with.
    outcome
        Position of the class.
    steps
        Equal parts of the picture.

    Returns
    -------
    Shape (steps + 1,): score of the class less the mean of the others, from the whole picture to a blurred one.
    The faster it falls the better the map.
    """
    network = classifier.fitted_network()
    preparation = Preparation(classifier.mask)
    grey = picture[0].astype(np.float64)
    blurred = gaussian_filter(grey, picture.shape[-1] / 16)
    ranks = np.empty(heat.size, np.int64)
    ranks[np.argsort(-heat, axis=None, kind="stable")] = np.arange(heat.size)
    scores = []
    with one_thread():
        for step in range(steps + 1):
            gone = (ranks < heat.size * step / steps).reshape(heat.shape)
            changed = np.stack([np.where(gone, blurred, grey), picture[1]]).round().astype(np.uint8)
            scores.append(_score(network, changed, preparation, outcome))
    return np.array(scores)


def _score(network: Network, picture: Picture, preparation: Preparation, outcome: int) -> float:
    batch = preparation.run(network, [picture], 0)
    with torch.no_grad():
        return float(margin(network.classify(network.embed(batch.x, batch.mask)), outcome))
