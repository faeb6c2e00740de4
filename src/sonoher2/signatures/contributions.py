"""What clinical columns and other signatures add to the log-odds of a logistic signature, stacks opened up."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sonoher2.signatures.logistic import LogisticSignature
from sonoher2.signatures.protocol import Contrast
from sonoher2.signatures.set import SignatureSet
from sonoher2.signatures.stacking import SCORES, score_names


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
        An additive signature.
    X
        Patients by (feature group, name), with the scores of all signatures: see `stacking.with_scores`.
    centre
        Mean of each encoded clinical column over the training patients.
    contrast
        What of the classes.

    Returns
    -------
    (patients, parts): clinical columns, then signatures.

    Raises
    ------
    ValueError
        The signature's log-odds are no sum.
    """
    signature = _logistic(model, name)
    encoder = signature.encoder_
    weights = pd.Series(signature.weights(contrast), index=encoder.get_feature_names_out())
    found = signature.contributions(X, contrast)[list(signature.kinds)]
    for variable in signature.kinds:
        own = encoder.columns_of(variable)
        found[variable] -= float(weights[own].to_numpy() @ centre[own].to_numpy())
    for part in signature.scores:
        columns = score_names(part, len(signature.classes_))
        slopes = np.array([weights[column] / encoder.scale_[column] for column in columns])
        if model.fitted_[part].additive:
            # its columns are the classes' log-probabilities less the first one's
            inside = part_contributions(model, part, X, centre, np.append(-slopes.sum(), slopes))
        else:
            shift = X[SCORES][columns].to_numpy(np.float64) - [encoder.mean_[column] for column in columns]
            inside = pd.DataFrame({part: shift @ slopes}, index=X.index)
        found = pd.concat([found, inside], axis=1).T.groupby(level=0, sort=False).sum().T
    return found


def _logistic(model: SignatureSet, name: str) -> LogisticSignature:
    signature = model.fitted_[name]
    if not isinstance(signature, LogisticSignature):
        raise ValueError(f"the log-odds of {name} are no sum over its variables")
    return signature
