"""What fine-tuned networks say of all patients of a study, as part of the feature table."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.core import columns as c
from sonoher2.engine import ExecutionContext
from sonoher2.signatures.feature_table import join_feature_groups
from sonoher2.study.fit.networks import fit_networks
from sonoher2.study.fit.scoring import training_set
from sonoher2.study.measure.deep_features import deep_feature_groups
from sonoher2.study.measure.measured import Measured

if TYPE_CHECKING:
    from sonoher2.config.study import StudyConfig


def with_tuned_networks(
    measured: Measured, in_training: NDArray[np.bool_], study: StudyConfig, context: ExecutionContext
) -> Measured:
    """Fine-tune the networks of a study and add what they say: of training patients out of fold, of others as new ones.

    A study without networks, or with frozen ones, is given back as it is.

    Parameters
    ----------
    measured
        The cohort.
    in_training
        (patients,), True for a training patient.
    study, context
        Settings; where it is computed and kept.
    """
    deep = study.networks
    if study.images is None or deep is None or deep.training == "frozen":
        return measured
    from sonoher2.deep.lesion import starting_points

    trained = set(measured.feature_table.index[in_training])
    crops, seen = measured.crops, measured.crops[c.PATIENT_ID].isin(trained)
    training, start = training_set(measured, in_training), starting_points(deep)
    tuned = fit_networks(crops[seen], training, study, deep, start, context)
    others = join_feature_groups(deep_feature_groups(crops[~seen], tuned.final, context))
    described = pd.concat([tuned.training, others]).loc[measured.feature_table.index]
    feature_table = pd.concat([measured.feature_table, described], axis=1)
    return replace(measured, feature_table=feature_table, networks=tuned.final, by_fold=tuned.by_fold)
