"""Predictions, one row per patient, signature and outcome, and the thresholds learned on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.config.evaluation import EvaluationConfig
from sonoher2.core import columns as c
from sonoher2.evaluation.thresholds import threshold_at_sensitivity, threshold_at_specificity, youden_threshold
from sonoher2.study.results.outcomes import outcome_scores


def long_predictions(
    probabilities: Mapping[str, NDArray[np.float64]], labels: pd.Series, classes: tuple[str, ...], subset: str
) -> pd.DataFrame:
    """One row per patient, signature and outcome.

    Parameters
    ----------
    probabilities
        By signature, (patients, classes).
    labels
        (patients,) of 0 to K-1, index `patient_id`.
    classes
        Names of the labels.
    subset
        Name of the set.
    """
    outcomes = [1] if len(classes) == 2 else range(len(classes))
    names = np.asarray(classes, dtype=object)[labels.to_numpy()]
    rows = [
        pd.DataFrame(
            {
                c.PATIENT_ID: labels.index,
                c.SET: subset,
                c.LABEL: names,
                c.OUTCOME: classes[outcome],
                c.SIGNATURE: signature,
                c.SCORE: probability[:, outcome],
            }
        )
        for signature, probability in probabilities.items()
        for outcome in outcomes
    ]
    return pd.concat(rows, ignore_index=True)


def each_part(predictions: pd.DataFrame, by: list[str]) -> Iterable[tuple[tuple[str, ...], pd.DataFrame]]:
    """Split long predictions by some of their columns, in order of appearance."""
    return cast("Iterable[tuple[tuple[str, ...], pd.DataFrame]]", predictions.groupby(by, sort=False))


def learn_thresholds(training: pd.DataFrame, evaluation: EvaluationConfig) -> pd.DataFrame:
    """Operating threshold of each signature and outcome, from out-of-fold training scores alone.

    Returns
    -------
    `signature, outcome, threshold, rule`.
    """
    rules: dict[str, tuple[Callable[..., float], str]] = {
        "youden": (youden_threshold, "largest Youden index"),
        "sensitivity": (
            lambda y, s: threshold_at_sensitivity(y, s, evaluation.threshold_at),
            f"sensitivity at least {evaluation.threshold_at:g}",
        ),
        "specificity": (
            lambda y, s: threshold_at_specificity(y, s, evaluation.threshold_at),
            f"specificity at least {evaluation.threshold_at:g}",
        ),
    }
    learn, rule = rules[evaluation.threshold]
    return pd.DataFrame(
        [
            {
                c.SIGNATURE: signature,
                c.OUTCOME: outcome,
                c.THRESHOLD: learn(*outcome_scores(rows, outcome)),
                c.RULE: rule,
            }
            for (signature, outcome), rows in each_part(training, [c.SIGNATURE, c.OUTCOME])
        ]
    )
