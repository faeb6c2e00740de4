"""One feature table per cohort: patients by (feature group, name), the X of every signature."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sonoher2.deep.encoder import FrozenEncoder

CLINICAL, RADIOMICS, DEEP, SITE = "clinical", "radiomics", "deep", "site"


def deep_group(network: str) -> str:
    """Name of the feature group that holds a network's embedding of the lesion."""
    return f"{DEEP} {network}"


def score_group(network: str) -> str:
    """Name of the feature group that holds the scores of a fine-tuned network."""
    return f"{DEEP} score {network}"


def network_of(group: str) -> str | None:
    """Name of the network that a feature group comes from; None for a group that comes from none."""
    kind, _, network = group.partition(" ")
    return network.removeprefix("score ") if kind == DEEP and network else None


def first_reader(group: str) -> str:
    """Name of the feature group that holds the same features from those images alone that a second reader read too."""
    return f"{group} (first reader)"


def second_reader(group: str) -> str:
    """Name of the feature group that holds the same features from the second reader's masks."""
    return f"{group} (second reader)"


def both_readers(X: pd.DataFrame, group: str, names: pd.Index) -> NDArray[np.float64] | None:
    """Features of a group from both readers' masks on the same images, (patients, 2, features); None without.

    Parameters
    ----------
    X
        Patients by (feature group, name).
    group
        Name of the feature group.
    names
        The features, in order.
    """
    readers = [first_reader(group), second_reader(group)]
    if not set(readers) <= set(X.columns.get_level_values(0)):
        return None
    return np.stack([X[reader][names].to_numpy(np.float64) for reader in readers], axis=1)


def join_feature_groups(feature_groups: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Join feature groups side by side.

    Parameters
    ----------
    feature_groups
        By name, each (patients, columns), with the same patients in its index. Empty ones are left out.

    Returns
    -------
    (patients, columns) with two-level columns (feature group, name).
    """
    return pd.concat({name: group for name, group in feature_groups.items() if group.shape[1]}, axis=1)


def network_feature_groups(network: FrozenEncoder, raw: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Blocks of one network for patients whom it has not been trained on.

    Parameters
    ----------
    network
        Frozen, or fine-tuned on other patients.
    raw
        (patients, width): the mean of `FrozenEncoder.raw_embedding` over each patient's images.
    """
    embedding, scores = network.described(raw.to_numpy(np.float64))
    return described_feature_groups(network.network, np.hstack([embedding, scores]), raw.shape[1], raw.index)


def described_feature_groups(
    network: str, described: NDArray[np.float64], width: int, index: pd.Index
) -> dict[str, pd.DataFrame]:
    """Blocks of a network's description of patients: embedding, then scores.

    Parameters
    ----------
    network
        Its name in the study file.
    described
        Shape (patients, width + scores).
    width
        Of the embedding.
    index
        The patients.
    """
    scores = described.shape[1] - width
    numbered = [f"deep_{number:04d}" for number in range(width)]
    named = ["log-odds"] if scores == 1 else [f"class {number}" for number in range(scores)]
    return {
        deep_group(network): pd.DataFrame(described[:, :width], index=index, columns=numbered),
        score_group(network): pd.DataFrame(described[:, width:], index=index, columns=named),
    }
