"""Site effects taken out of the feature table, and folds that leave one site out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sonoher2.core.errors import InputError
from sonoher2.selection.harmonise import SiteHarmoniser
from sonoher2.signatures.feature_table import RADIOMICS, SITE, first_reader, second_reader


def fit_harmoniser(harmoniser: SiteHarmoniser, X: pd.DataFrame) -> SiteHarmoniser:
    """Learn the sites' effects on the radiomic features of a feature table of training patients."""
    return harmoniser.fit(X[RADIOMICS], X[SITE, SITE])


def harmonised(harmoniser: SiteHarmoniser | None, X: pd.DataFrame) -> pd.DataFrame:
    """Feature table with harmonised radiomics; as it is without a harmoniser, a site or radiomics.

    Parameters
    ----------
    harmoniser
        Fitted, or None.
    X
        Patients by (feature group, name); the site of each patient in the feature group `SITE`.
    """
    present = set(X.columns.get_level_values(0))
    if harmoniser is None or not {RADIOMICS, SITE} <= present:
        return X
    moved = X.copy()
    for group in {RADIOMICS, first_reader(RADIOMICS), second_reader(RADIOMICS)} & present:
        # a reader's features need not have the order of the others
        names = X[RADIOMICS].columns
        columns = pd.MultiIndex.from_product([[group], names])
        moved[columns] = harmoniser.transform(X[group][names], X[SITE, SITE])
    return moved


def site_folds(sites: Sequence[str | None], y: ArrayLike, groups: ArrayLike) -> NDArray[np.int64]:
    """Fold of each patient, one fold for each site: leave-one-site-out.

    Patients who share a picture are held out together, with the site of the first of them.

    Parameters
    ----------
    sites
        (patients,), names.
    y, groups
        (patients,), classes and groups.

    Returns
    -------
    (patients,), 0 to sites-1.

    Raises
    ------
    InputError
        A patient has no site, there is one site only, or without some site a class has no patient.
    """
    names = pd.Series(list(sites), dtype=object)
    where, fix = "validation.by", "Use `by: random`"
    if names.isna().any():
        raise InputError(f"{int(names.isna().sum())} training patients have no site", where=where, fix=fix)
    first = names.groupby(np.asarray(groups)).transform("first")
    found, folds = np.unique(first.astype(str), return_inverse=True)
    if len(found) < 2:
        raise InputError("the training patients are of one site", where=where, fix=fix)
    labels = np.asarray(y)
    for number, site in enumerate(found):
        if len(np.unique(labels[folds != number])) < len(np.unique(labels)):
            raise InputError(f"without {site} a class has no training patient", where=where, fix=fix)
    return folds.astype(np.int64)
