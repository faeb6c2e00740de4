"""What stacked signatures share: the table of clinical columns and of other signatures' scores."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.config.base import Kind
from sonoher2.signatures.feature_table import CLINICAL

SCORES = "scores"
"""Feature group that holds the log-odds of the signatures fitted before."""


def score_names(signature: str, n_classes: int) -> list[str]:
    """Names of a signature's columns in the feature group `SCORES`: one for two classes, else K-1."""
    base = f"{signature} score"
    return [base] if n_classes == 2 else [f"{base} {number}" for number in range(1, n_classes)]


def score_table(signature: str, probability: NDArray[np.float64], index: pd.Index) -> pd.DataFrame:
    """Log-odds of each class against the first, as columns of the feature group `SCORES`.

    Parameters
    ----------
    signature
        Name of the signature.
    probability
        Shape (patients, K).
    index
        The patients.
    """
    logs = np.log(np.clip(probability, 1e-6, 1.0))
    columns = pd.MultiIndex.from_product([[SCORES], score_names(signature, probability.shape[1])])
    return pd.DataFrame(logs[:, 1:] - logs[:, [0]], index=index, columns=columns)


def own_groups(kinds: Mapping[str, Kind]) -> tuple[str, ...]:
    """Feature groups that a stack reads besides the scores: the clinical one, if it has such columns."""
    return (CLINICAL,) if kinds else ()


def stack_kinds(kinds: dict[str, Kind], scores: tuple[str, ...], n_classes: int) -> dict[str, Kind]:
    """Kind of every column of `stack_table`: clinical columns, then scores, which are numbers."""
    return kinds | dict.fromkeys([column for name in scores for column in score_names(name, n_classes)], "number")


def stack_table(X: pd.DataFrame, kinds: dict[str, Kind], scores: tuple[str, ...]) -> pd.DataFrame:
    """Clinical columns and scores of the feature table under one-level names."""
    parts = [X[CLINICAL]] if kinds else []
    if scores:
        parts.append(X[SCORES])
    return pd.concat(parts, axis=1)


def with_scores(X: pd.DataFrame, probabilities: Mapping[str, NDArray[np.float64]]) -> pd.DataFrame:
    """Add the log-odds of signatures to the feature table.

    Parameters
    ----------
    X
        Patients by (feature group, name).
    probabilities
        By signature, (patients, K).
    """
    return pd.concat([X, *(score_table(name, found, X.index) for name, found in probabilities.items())], axis=1)
