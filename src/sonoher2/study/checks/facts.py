"""What is known of a study before anything is fitted: the ground of the checks that need no model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.cohort.images.check import ImageRecord
from sonoher2.cohort.patients.cohort import Cohort
from sonoher2.cohort.split import Split
from sonoher2.config.study import StudyConfig
from sonoher2.core.columns import TEST, TRAIN
from sonoher2.study.checks.outcome import Check, Outcome
from sonoher2.study.measure.checked import Checked
from sonoher2.study.results import columns as c

ONE_CLASS = "all patients looked at are of one class"
"""Why a check that tells classes apart could not look: see `Facts.of_one_class`."""


@dataclass(frozen=True)
class Facts:
    """A cohort that was read and split.

    Attributes
    ----------
    config
        The study.
    cohort
        Its patients, near-duplicates in one group.
    split
        Of its patients; in a validation all are test patients.
    records
        One for each row of `cohort.images`; none in a study without images.
    hashes
        Sha256 of every image file, by path.
    trained_on
        By network that was used, the patients whose images it was trained on.
    segmented_masks
        Paths of the masks that the segmenter drew.
    """

    config: StudyConfig
    cohort: Cohort
    split: Split
    records: Sequence[ImageRecord] = ()
    hashes: Mapping[str, str] | None = None
    trained_on: Mapping[str, frozenset[str]] = field(default_factory=dict)
    segmented_masks: frozenset[str] = frozenset()

    @property
    def sets(self) -> pd.Series:
        """Set of each patient, (patients,), in the order of the cohort."""
        return self.split.sets.reindex(self.cohort.patients.index)

    @property
    def both_sides(self) -> bool:
        """Whether there are training and test patients."""
        return {TRAIN, TEST} <= set(self.split.sets)

    @property
    def looked_at(self) -> NDArray[np.bool_]:
        """Patients whose labels the checks may use, (patients,): training patients; in a validation everyone."""
        training = (self.sets == TRAIN).to_numpy()
        return training if training.any() else np.ones(len(training), dtype=np.bool_)

    @property
    def of_one_class(self) -> bool:
        """Whether all patients whose labels the checks may use are of one class: then nothing can tell them apart."""
        return self.cohort.patients[c.LABEL][self.looked_at].nunique() < 2


@dataclass(frozen=True)
class FactsCheck(Check):
    """A check that needs no model.

    Attributes
    ----------
    look
        Judges a cohort that was read and split.
    """

    look: Callable[[Facts], Outcome]


def facts_of(checked: Checked, split: Split) -> Facts:
    """Gather what the coded checks look at.

    Parameters
    ----------
    checked
        The cohort, every file opened.
    split
        Of its patients.
    """
    segmented = checked.segmented
    drawn = frozenset(map(str, segmented[c.MASK])) if len(segmented) else frozenset[str]()
    cohort, study = checked.cohort, checked.study
    return Facts(study, cohort, split, checked.records, checked.hashes, checked.trained_on, drawn)


def whole_split(cohort: Cohort) -> Split:
    """Split of a validation: everyone is a test patient."""
    return Split(pd.Series(TEST, index=cohort.patients.index, name=c.SET, dtype=object), {})
