"""What the network of a model looks at: heat maps of the Deep signature, for studies and for single patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sonoher2.signatures.registry import DEEP_SIGNATURE
from sonoher2.signatures.set import SignatureSet

if TYPE_CHECKING:
    from sonoher2.deep.crop import Crop
    from sonoher2.deep.encoder import FrozenEncoder
    from sonoher2.explain.explained import Explained


@dataclass(frozen=True)
class HeatMap:
    """What the network saw of one lesion, and where it speaks for a class.

    Attributes
    ----------
    grey
        Shape (size, size), 0 to 255.
    lesion
        Shape (size, size), true inside.
    heat
        Shape (size, size), 0 to 1; all 0 when nothing speaks for the class.
    """

    grey: NDArray[np.uint8]
    lesion: NDArray[np.bool_]
    heat: NDArray[np.float64]


def explained_network(model: SignatureSet, networks: Sequence[FrozenEncoder], outcome: int) -> Explained | None:
    """Join the network of the Deep signature to what that signature makes of its embedding.

    Parameters
    ----------
    model
        Fitted.
    networks
        Of the study or the bundle.
    outcome
        Position of the class that is explained.

    Returns
    -------
    None for a model without deep features.
    """
    signature = model.fitted_.get(DEEP_SIGNATURE)
    if signature is None or not networks:
        return None
    # networks are slow to import, and most commands need none
    from sonoher2.deep.classifier import DeepClassifier
    from sonoher2.deep.embedding import DeepEmbedding
    from sonoher2.explain.explained import Explained

    calibrator, search = signature.network_calibrator, signature.feature_model
    for network in networks:
        if network.network != signature.network:
            continue
        if calibrator is not None and isinstance(network, DeepClassifier):
            return Explained.of_classifier(network, outcome, calibrator)
        if search is not None and isinstance(network, DeepEmbedding):
            return Explained.of_search(network, search, outcome)
    return None


def heat_maps(explained: Explained, crops: Sequence[Crop]) -> list[HeatMap]:
    """Heat maps of all crops of one patient, each beside the patient's others.

    Parameters
    ----------
    explained
        From `explained_network`.
    crops
        Shape (2, size, size) each.
    """
    from sonoher2.explain.gradcam import heat_map

    alone = explained_each(explained, crops)
    return [HeatMap(crop[0], crop[1] >= 128, heat_map(one, crop)) for one, crop in zip(alone, crops, strict=True)]


def explained_each(explained: Explained, crops: Sequence[Crop]) -> list[Explained]:
    """Explain each crop of a patient, the others left as they are."""
    if len(crops) == 1:
        return [explained]
    embeddings = np.stack([explained.embed(crop) for crop in crops])
    return [explained.beside(np.delete(embeddings, number, axis=0)) for number in range(len(crops))]
