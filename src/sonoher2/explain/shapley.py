"""SHAP values of classical and combined models: what each feature adds to one patient's score."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BACKGROUND = 100
"""Training patients over whom an absent feature is averaged."""


def shap_values(
    score: Callable[[pd.DataFrame], Floats],
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

    def of_rows(rows: Floats) -> Floats:
        return np.asarray(score(pd.DataFrame(rows, columns=training.columns)), np.float64)

    base = of_rows(averaged)
    # the stream of the shap library, with which this walk began: the values of older runs stay
    stream = np.random.RandomState(seed)
    evaluations = rounds * (2 * len(columns) + 1)
    found = [
        _one_patient(of_rows, row, averaged, base, evaluations, stream) for row in patients[columns].to_numpy(float)
    ]
    return pd.DataFrame(found, patients.index, training.columns, dtype=np.float64), float(base.mean())


def _one_patient(
    score: Callable[[Floats], Floats],
    patient: Floats,
    averaged: Floats,
    base: Floats,
    evaluations: int,
    stream: np.random.RandomState,
) -> Floats:
    """Give the values (features,) of one patient (features,).

    Along a permutation the patient's values replace those of the background (rows, features) one by one, and then leave
    again in the same order: each step's change of the mean score belongs to its feature.
    """
    # to the last digit: what is close for one feature may be the whole spread of another
    differs = patient != averaged
    varying = np.flatnonzero(differs.any(axis=0))
    values = np.zeros(len(patient))
    walks = evaluations // (2 * len(varying) + 1)
    for _ in range(walks if len(varying) else 0):
        stream.shuffle(varying)
        means = _walk(score, patient, averaged, base, differs, varying)
        there, back = np.diff(means).reshape(2, -1)
        values[varying] += there - back
    return values / (2 * walks)


def _walk(
    score: Callable[[Floats], Floats],
    patient: Floats,
    averaged: Floats,
    base: Floats,
    differs: NDArray[np.bool_],
    order: NDArray[np.intp],
) -> Floats:
    """Give the mean score (1 + 2 features,) before the walk and after each of its steps; equal rows are scored once."""
    rows, steps, changed = averaged.copy(), [], []
    for source in (np.broadcast_to(patient, averaged.shape), averaged):
        for feature in order:
            rows[:, feature] = source[:, feature]
            changed.append(differs[:, feature])
            steps.append(rows[changed[-1]])
    scored = np.split(score(np.concatenate(steps)), np.cumsum([len(step) for step in steps])[:-1])
    now, means = base.copy(), [base.mean()]
    for where, found in zip(changed, scored, strict=True):
        now[where] = found
        means.append(now.mean())
    return np.array(means)
