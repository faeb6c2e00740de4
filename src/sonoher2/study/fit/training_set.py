"""The training patients of a study and the folds in which they are held out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.classifiers.folds import fold_numbers
from sonoher2.engine import Keyed
from sonoher2.signatures.sites import site_folds

if TYPE_CHECKING:
    from sonoher2.config.study import StudyConfig


@dataclass(frozen=True)
class TrainingSet:
    """The training patients, and nobody else: what every `fit` of a study sees.

    Attributes
    ----------
    X
        (patients, columns), two-level columns (feature group, name).
    y
        (patients,) labels.
    groups
        (patients,) groups of patients that stay in one fold.
    by_fold
        For each outer fold the columns of X that are others there: what fine-tuned networks say of each patient that
        saw neither the patient nor the outer fold. None without such networks.
    sites
        (patients,), where the cohort has sites.
    """

    X: pd.DataFrame
    y: NDArray[np.int64]
    groups: NDArray[np.int64]
    by_fold: tuple[pd.DataFrame, ...] = ()
    sites: tuple[str | None, ...] = ()

    def in_fold(self, fold: int) -> TrainingSet:
        """Training patients as the signatures of an outer fold may see them."""
        if not self.by_fold:
            return self
        own = self.by_fold[fold]
        return TrainingSet(pd.concat([self.X.drop(columns=own.columns), own], axis=1), self.y, self.groups)

    def keyed(self, held_out: NDArray[np.bool_] | None) -> Keyed[tuple[TrainingSet, NDArray[np.bool_] | None]]:
        """Give the patients to a step, and which of them are held out, (patients,); None for nobody."""
        return Keyed((self, held_out), [self.X, self.y, self.groups, held_out])


def training_folds(training: TrainingSet, study: StudyConfig) -> NDArray[np.int64]:
    """Outer fold in which each training patient is held out, (patients,)."""
    if study.validation.by == "site":
        return site_folds(training.sites, training.y, training.groups)
    return fold_numbers(training.y, training.groups, study.validation.outer_folds, study.seed)
