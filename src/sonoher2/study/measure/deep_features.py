"""The feature groups that trained networks give for each patient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from sonoher2.core import columns as c
from sonoher2.engine import ExecutionContext
from sonoher2.radiomics.lesion import pool_patients
from sonoher2.signatures.feature_table import network_feature_groups
from sonoher2.study.measure.embeddings import embed_crops

if TYPE_CHECKING:
    from sonoher2.deep.encoder import FrozenEncoder


def deep_feature_groups(
    crops: pd.DataFrame, networks: Sequence[FrozenEncoder], context: ExecutionContext
) -> dict[str, pd.DataFrame]:
    """Feature groups that networks give for patients whom they were not trained on.

    Parameters
    ----------
    crops
        `patient_id, crop` (path), one row per image.
    networks
        Frozen, or fine-tuned on other patients.
    context
        Where it is computed and kept.
    """

    def groups_of(network: FrozenEncoder) -> dict[str, pd.DataFrame]:
        raw = pd.DataFrame(embed_crops(list(crops[c.CROP]), network, context), index=crops.index)
        return network_feature_groups(network, pool_patients(raw, crops[c.PATIENT_ID]))

    feature_groups: dict[str, pd.DataFrame] = {}
    # `map` lets go of a network before it takes the next one
    for found in map(groups_of, networks):
        feature_groups |= found
    return feature_groups
