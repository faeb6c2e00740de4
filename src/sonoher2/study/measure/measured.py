"""What is known of each patient of a study before anything is learned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from sonoher2.cohort.patients.cohort import Cohort
from sonoher2.core.errors import Finding

if TYPE_CHECKING:
    from sonoher2.deep.encoder import FrozenEncoder


@dataclass(frozen=True)
class Measured:
    """What is known of each patient before anything is learned.

    Attributes
    ----------
    cohort
        Who.
    features
        (images, features), index as `cohort.images`.
    feature_table
        (patients, columns), two-level columns (feature group, name): the X of every signature, index as
        `cohort.patients`.
    findings
        What was noticed while measuring.
    crops
        `patient_id, crop` (path of the lesion's crop), index as `cohort.images`; empty without networks.
    networks
        Networks that give the deep feature groups of new patients.
    by_fold
        See `TrainingSet.by_fold`.
    """

    cohort: Cohort
    features: pd.DataFrame
    feature_table: pd.DataFrame
    findings: tuple[Finding, ...] = ()
    crops: pd.DataFrame = field(default_factory=pd.DataFrame)
    networks: Sequence[FrozenEncoder] = ()
    by_fold: tuple[pd.DataFrame, ...] = ()
