"""From measured patients to what is fitted, and from what is fitted to scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.core.columns import TEST, TRAIN_OOF
from sonoher2.engine import ExecutionContext
from sonoher2.signatures.feature_table import RADIOMICS
from sonoher2.signatures.registry import REGISTRY, build_signatures
from sonoher2.study.fit.signatures import Fitted, fit_signatures
from sonoher2.study.fit.training_set import TrainingSet
from sonoher2.study.measure.measured import Measured
from sonoher2.study.results import columns as c
from sonoher2.study.results.predictions import long_predictions

if TYPE_CHECKING:
    from sonoher2.config.study import StudyConfig


def training_set(measured: Measured, in_training: NDArray[np.bool_]) -> TrainingSet:
    """Take the training patients out of a measured cohort; nothing that is fitted sees more than this."""
    patients = measured.cohort.patients[in_training]
    return TrainingSet(
        measured.feature_table[in_training],
        patients[c.LABEL].to_numpy(np.int64),
        patients[c.GROUP].to_numpy(np.int64),
        measured.by_fold,
        tuple(patients[c.SITE]) if c.SITE in patients else (),
    )


def fit_measured(
    measured: Measured, in_training: NDArray[np.bool_], study: StudyConfig, context: ExecutionContext
) -> Fitted:
    """Fit a study's signatures on its training patients; for a comparison of models, all of these score the others."""
    signatures = build_signatures(study, measured.cohort.clinical, RADIOMICS in measured.feature_table.columns)
    others = measured.feature_table[~in_training] if study.comparison else None
    return fit_signatures(signatures, training_set(measured, in_training), study, context, others)


def score_patients(measured: Measured, fitted: Fitted, in_training: NDArray[np.bool_]) -> pd.DataFrame:
    """Score training patients out of fold, test patients by the final model."""
    labels, classes = measured.cohort.patients[c.LABEL], measured.cohort.classes
    tested = fitted.model.predict_proba(measured.feature_table[~in_training])
    return pd.concat(
        [
            long_predictions(fitted.oof, labels[in_training], classes, TRAIN_OOF),
            long_predictions(tested, labels[~in_training], classes, TEST),
        ],
        ignore_index=True,
    )


def score_models(measured: Measured, fitted: Fitted, in_training: NDArray[np.bool_]) -> pd.DataFrame:
    """Score training and test patients by every model and network that the signatures chose among.

    Returns
    -------
    As `score_patients`, with `family` and `model`; ``family: model`` is the name in the column of signatures. Empty
    without a comparison.
    """
    labels, classes = measured.cohort.patients[c.LABEL], measured.cohort.classes
    tables = [
        long_predictions({f"{family}: {model}": score}, labels[rows], classes, subset)
        .assign(**{c.FAMILY: family})
        .assign(**{c.MODEL: model})
        for subset, found, rows in (
            (TRAIN_OOF, fitted.compared_oof, in_training),
            (TEST, fitted.compared, ~in_training),
        )
        for (signature, model), score in found.items()
        for family in [REGISTRY[signature].family]
    ]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
