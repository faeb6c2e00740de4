"""LEAK003: whether out-of-fold scores are what their name says, as far as a finished run shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoher2.study.checks.outcome import Outcome, found, passed

Probabilities = Mapping[str, NDArray[np.float64]]

SAME = 1e-12
MOST_ALIKE = 0.5
"""Share of training patients whose out-of-fold score may equal, to the last digit, that of the model that saw them."""


@dataclass(frozen=True)
class FoldRecord:
    """What a run keeps of its outer folds.

    Attributes
    ----------
    fold
        (training patients,), fold in which each was held out.
    group
        (training patients,), patients of one group share a picture.
    out_of_fold, in_sample
        By signature, (training patients, classes): scores of models that are said not to have seen the patient, and
        of the final model, which has.
    """

    fold: NDArray[np.int64]
    group: NDArray[np.int64]
    out_of_fold: Probabilities
    in_sample: Probabilities


def fitted_in_fold(record: FoldRecord) -> Outcome:
    """LEAK003: torn groups, patients who were never held out, or scores that equal those of the final model."""
    problems = [*_torn(record), *_unscored(record), *_seen(record)]
    return found("LEAK003", "error", "; ".join(problems), "validation") if problems else passed("LEAK003")


def _torn(record: FoldRecord) -> list[str]:
    pairs = np.unique(np.column_stack([record.group, record.fold]), axis=0)
    torn = len(pairs) - len(np.unique(record.group))
    return [f"{torn} groups of patients who share a picture lie in several folds"] if torn else []


def _unscored(record: FoldRecord) -> list[str]:
    patients = len(record.fold)
    incomplete = [
        name for name, scores in record.out_of_fold.items() if len(scores) != patients or not np.isfinite(scores).all()
    ]
    problems = [f"not every training patient has an out-of-fold score of {', '.join(incomplete)}"] if incomplete else []
    if len(np.unique(record.fold)) < 2:
        problems.append("all training patients lie in one fold")
    return problems


def _seen(record: FoldRecord) -> list[str]:
    alike = {
        name: float((np.abs(scores - record.in_sample[name]).max(axis=1) < SAME).mean())
        for name, scores in record.out_of_fold.items()
        if name in record.in_sample and scores.shape == record.in_sample[name].shape
    }
    return [
        f"{share:.0%} of the out-of-fold scores of {name} are those of a model that saw the patient"
        for name, share in alike.items()
        if share > MOST_ALIKE
    ]
