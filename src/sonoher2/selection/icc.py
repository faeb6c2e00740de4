"""Features that two masks of each lesion agree on: two readers', or a given and a perturbed one."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from sonoher2.core.errors import InputError
from sonoher2.radiomics.icc import icc_2_1
from sonoher2.selection.base import FALLBACK_FEATURES

MIN_SUBJECTS = 10


class IccFilter(SelectorMixin, BaseEstimator):  # type: ignore[misc]
    """Keeps features whose ICC(2,1) between two masks of each lesion reaches a threshold.

    When none does, the five of the largest ICC are kept and `fallback_` says so.

    Parameters
    ----------
    threshold
        Least ICC(2,1) of a feature that stays.

    Attributes
    ----------
    icc_
        Shape (features,).
    support_
        Shape (features,), True for a feature that stays.
    fallback_
        True when no feature reached the threshold.
    """

    def __init__(self, threshold: float = 0.75) -> None:
        self.threshold = threshold

    def fit(self, X: ArrayLike, y: object = None, *, second: ArrayLike) -> Self:
        """Measure the agreement of the two masks.

        Parameters
        ----------
        X
            Shape (patients, features), features of the given masks.
        y
            Ignored.
        second
            Shape (patients, 2, features), of both readers' masks on the same images; or (patients, features), of the
            second reader's masks on the images of `X`. The second reader may be a mask redrawn. Rows of NaN for
            patients who have no second mask.

        Raises
        ------
        InputError
            Fewer than ten patients have both masks.
        """
        values = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan")
        given = check_array(second, dtype=np.float64, ensure_all_finite="allow-nan", allow_nd=True)
        readers = given if given.ndim == 3 else np.stack([values, given], axis=1)
        both = ~np.isnan(readers[:, 1]).all(axis=1)
        if both.sum() < MIN_SUBJECTS:
            raise InputError(
                f"only {int(both.sum())} training patients have a second mask",
                fix=f"The ICC filter needs {MIN_SUBJECTS}; add masks, set `icc_from: perturbation`, or remove `icc`",
            )
        self.icc_ = np.nan_to_num(icc_2_1(readers[both]), nan=-1.0)
        self.support_ = self.icc_ >= self.threshold
        self.fallback_ = not self.support_.any()
        if self.fallback_:
            self.support_[np.argsort(-self.icc_, kind="stable")[:FALLBACK_FEATURES]] = True
        return self

    def _get_support_mask(self) -> NDArray[np.bool_]:
        check_is_fitted(self)
        return self.support_
