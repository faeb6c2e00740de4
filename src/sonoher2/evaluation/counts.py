"""Patients counted by score: the form on which ROC, precision-recall and threshold figures are plain sums.

Cases and controls are counted at each distinct score, from the highest down. With the rule "positive when
score >= threshold", the cumulative sums are the true and false positives at each possible threshold. Tied patients
share a row, so no order among them is invented. A bootstrap is the same table with a leading axis of repeats.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sonoher2.evaluation.arrays import checked

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class ScoreCounts:
    """How many cases and controls have each score.

    Attributes
    ----------
    score
        (levels,), distinct scores, highest first.
    cases, controls
        (..., levels), counts; leading axes are bootstrap repeats.
    """

    score: NDArray[np.float64]
    cases: Counts
    controls: Counts

    @property
    def true_positives(self) -> Counts:
        """(..., levels), cases with at least this score."""
        return np.cumsum(self.cases, axis=-1)

    @property
    def false_positives(self) -> Counts:
        """(..., levels), controls with at least this score."""
        return np.cumsum(self.controls, axis=-1)

    @property
    def has_both_classes(self) -> bool:
        """Whether there are cases and controls."""
        return bool(self.cases.any() and self.controls.any())


def count_by_score(outcome: ArrayLike, score: ArrayLike, weight: Counts | None = None) -> ScoreCounts:
    """Count cases and controls at each distinct score.

    Parameters
    ----------
    outcome, score
        (n,), see `arrays.checked`.
    weight
        (..., n), how often each patient counts; once by default.
    """
    is_case, scores = checked(outcome, score)
    weights = np.ones(len(scores), dtype=np.int64) if weight is None else weight
    order = np.argsort(-scores, kind="stable")
    sorted_scores, sorted_cases, sorted_weights = scores[order], is_case[order], weights[..., order]
    first = np.flatnonzero(np.diff(sorted_scores, prepend=np.inf))

    def per_level(members: NDArray[np.bool_]) -> Counts:
        sums: Counts = np.add.reduceat(sorted_weights * members, first, axis=-1)
        return sums

    return ScoreCounts(sorted_scores[first], per_level(sorted_cases), per_level(~sorted_cases))


def resampling_weights(strata: NDArray[np.integer | np.bool_], repeats: int, seed: int) -> Counts:
    """How often each patient is drawn, with replacement, within each stratum.

    Parameters
    ----------
    strata
        (n,), class of each patient; every repeat has as many patients of each class as the data.
    repeats
        Number of repeats.
    seed
        Of the random draws.

    Returns
    -------
    (repeats, n).

    References
    ----------
    Efron B, Tibshirani RJ. An Introduction to the Bootstrap. Chapman & Hall 1993 (stratified: each class is a sample of
    its own, as in the two-sample problem).
    """
    rng = np.random.default_rng(seed)
    weights = np.zeros((repeats, len(strata)), dtype=np.int64)
    rows = np.arange(repeats)[:, None]
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        drawn = rng.integers(len(members), size=(repeats, len(members)))
        flat = np.bincount((rows * len(members) + drawn).ravel(), minlength=repeats * len(members))
        weights[:, members] = flat.reshape(repeats, len(members))
    return weights
