"""What is known of a study at its end: the ground of the checks of a finished result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sonoher2.study.checks.outcome import Check, Outcome
from sonoher2.study.checks.shortcuts import Shortcuts
from sonoher2.study.results.parts import StudyResult

Probabilities = Mapping[str, NDArray[np.float64]]

NO_TRAINING = "there are no training patients"
"""Why a check that looks at training scores could not look at a validation."""


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


@dataclass(frozen=True)
class Finished:
    """A study or a validation at its end.

    Attributes
    ----------
    result
        What was found.
    shortcuts
        The shortcut tests of its cohort.
    folds
        The outer folds; None in a validation, where nothing was fitted.
    """

    result: StudyResult
    shortcuts: Shortcuts = field(default_factory=Shortcuts)
    folds: FoldRecord | None = None


@dataclass(frozen=True)
class ResultCheck(Check):
    """A check of a finished study.

    Attributes
    ----------
    look
        Judges it.
    """

    look: Callable[[Finished], Outcome]
