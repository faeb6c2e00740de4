"""All selection steps in a row, as one transformer that is fitted inside the fold."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted, validate_data

from sonoher2.config.selection import SelectionConfig
from sonoher2.core.errors import InputError
from sonoher2.selection import columns as c
from sonoher2.selection.base import ClassSelector, class_numbers
from sonoher2.selection.correlation import CorrelationFilter
from sonoher2.selection.icc import IccFilter
from sonoher2.selection.known_input import known_input, saved_state
from sonoher2.selection.lasso import LassoPath, LassoSelector
from sonoher2.selection.mrmr import Mrmr
from sonoher2.selection.prepare import MedianZScore, VarianceFilter
from sonoher2.selection.ranks import column_ranks
from sonoher2.selection.univariate import UnivariateTest


class SelectionPipeline(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """From all features to the few that a model sees, z-scored.

    In this order: agreement of two readers, features that do not vary, missing values and z-score, univariate
    test, correlation filter, mRMR, LASSO. At least one feature is always left.

    Parameters
    ----------
    icc, test, alpha, fdr, correlation, max_correlation, mrmr, lasso
        As in `sonoher2.config.selection.SelectionConfig`; None or False leaves the step out.
    random_state
        Seed of the folds of the LASSO.

    Attributes
    ----------
    columns_
        Shape (selected,), indices of the selected features, rising.
    scaler_
        `MedianZScore` of the selected features.
    lasso_path_
        `LassoPath` over the features that reached the LASSO, or None.
    log_
        One row per step: `step, features_in, features_out, fallback`.
    left_at_
        Shape (features,), the step at which each feature left, empty for those that stayed. It is left out when the
        pipeline is saved.
    """

    keeps_names: ClassVar[bool] = True
    """What it gives are measurements that it was given, under their own names."""

    lasso_path_: LassoPath | None

    def __init__(
        self,
        icc: float | None = None,
        test: Literal["mann-whitney", "t-test"] | None = "mann-whitney",
        alpha: float = 0.05,
        fdr: bool = False,
        correlation: Literal["spearman", "pearson"] | None = "spearman",
        max_correlation: float = 0.9,
        mrmr: int | None = 30,
        lasso: bool = True,
        random_state: int = 0,
    ) -> None:
        self.icc = icc
        self.test = test
        self.alpha = alpha
        self.fdr = fdr
        self.correlation = correlation
        self.max_correlation = max_correlation
        self.mrmr = mrmr
        self.lasso = lasso
        self.random_state = random_state

    @classmethod
    def from_config(cls, config: SelectionConfig, random_state: int = 0) -> SelectionPipeline:
        """Pipeline of the study file's `selection`."""
        return cls(**config.model_dump(exclude={"icc_from", "bootstraps"}), random_state=random_state)

    def fit(self, X: ArrayLike, y: ArrayLike, *, second: ArrayLike | None = None) -> Self:
        """Learn which features stay, and their z-score.

        Parameters
        ----------
        X
            Shape (patients, features), NaN where missing; a data frame gives the names.
        y
            Shape (patients,), classes.
        second
            As in `IccFilter.fit`; needed for `icc` only.

        Raises
        ------
        InputError
            No feature varies; or `icc` is asked for without a second reader's masks.
        """
        values, labels = validate_data(
            self, X, y, dtype=np.float64, ensure_all_finite="allow-nan", ensure_min_samples=2
        )
        check_classification_targets(labels)
        numbers = class_numbers(labels)
        self._log: list[tuple[str, int, int, bool]] = []
        self.left_at_ = np.full(values.shape[1], "", dtype=object)
        self.lasso_path_ = None
        kept = self._usable(values, second)
        scaled = MedianZScore().fit_transform(values[:, kept])
        names = np.array(_check_feature_names_in(self), dtype=object)
        steps = self._class_steps()
        ranks = column_ranks(scaled) if any(step.uses_ranks for _, step in steps) else None
        for label, step in steps:
            named = isinstance(step, LassoSelector)
            # only a path of penalties is shown with names; scikit-learn takes long to look at those of a table
            step.fit(pd.DataFrame(scaled, columns=names[kept]) if named else scaled, numbers, ranks=ranks)
            kept, scaled = self._narrow(label, step, kept, step.fallback_), scaled[:, step.support_]
            # by rows in memory, as they are made: what follows multiplies matrices, and its last bits depend on it
            ranks = None if ranks is None else np.compress(step.support_, ranks, axis=1)
            if isinstance(step, LassoSelector):
                self.lasso_path_ = step.path_
        self.columns_ = kept
        self.scaler_ = MedianZScore().fit(values[:, kept])
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float64] | pd.DataFrame:
        """Pick the selected features, filled and z-scored; shape (patients, selected); a frame for a frame."""
        check_is_fitted(self)
        values = known_input(self, X)
        selected = np.asarray(self.scaler_.transform(values[:, self.columns_]))
        if isinstance(X, pd.DataFrame):
            return pd.DataFrame(selected, index=X.index, columns=self.get_feature_names_out())
        return selected

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[np.object_]:
        """Names of the selected features, shape (selected,)."""
        check_is_fitted(self)
        return np.asarray(_check_feature_names_in(self, input_features), dtype=object)[self.columns_]

    @property
    def log_(self) -> pd.DataFrame:
        """One row per step: `step, features_in, features_out, fallback`."""
        check_is_fitted(self)
        return pd.DataFrame(self._log, columns=[c.STEP, c.FEATURES_IN, c.FEATURES_OUT, c.FALLBACK])

    def _usable(self, values: NDArray[np.float64], second: ArrayLike | None) -> NDArray[np.intp]:
        """Features that two readers agree on and that vary."""
        kept = np.arange(values.shape[1])
        if self.icc is not None:
            if second is None:
                raise InputError(
                    "the ICC filter is asked for, but there is no second reader's mask",
                    fix="Give `second_mask` in the study's `images`, or remove `icc` from its `selection`",
                )
            reader = IccFilter(self.icc).fit(values, second=second)
            kept = self._narrow(f"ICC(2,1) >= {self.icc:g}", reader, kept, reader.fallback_)
        return self._narrow("varies", VarianceFilter().fit(values[:, kept]), kept, False)

    def _class_steps(self) -> list[tuple[str, ClassSelector]]:
        steps: list[tuple[str, ClassSelector]] = []
        if self.test is not None:
            label = f"{self.test}, {'q' if self.fdr else 'p'} <= {self.alpha:g}"
            steps.append((label, UnivariateTest(self.test, self.alpha, self.fdr)))
        if self.correlation is not None:
            label = f"{self.correlation}, |r| <= {self.max_correlation:g}"
            steps.append((label, CorrelationFilter(self.correlation, self.max_correlation)))
        if self.mrmr is not None:
            steps.append((f"mRMR, at most {self.mrmr}", Mrmr(self.mrmr)))
        if self.lasso:
            steps.append(("LASSO", LassoSelector(random_state=self.random_state)))
        return steps

    def _narrow(self, label: str, step: Any, kept: NDArray[np.intp], fallback: bool) -> NDArray[np.intp]:
        support = step.get_support()
        narrowed: NDArray[np.intp] = kept[support]
        self.left_at_[kept[~support]] = label
        self._log.append((label, len(kept), len(narrowed), bool(fallback)))
        return narrowed

    def __getstate__(self) -> dict[str, object]:
        return saved_state(super().__getstate__(), "left_at_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.target_tags.required = True
        return tags
