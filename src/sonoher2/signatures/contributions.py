"""What each variable and each part adds to the log-odds of a logistic signature, and its points on the nomogram."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.signatures.build import SignatureSet
from sonoher2.signatures.feature_table import CLINICAL
from sonoher2.signatures.logistic import LogisticSignature
from sonoher2.signatures.nomogram import points_scale
from sonoher2.signatures.stacking import SCORES, score_names

Contrast = NDArray[np.float64]
"""Weights (K,) of the classes' log-probabilities, of sum 0."""


def outcome_contrast(n_classes: int, outcome: int) -> Contrast:
    """Log-probability of a class less the mean of the others': the log-odds when there are two."""
    contrast = np.full(n_classes, -1 / (n_classes - 1))
    contrast[outcome] = 1.0
    return contrast


def term_log_odds(signature: LogisticSignature, X: pd.DataFrame, contrast: Contrast) -> pd.DataFrame:
    """Log-odds that each variable adds, as `LogisticSignature.terms` counts them.

    Parameters
    ----------
    signature
        Fitted.
    X
        Patients by (block, name), with the scores that it stacks on.
    contrast
        What of the classes.

    Returns
    -------
    (patients, variables).
    """
    encoder, weights = signature.encoder_, _weights(signature, contrast)
    names, terms, start = list(encoder.kinds), {}, 0
    for name in names:
        encoded = encoder.encode(name, X[CLINICAL if name in signature.kinds else SCORES, name])
        terms[name] = encoded @ weights[start : start + encoded.shape[1]]
        start += encoded.shape[1]
    return pd.DataFrame(terms, index=X.index)


def nomogram_points(signature: LogisticSignature, X: pd.DataFrame) -> pd.DataFrame:
    """Points of each patient on the signature's nomogram; values that are missing count as the model counts them.

    Parameters
    ----------
    signature
        Fitted, of two classes.
    X
        Patients by (block, name), with the scores that it stacks on.

    Returns
    -------
    (patients, variables).
    """
    lows, per_point = points_scale(signature.terms())
    return (term_log_odds(signature, X, outcome_contrast(2, 1)) - lows) / per_point


def part_contributions(
    model: SignatureSet, name: str, X: pd.DataFrame, centre: pd.Series, contrast: Contrast
) -> pd.DataFrame:
    """Add up what clinical columns and other signatures bring to a log-odds, against the mean training patient.

    Logistic signatures that it stacks on are opened up in turn. The log-odds are linear in all of them, so that these
    are the Shapley values of the parts (Štrumbelj and Kononenko, Knowl Inf Syst 2014, 41:647-665): with a constant
    they add up to the log-odds.

    Parameters
    ----------
    model
        Fitted.
    name
        A logistic signature.
    X
        Patients by (block, name), with the scores of all signatures: see `stack.with_scores`.
    centre
        Mean of each encoded clinical column over the training patients.
    contrast
        What of the classes.

    Returns
    -------
    (patients, parts): clinical columns, then signatures.
    """
    signature = model.fitted_[name]
    encoder = signature.encoder_
    weights = pd.Series(_weights(signature, contrast), index=encoder.get_feature_names_out())
    found = term_log_odds(signature, X, contrast)[list(signature.kinds)]
    for variable in signature.kinds:
        own = [column for column in weights.index if column == variable or column.startswith(f"{variable}=")]
        found[variable] -= float(weights[own].to_numpy() @ centre[own].to_numpy())
    for part in signature.scores:
        columns = score_names(part, len(signature.classes_))
        slopes = np.array([weights[column] / encoder.scale_[column] for column in columns])
        if isinstance(model.fitted_[part], LogisticSignature):
            # its columns are the classes' log-probabilities less the first one's
            inside = part_contributions(model, part, X, centre, np.append(-slopes.sum(), slopes))
        else:
            shift = X[SCORES][columns].to_numpy(np.float64) - [encoder.mean_[column] for column in columns]
            inside = pd.DataFrame({part: shift @ slopes}, index=X.index)
        found = pd.concat([found, inside], axis=1).T.groupby(level=0, sort=False).sum().T
    return found


def _weights(signature: LogisticSignature, contrast: Contrast) -> NDArray[np.float64]:
    """Log-odds per unit of each encoded column, for a contrast of classes."""
    coefficients = signature.model_.coef_
    return np.asarray(coefficients[0] * contrast[1] if len(coefficients) == 1 else contrast @ coefficients)
