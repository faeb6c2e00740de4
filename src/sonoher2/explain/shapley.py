"""SHAP values of classical and combined models: what each feature adds to one patient's score."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

with warnings.catch_warnings():
    # its plots, which are not used here, call what matplotlib is about to drop
    warnings.simplefilter("ignore", PendingDeprecationWarning)
    import shap

BACKGROUND = 100
"""Training patients over whom an absent feature is averaged."""


def shap_values(
    score: Callable[[pd.DataFrame], NDArray[np.float64]],
    training: pd.DataFrame,
    patients: pd.DataFrame,
    *,
    seed: int = 0,
    rounds: int = 10,
    background: int = BACKGROUND,
) -> tuple[pd.DataFrame, float]:
    """Shapley values by sampled permutations, for any model (Štrumbelj and Kononenko 2014; Lundberg and Lee 2017).

    They add up: base plus a patient's values is the patient's score.

    Parameters
    ----------
    score
        From features (patients, features) to one number per patient: log-odds, or a probability.
    training
        Shape (training patients, features): what an absent feature is averaged over.
    patients
        Shape (patients, features), same columns.
    seed
        Of the permutations and of the choice of training patients.
    rounds
        Permutations per patient, each walked there and back.
    background
        At most this many training patients, drawn at random.

    Returns
    -------
    Values (patients, features), index and columns as in `patients`; and the base, the mean score of the background.
    """
    columns = list(training.columns)
    averaged = training.sample(min(background, len(training)), random_state=seed).to_numpy(np.float64)

    def of_array(rows: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(score(pd.DataFrame(rows, columns=training.columns)), np.float64)

    masker = shap.maskers.Independent(averaged, max_samples=len(averaged))
    explainer = shap.explainers.Permutation(of_array, masker, seed=seed)
    evaluations = rounds * (2 * len(columns) + 1)
    found = explainer(patients[columns].to_numpy(np.float64), max_evals=evaluations, silent=True)
    values = pd.DataFrame(found.values, index=patients.index, columns=training.columns)
    return values, float(np.mean(of_array(averaged)))
