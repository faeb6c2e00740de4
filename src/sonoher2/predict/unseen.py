"""Categories that no training patient had: the model would count them as none of its levels, in silence."""

from __future__ import annotations

import pandas as pd

from sonoher2.bundle.training import LevelSummary, TrainingSummary
from sonoher2.core.errors import Finding

_SHOWN = 10


def unseen_categories(training: TrainingSummary, values: pd.DataFrame, where: str) -> list[Finding]:
    """Compare the categories of new patients with those of the training patients.

    Parameters
    ----------
    training
        Of the bundle.
    values
        (patients, clinical columns), typed as in `Cohort.patients`; other columns are not looked at.
    where
        How the columns were given, for messages.

    Returns
    -------
    A warning for each column in which some patients have a category that no training patient had, and an error where
    no patient has one that a training patient had.
    """
    findings = []
    for name, known in training.clinical.items():
        if not isinstance(known, LevelSummary) or name not in values or not known.shares:
            continue
        given = values[name].dropna().astype(str)
        new = given[~given.isin(list(known.shares))]
        if len(new):
            findings.append(_finding(f"{where}{name}", given, new, list(known.shares)))
    return findings


def _finding(where: str, given: pd.Series, new: pd.Series, known: list[str]) -> Finding:
    names = ", ".join(sorted(set(new))[:_SHOWN])
    if len(new) == len(given):
        what = f"no value was seen in training: {names}"
    else:
        what = f"{len(new)} of {len(given)} patients have a value that was not seen in training: {names}"
    fix = f"Values in training: {', '.join(known[:_SHOWN])}. Write the values alike, or leave the column out"
    return Finding("error" if len(new) == len(given) else "warning", what, where, fix)
