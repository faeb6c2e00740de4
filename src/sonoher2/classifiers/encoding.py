"""Clinical columns as numbers."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from sonoher2.config.base import Kind
from sonoher2.core.errors import InputError

LEAST_PATIENTS = 5
"""Training patients that a level needs for a column of its own; rarer ones share the row of zeros."""
MISSING, OTHER = "missing", "other"


class ClinicalEncoder(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Fills and scales clinical columns with what it learned on the training patients.

    ``number`` and ``ordered`` (codes 0, 1, ...): median for a missing value, then z-score. ``yes/no``: 0 or 1, the
    commoner one for a missing value. ``category``: a column of 0 and 1 for every level, and for "missing", that at
    least five training patients have; other levels, new ones too, are 0 in all of them.

    Parameters
    ----------
    kinds
        Kind of each column that is used.

    Attributes
    ----------
    fill_, mean_, scale_
        By column that is no category.
    levels_
        By category column: the levels with a column of their own.
    rare_
        By category column: whether some training patients have another level.
    range_
        By number column: least and largest training value.
    """

    keeps_names: ClassVar[bool] = True
    """What it gives are the columns that it was given, or their levels."""

    def __init__(self, kinds: dict[str, Kind]) -> None:
        self.kinds = kinds

    def fit(self, X: pd.DataFrame, y: object = None) -> Self:
        """Learn fills, scales and levels.

        Parameters
        ----------
        X
            Patients by columns, typed as in `Cohort.patients`.
        y
            Ignored.

        Raises
        ------
        InputError
            A column is not in the table.
        """
        self._check(X)
        self.fill_: dict[str, float] = {}
        self.mean_: dict[str, float] = {}
        self.scale_: dict[str, float] = {}
        self.levels_: dict[str, list[str]] = {}
        self.rare_: dict[str, bool] = {}
        self.range_: dict[str, tuple[float, float]] = {}
        for name, kind in self.kinds.items():
            if kind == "category":
                self._learn_levels(name, X[name])
            else:
                self._learn_scale(name, kind, X[name].to_numpy(np.float64))
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Numbers without a missing one; patients by encoded columns, see `get_feature_names_out`."""
        check_is_fitted(self)
        self._check(X)
        columns = [self.encode(name, X[name]) for name in self.kinds]
        empty = np.empty((len(X), 0))
        return pd.DataFrame(np.hstack([empty, *columns]), index=X.index, columns=self.get_feature_names_out())

    def encode(self, name: str, values: pd.Series) -> NDArray[np.float64]:
        """Encode one column; shape (patients, encoded columns of it)."""
        if self.kinds[name] == "category":
            known = _level_names(values)
            return np.array([[value == level for level in self.levels_[name]] for value in known], np.float64).reshape(
                len(values), -1
            )
        numbers = values.to_numpy(np.float64)
        filled = np.where(np.isnan(numbers), self.fill_[name], numbers)
        return np.asarray((filled - self.mean_[name]) / self.scale_[name])[:, None]

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:
        """Names of the encoded columns: the column's own, or ``column=level``."""
        check_is_fitted(self)
        return np.array([column for name in self.kinds for column in self.columns_of(name)], dtype=object)

    def columns_of(self, name: str) -> list[str]:
        """Names of one column's encoded columns."""
        return [f"{name}={level}" for level in self.levels_[name]] if self.kinds[name] == "category" else [name]

    def _check(self, X: pd.DataFrame) -> None:
        absent = [name for name in self.kinds if name not in X]
        if absent:
            raise InputError(f"clinical columns are absent: {', '.join(absent)}", fix="Give them, empty when not known")

    def _learn_levels(self, name: str, values: pd.Series) -> None:
        counts = pd.Series(_level_names(values), dtype=object).value_counts()
        self.levels_[name] = sorted(str(level) for level in counts[counts >= LEAST_PATIENTS].index)
        self.rare_[name] = bool((counts < LEAST_PATIENTS).any())

    def _learn_scale(self, name: str, kind: Kind, values: NDArray[np.float64]) -> None:
        known = values[~np.isnan(values)]
        self.fill_[name], self.mean_[name], self.scale_[name] = 0.0, 0.0, 1.0
        self.range_[name] = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
        if not known.size:
            return
        if kind == "yes/no":
            self.fill_[name] = float(known.mean() > 0.5)
            return
        self.fill_[name] = float(np.median(known))
        filled = np.where(np.isnan(values), self.fill_[name], values)
        self.mean_[name] = float(filled.mean())
        if np.ptp(filled) > 0:
            self.scale_[name] = float(filled.std())


class CodedEncoder(ClinicalEncoder):
    """A `ClinicalEncoder` of plain numbers, so that it can stand where a `ModelSearch` has its selection.

    Parameters
    ----------
    kinds
        As in `ClinicalEncoder`.
    names
        By category column its known levels; the table holds their positions, see `coded`.
    """

    def __init__(self, kinds: dict[str, Kind], names: dict[str, list[str]]) -> None:
        super().__init__(kinds)
        self.names = names

    def fit(self, X: pd.DataFrame, y: object = None, *, second: object = None) -> Self:
        """Learn fills, scales and levels; `second` is ignored."""
        return super().fit(self._decoded(X))

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """See `ClinicalEncoder.transform`."""
        return super().transform(self._decoded(X))

    def _decoded(self, X: pd.DataFrame) -> pd.DataFrame:
        levels = {
            name: pd.Series([None if np.isnan(code) else known[int(code)] for code in X[name]], X.index, dtype=object)
            for name, known in ((name, [*names, UNKNOWN]) for name, names in self.names.items())
        }
        return X.assign(**levels)


UNKNOWN = ""
"""A level that is not among the known ones; no level of a table is empty."""


def coded(X: pd.DataFrame, names: dict[str, list[str]]) -> pd.DataFrame:
    """Categories as positions among their known levels (-1: unknown, NaN: missing), other columns as they are.

    Parameters
    ----------
    X
        Patients by columns, typed as in `Cohort.patients`.
    names
        By category column its known levels.
    """
    codes = {
        name: [
            np.nan if missing else float(known.index(str(value)) if str(value) in known else -1)
            for value, missing in zip(X[name], X[name].isna(), strict=True)
        ]
        for name, known in names.items()
    }
    return X.assign(**codes).astype(np.float64)


def _level_names(values: pd.Series) -> list[str]:
    return [MISSING if missing else str(value) for value, missing in zip(values, values.isna(), strict=True)]
