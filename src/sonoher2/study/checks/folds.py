"""LEAK003: whether out-of-fold scores are what their name says, as far as a finished run shows it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoher2.study.checks.finished import NO_TRAINING, Finished, FoldRecord, ResultCheck
from sonoher2.study.checks.outcome import Outcome

SAME = 1e-12
MOST_ALIKE = 0.5
"""Share of training patients whose out-of-fold score may equal, to the last digit, that of the model that saw them."""


def fitted_in_fold(finished: Finished) -> Outcome:
    """LEAK003: torn groups, patients who were never held out, or scores that equal those of the final model."""
    record = finished.folds
    if record is None:
        return LEAK003.skipped(NO_TRAINING)
    problems = [*_torn(record), *_unscored(record), *_seen(record)]
    return LEAK003.found("error", "; ".join(problems), "validation") if problems else LEAK003.passed()


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
        name: _share_alike(scores, record.in_sample[name])
        for name, scores in record.out_of_fold.items()
        if name in record.in_sample and scores.shape == record.in_sample[name].shape
    }
    return [
        f"{share:.0%} of the out-of-fold scores of {name} are those of a model that saw the patient"
        for name, share in alike.items()
        if share > MOST_ALIKE
    ]


def _share_alike(out_of_fold: NDArray[np.float64], in_sample: NDArray[np.float64]) -> float:
    """Share of patients with the same score from both, (patients, classes), among those who say something.

    The commonest score says nothing: a model that has learned nothing gives everybody the prevalence, and in stratified
    folds that may be the same to the last digit.
    """
    _, which, counts = np.unique(in_sample, axis=0, return_inverse=True, return_counts=True)
    telling = which.ravel() != counts.argmax() if counts.max() > 1 else np.ones(len(in_sample), dtype=bool)
    if not telling.any():
        return 0.0
    return float((np.abs(out_of_fold - in_sample).max(axis=1) < SAME)[telling].mean())


LEAK003 = ResultCheck(
    "LEAK003",
    "A step fitted outside the fold",
    "Believe none of its figures before it is mended",
    fitted_in_fold,
)
