"""What trained networks make of each crop, each row kept by itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sonoher2.deep.crop import read_crop
from sonoher2.engine import ARRAY, ExecutionContext, Keyed, Step

if TYPE_CHECKING:
    from sonoher2.deep.encoder import FrozenEncoder


def _embed(paths: list[Path], network: FrozenEncoder) -> list[NDArray[np.float64]]:
    # networks are slow to import
    from sonoher2.deep.encoder import FrozenEncoder

    return list(FrozenEncoder.raw_embedding(network, [read_crop(path)[None] for path in paths]))


# a process builds its network anew for each chunk
EMBEDDINGS = Step("embeddings", _embed, ARRAY, "Embedding lesions", chunk=32, packed=True)


def embed_crops(crops: Sequence[Path], network: FrozenEncoder, context: ExecutionContext) -> NDArray[np.float64]:
    """Embed the lesion of every crop by a network that is trained already.

    Parameters
    ----------
    crops
        From `crop_lesions`.
    network
        Frozen, or fine-tuned on other patients.
    context
        Where it is computed and kept.

    Returns
    -------
    (crops, width), before any standardisation.
    """
    given = Keyed(network, [network.sha256, network.mask, network.mirror, network.pooling, network.size])
    rows = context.map(EMBEDDINGS, [Keyed(crop, crop.stem) for crop in crops], given)
    return np.stack(rows)
