"""Site effects taken out of the features: ComBat, fitted on training patients, towards a reference site."""

from __future__ import annotations

import warnings
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from sonoher2.core.errors import InputError
from sonoher2.selection.prepare import MedianZScore

Floats = NDArray[np.float64]

FEWEST = 5
"""Training patients that a site needs for its own mean and spread; smaller sites stay as they are."""


class SiteHarmoniser(BaseEstimator):  # type: ignore[misc]
    """Shifts and scales each feature of each site so that it is distributed as at the reference site.

    ComBat with a reference batch, by combatlearn: each site's mean and spread are shrunk towards what the site's
    features have in common (empirical Bayes). The outcome has no part in it. For one site ComBat is a shift and a
    scale of each feature; these are what is kept, so that a frozen model needs no further package.

    Sites that are unknown, or had fewer than `FEWEST` training patients, stay as they are: to take out a site's effect
    one must have seen the site. Where the sites differ in their share of cases, part of what tells cases from controls
    is taken out with the site.

    Parameters
    ----------
    reference
        The site that stays as it is.

    Attributes
    ----------
    sites_
        Shape (sites,), names of the harmonised sites.
    scale_, shift_
        Shape (sites, features): harmonised value = scale * value + shift.

    References
    ----------
    Johnson WE, Li C, Rabinovic A. Biostatistics 2007, 8:118-127. Fortin JP et al. NeuroImage 2018, 167:104-120.
    Da-Ano R et al. Sci Rep 2020, 10:10248 (radiomics, reference site).
    """

    def __init__(self, reference: str) -> None:
        self.reference = reference

    def fit(self, X: ArrayLike, site: ArrayLike) -> Self:
        """Learn shift and scale of each site.

        Parameters
        ----------
        X
            Shape (patients, features), NaN where missing.
        site
            Shape (patients,), names; None where unknown.

        Raises
        ------
        InputError
            The reference site has too few patients, or the package combatlearn is not installed.
        """
        values, names = np.asarray(X, dtype=np.float64), np.asarray(site, dtype=object)
        counts = pd.Series(names).value_counts()
        self.sites_ = np.array(sorted(str(name) for name in counts.index[counts >= FEWEST]), dtype=object)
        if self.reference not in self.sites_:
            raise InputError(
                f"the reference site '{self.reference}' has fewer than {FEWEST} training patients",
                where="harmonise.reference",
                fix=f"Name one of: {', '.join(self.sites_) or 'none is large enough'}",
            )
        self.scale_ = np.ones((len(self.sites_), values.shape[1]))
        self.shift_ = np.zeros_like(self.scale_)
        rows = np.isin(names, self.sites_)
        scaler = MedianZScore().fit(values[rows])
        scaled = scaler.transform(values[rows])
        varies = np.all([scaled[names[rows] == name].std(axis=0) > 1e-8 for name in self.sites_], axis=0)
        if len(self.sites_) > 1 and varies.any():
            slope, offset = _combat(scaled[:, varies], names[rows], self.sites_, self.reference)
            # from the z-score's scale back to the features' own
            mean, spread = scaler.mean_[varies], scaler.scale_[varies]
            self.scale_[:, varies] = slope
            self.shift_[:, varies] = mean + spread * offset - slope * mean
        return self

    def transform(self, X: ArrayLike, site: ArrayLike) -> Floats:
        """Harmonised features, shape (patients, features); patients of unknown sites as they are."""
        check_is_fitted(self)
        values, names = np.array(X, dtype=np.float64), np.asarray(site, dtype=object)
        for name, scale, shift in zip(self.sites_, self.scale_, self.shift_, strict=True):
            rows = names == name
            values[rows] = values[rows] * scale + shift
        return values


def _combat(
    values: Floats, site: NDArray[np.object_], sites: NDArray[np.object_], reference: str
) -> tuple[Floats, Floats]:
    """Slope and offset (sites, features) of ComBat on standardised features, read off at the values 0 and 1."""
    combat_class = _combat_class()
    training = [f"patient {i}" for i in range(len(values))]
    probes = [f"probe {i}" for i in range(2 * len(sites))]
    batch = pd.Series([*site, *np.repeat(sites, 2)], index=[*training, *probes])
    features = [f"f{i}" for i in range(values.shape[1])]
    with warnings.catch_warnings():
        # sites of unequal size are the rule
        warnings.simplefilter("ignore")
        combat = combat_class(batch, method="fortin", reference_batch=reference)
        combat.fit(pd.DataFrame(values, index=training, columns=features))
        at = np.tile([0.0, 1.0], len(sites))[:, None] * np.ones(values.shape[1])
        moved = np.asarray(combat.transform(pd.DataFrame(at, index=probes, columns=features)))
    offset = moved[::2]
    return moved[1::2] - offset, offset


def _combat_class() -> Any:
    try:
        from combatlearn import ComBat
    except ImportError:
        raise InputError(
            "harmonising sites needs the package combatlearn", fix="Run: pip install 'sonoher2[harmonise]'"
        ) from None
    return ComBat
