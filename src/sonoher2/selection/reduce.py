"""A network's embedding, hundreds of correlated numbers, as a few components; alone or beside radiomics."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.decomposition import PCA
from sklearn.utils.validation import check_is_fitted, validate_data

from sonoher2.selection import columns as c
from sonoher2.selection.known_input import known_input, saved_state
from sonoher2.selection.lasso import LassoPath
from sonoher2.selection.pipeline import SelectionPipeline
from sonoher2.selection.prepare import MedianZScore

MOST_COMPONENTS = 128
MOST_SELECTED_FROM = 64
"""Components that a selection tests one by one: the small ones would only add chance findings."""


class PrincipalComponents(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Z-scores and their first principal components; learns from no label.

    The components keep their relative variances, so that a penalised model trusts what many columns say together
    more than what few say: ridge regression on all of them is that on the columns themselves.

    Parameters
    ----------
    n_components
        How many; one for every two patients and at most 128 when None, fewer where there are fewer columns.

    Attributes
    ----------
    scaler_, pca_
        Fitted `MedianZScore` and scikit-learn `PCA`.
    scale_
        Root mean variance of the components in training, by which all are divided.
    log_
        One row per step: `step, features_in, features_out, fallback`.
    """

    keeps_names: ClassVar[bool] = False
    """A component is a mixture of all columns and means nothing by itself."""

    def __init__(self, n_components: int | None = None) -> None:
        self.n_components = n_components

    def fit(self, X: ArrayLike, y: ArrayLike | None = None, *, second: ArrayLike | None = None) -> Self:
        """Learn scale and directions.

        Parameters
        ----------
        X
            Shape (patients, columns).
        y, second
            Not looked at; taken so that it can stand where a `SelectionPipeline` stands.
        """
        values = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", ensure_min_samples=2)
        self.scaler_ = MedianZScore().fit(values)
        wanted = self.n_components or min(len(values) // 2, MOST_COMPONENTS)
        kept = max(min(wanted, values.shape[1], len(values) - 1), 1)
        self.pca_ = PCA(kept, svd_solver="full").fit(self.scaler_.transform(values))
        # columns that do not vary leave components without variance
        self.scale_ = float(np.sqrt(self.pca_.explained_variance_.mean())) or 1.0
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float64] | pd.DataFrame:
        """Components with a mean variance of 1 in training, shape (patients, components); a frame for a frame."""
        check_is_fitted(self)
        values = known_input(self, X)
        scores: NDArray[np.float64] = self.pca_.transform(self.scaler_.transform(values)) / self.scale_
        if not isinstance(X, pd.DataFrame):
            return scores
        return pd.DataFrame(scores, index=X.index, columns=self.get_feature_names_out())

    @property
    def deviations_(self) -> NDArray[np.float64]:
        """Standard deviations of the components in training, shape (components,)."""
        check_is_fitted(self)
        return np.asarray(np.sqrt(self.pca_.explained_variance_) / self.scale_)

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[np.object_]:
        """Names ``component_00`` and so on."""
        check_is_fitted(self)
        return np.array([f"component_{number:02d}" for number in range(self.pca_.n_components_)], dtype=object)

    @property
    def log_(self) -> pd.DataFrame:
        """One row: `step, features_in, features_out, fallback`."""
        check_is_fitted(self)
        row = ("principal components", self.n_features_in_, int(self.pca_.n_components_), False)
        return pd.DataFrame([row], columns=[c.STEP, c.FEATURES_IN, c.FEATURES_OUT, c.FALLBACK])

    def __getstate__(self) -> dict[str, object]:
        return saved_state(super().__getstate__())

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class EarlyFusion(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Principal components of the deep columns, beside all other columns, through one selection.

    Parameters
    ----------
    selection
        Unfitted `SelectionPipeline`; its defaults when None.
    prefix
        How the names of deep columns begin.
    n_components
        As in `PrincipalComponents`; one for every five patients and at most 64 when None.

    Attributes
    ----------
    components_, selection_
        Fitted.
    """

    keeps_names: ClassVar[bool] = True
    """The radiomic features among what it gives mean something."""

    def __init__(
        self, selection: SelectionPipeline | None = None, prefix: str = "deep_", n_components: int | None = None
    ) -> None:
        self.selection = selection
        self.prefix = prefix
        self.n_components = n_components

    def fit(self, X: pd.DataFrame, y: ArrayLike, *, second: ArrayLike | None = None) -> Self:
        """Learn components and selection.

        Parameters
        ----------
        X
            Shape (patients, columns), named.
        y
            Shape (patients,), classes.
        second
            Not looked at: a network's embedding has no second reader.
        """
        deep = self._deep(X)
        self.feature_names_in_ = np.asarray(X.columns, dtype=object)
        wanted = self.n_components or max(min(len(X) // 5, MOST_SELECTED_FROM), 1)
        self.components_ = PrincipalComponents(wanted).fit(X.loc[:, deep])
        selection = SelectionPipeline() if self.selection is None else clone(self.selection).set_params(icc=None)
        self.selection_ = selection.fit(self._joined(X), y)
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Take the selected features and components, z-scored; shape (patients, selected)."""
        check_is_fitted(self)
        return pd.DataFrame(self.selection_.transform(self._joined(X)))

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[np.object_]:
        """Names of what was selected."""
        check_is_fitted(self)
        return np.asarray(self.selection_.get_feature_names_out(), dtype=object)

    @property
    def log_(self) -> pd.DataFrame:
        """One row per step: `step, features_in, features_out, fallback`."""
        check_is_fitted(self)
        steps: list[pd.DataFrame] = [self.components_.log_, self.selection_.log_]
        return pd.concat(steps, ignore_index=True)

    def __getstate__(self) -> dict[str, object]:
        return saved_state(super().__getstate__())

    @property
    def lasso_path_(self) -> LassoPath | None:
        """`LassoPath` of the selection, or None."""
        return self.selection_.lasso_path_

    def _deep(self, X: pd.DataFrame) -> NDArray[np.bool_]:
        return np.array([str(name).startswith(self.prefix) for name in X.columns])

    def _joined(self, X: pd.DataFrame) -> pd.DataFrame:
        deep = self._deep(X)
        components = pd.DataFrame(self.components_.transform(X.loc[:, deep]))
        return pd.concat([X.loc[:, ~deep], components], axis=1)
