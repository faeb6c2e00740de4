"""Whether discrimination holds in parts of the cohort."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sonoher2.evaluation.arrays import checked
from sonoher2.evaluation.discrimination import auc_delong
from sonoher2.evaluation.estimate import UNDEFINED, Estimate


@dataclass(frozen=True)
class Subgroup:
    """Discrimination in one part of the cohort.

    Attributes
    ----------
    level
        What its patients have in common.
    n, events
        Patients, and cases among them.
    auc
        With DeLong's interval; NaN where cases or controls are too few.
    """

    level: str
    n: int
    events: int
    auc: Estimate


def auc_by_subgroup(
    outcome: ArrayLike, score: ArrayLike, group: ArrayLike, *, minimum: int = 5, confidence: float = 0.95
) -> list[Subgroup]:
    """AUC within each level of a grouping.

    An interval tells more than a comparison of p values: subgroups are small and their differences mostly chance.

    Parameters
    ----------
    outcome, score
        (n,).
    group
        (n,), level of each patient; patients without one (None or NaN) are left out.
    minimum
        Cases and controls that a level must have, each, for its AUC to be reported.
    confidence
        Level of the interval.

    Returns
    -------
    One per level, in the levels' alphabetical order.

    References
    ----------
    Reporting by subgroup: TRIPOD+AI, Collins GS et al. BMJ 2024, 385:e078378.
    """
    is_case, scores = checked(outcome, score)
    known = ~pd.isna(np.asarray(group, dtype=object))
    names = np.asarray(group).astype(str)
    levels = np.unique(names[known])
    return [_subgroup(str(level), known & (names == level), is_case, scores, minimum, confidence) for level in levels]


def _subgroup(
    level: str,
    members: NDArray[np.bool_],
    is_case: NDArray[np.bool_],
    scores: NDArray[np.float64],
    minimum: int,
    confidence: float,
) -> Subgroup:
    n, events = int(members.sum()), int(is_case[members].sum())
    enough = min(events, n - events) >= max(minimum, 1)
    auc = auc_delong(is_case[members], scores[members], confidence) if enough else UNDEFINED
    return Subgroup(level, n, events, auc)
