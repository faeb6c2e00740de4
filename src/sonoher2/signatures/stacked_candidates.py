"""Stacking by the best of the candidate models: clinical columns and the scores of other signatures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from sonoher2.classifiers.encoding import CodedEncoder, coded
from sonoher2.classifiers.rivals import rival_scores
from sonoher2.classifiers.search import ModelSearch
from sonoher2.config.base import Kind
from sonoher2.config.models import ModelName
from sonoher2.signatures.protocol import BaseSignature
from sonoher2.signatures.stacking import own_groups, stack_kinds, stack_table


class StackedCandidates(BaseSignature):
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

    network = None

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

    @property
    def clinical_kinds(self) -> Mapping[str, Kind]:
        """See `Signature.clinical_kinds`."""
        return self.kinds

    @property
    def parents(self) -> tuple[str, ...]:
        """See `Signature.parents`."""
        return self.scores

    @property
    def feature_groups(self) -> tuple[str, ...]:
        """See `Signature.feature_groups`."""
        return own_groups(self.kinds)

    def fit(self, X: pd.DataFrame, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Choose a model, fit and calibrate it; parameters as in `Signature.fit`."""
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
        return self.search_.predict_proba(self._table(X))

    def compared(self, X: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
        """See `Signature.compared`."""
        return rival_scores(self.search_, self._table(X))

    @property
    def candidates_(self) -> pd.DataFrame:
        """See `Signature.candidates_`."""
        check_is_fitted(self)
        return self.search_.table_

    def _table(self, X: pd.DataFrame) -> pd.DataFrame:
        return coded(stack_table(X, self.kinds, self.scores)[list(self.search_.feature_names_in_)], self.levels_)
