"""Stacking by the model zoo: clinical columns and the scores of other signatures, whatever model joins them best."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from sonoher2.classifiers.encoding import CodedEncoder, coded
from sonoher2.classifiers.search import ModelSearch
from sonoher2.config.base import Kind
from sonoher2.config.models import ModelName
from sonoher2.signatures.stacking import stack_kinds, stack_table


class CandidateModelsSignature(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A `ModelSearch` on clinical columns and on the scores of other signatures, encoded inside the fold.

    Parameters
    ----------
    kinds
        Kind of each clinical column that is used.
    scores
        Names of the signatures whose scores are used; those of the training patients must be out of fold.
    names, inner_folds, seed
        As in `ModelSearch`.

    Attributes
    ----------
    classes_
        Shape (K,).
    levels_
        By category column the levels that training patients have.
    search_
        The fitted `ModelSearch`.
    oof_proba_
        Shape (patients, K), out-of-fold.
    """

    def __init__(
        self,
        kinds: dict[str, Kind],
        scores: tuple[str, ...],
        names: tuple[ModelName, ...] | None = None,
        inner_folds: int = 5,
        seed: int = 0,
    ) -> None:
        self.kinds = kinds
        self.scores = scores
        self.names = names
        self.inner_folds = inner_folds
        self.seed = seed

    def fit(self, X: pd.DataFrame, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Choose a model, fit and calibrate it.

        Parameters
        ----------
        X
            Patients by (block, name).
        y
            Shape (patients,), classes.
        groups
            Shape (patients,); patients of one group stay in one fold.
        """
        kinds = stack_kinds(self.kinds, self.scores, len(np.unique(np.asarray(y))))
        table = stack_table(X, self.kinds, self.scores)[list(kinds)]
        self.levels_ = {
            name: sorted(table[name].dropna().astype(str).unique())
            for name, kind in kinds.items()
            if kind == "category"
        }
        encoder = CodedEncoder(kinds, self.levels_)
        self.search_ = ModelSearch(self.names, encoder, self.inner_folds, self.seed)
        self.search_.fit(coded(table, self.levels_), y, groups)
        self.classes_, self.oof_proba_ = self.search_.classes_, self.search_.oof_proba_
        return self

    def predict_proba(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Calibrated probabilities, shape (patients, K)."""
        check_is_fitted(self)
        table = stack_table(X, self.kinds, self.scores)[list(self.search_.feature_names_in_)]
        return self.search_.predict_proba(coded(table, self.levels_))

    def predict(self, X: pd.DataFrame) -> NDArray[Any]:
        """Most probable class, shape (patients,)."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])

    @property
    def table_(self) -> pd.DataFrame:
        """See `ModelSearch.table_`."""
        check_is_fitted(self)
        return self.search_.table_
