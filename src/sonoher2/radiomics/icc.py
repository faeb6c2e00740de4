"""How well a feature agrees between two readers' masks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def icc_2_1(ratings: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intraclass correlation ICC(2,1): two-way random effects, absolute agreement, one rater.

    Shrout and Fleiss, Psychol Bull 1979, 86:420-428; the ICC(A,1) of McGraw and Wong, Psychol Methods 1996, 1:30-46.

    Parameters
    ----------
    ratings
        Shape (subjects, raters, features). A subject with a missing value is left out for that feature.

    Returns
    -------
    Shape (features,); NaN where fewer than two subjects are complete or nothing varies.

    Raises
    ------
    ValueError
        `ratings` has not three dimensions, or fewer than two raters.
    """
    ratings = np.asarray(ratings, np.float64)
    if ratings.ndim != 3 or ratings.shape[1] < 2:
        raise ValueError(f"ratings must be (subjects, 2 or more raters, features), got shape {ratings.shape}")
    incomplete = np.isnan(ratings).any(axis=(0, 1))
    icc = np.full(ratings.shape[2], np.nan)
    icc[~incomplete] = _icc_complete(ratings[:, :, ~incomplete])
    for feature in np.flatnonzero(incomplete):
        complete = ~np.isnan(ratings[:, :, feature]).any(axis=1)
        icc[feature] = _icc_complete(ratings[complete][:, :, [feature]])[0]
    return icc


def _icc_complete(ratings: NDArray[np.float64]) -> NDArray[np.float64]:
    subjects, raters, features = ratings.shape
    if subjects < 2:
        return np.full(features, np.nan)
    mean = ratings.mean(axis=(0, 1))
    of_subject, of_rater = ratings.mean(axis=1), ratings.mean(axis=0)
    between_subjects = raters * ((of_subject - mean) ** 2).sum(axis=0) / (subjects - 1)
    between_raters = subjects * ((of_rater - mean) ** 2).sum(axis=0) / (raters - 1)
    residual = ratings - of_subject[:, None] - of_rater[None] + mean
    error = (residual**2).sum(axis=(0, 1)) / ((subjects - 1) * (raters - 1))
    total = between_subjects + (raters - 1) * error + raters * (between_raters - error) / subjects
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((between_subjects - error) / total)
