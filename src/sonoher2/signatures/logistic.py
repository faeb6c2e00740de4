"""Logistic signatures: clinical variables, other signatures' scores, or both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import log_loss
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from sonoher2.classifiers.encoding import OTHER, ClinicalEncoder
from sonoher2.classifiers.folds import fold_numbers
from sonoher2.config.base import Kind
from sonoher2.signatures.feature_table import CLINICAL
from sonoher2.signatures.monotone import MonotoneLogistic
from sonoher2.signatures.nomogram import Nomogram, NomogramTerm, build_nomogram, points_scale, round_ticks, tick_labels
from sonoher2.signatures.protocol import BaseSignature, Contrast, outcome_contrast
from sonoher2.signatures.stacking import SCORES, own_groups, stack_kinds, stack_table

STRENGTHS = (0.01, 0.1, 1.0, 10.0)
"""Inverse ridge penalties (scikit-learn's C) that are tried, strongest penalty first."""


class LogisticSignature(BaseSignature):
    """Ridge logistic regression on clinical columns and on the scores of other signatures (stacking).

    The penalty is the one of the least out-of-fold log-loss; classes are not weighted, so that the probabilities are
    calibrated at the training patients' prevalence. More than two classes: multinomial. For stacking (Wolpert,
    Neural Networks 1992, 5:241-259) the training scores in the feature group `SCORES` must be out-of-fold;
    a score can only speak for its own class (`MonotoneLogistic`), clinical columns are free.

    Parameters
    ----------
    kinds
        Kind of each clinical column that is used; may be empty.
    scores
        Names of the signatures whose scores are used.
    levels
        Names of the levels of ordered and yes/no columns, lowest first, for the nomogram.
    units
        Units of the columns, for the nomogram.
    inner_folds, seed
        Of the cross-validation of the penalty.

    Attributes
    ----------
    classes_
        Shape (K,).
    encoder_, model_
        Fitted `ClinicalEncoder` and `MonotoneLogistic`.
    strength_
        The chosen C.
    oof_proba_
        Shape (patients, K): out-of-fold probabilities with the chosen C.
    """

    network = None

    def __init__(
        self,
        kinds: dict[str, Kind],
        scores: tuple[str, ...] = (),
        levels: dict[str, list[str]] | None = None,
        units: dict[str, str] | None = None,
        inner_folds: int = 5,
        seed: int = 0,
    ) -> None:
        self.kinds = kinds
        self.scores = scores
        self.levels = levels
        self.units = units
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
        """Choose the penalty and fit; parameters as in `Signature.fit`."""
        self.classes_, numbers = np.unique(np.asarray(y), return_inverse=True)
        table = stack_table(X, self.kinds, self.scores)
        with threadpool_limits(limits=1):
            folds = fold_numbers(numbers, groups, self.inner_folds, self.seed)
            out_of_fold = self._out_of_fold(table, numbers, folds)
            losses = [log_loss(numbers, probability) for probability in out_of_fold]
            chosen = int(np.argmin(np.round(losses, 12)))
            self.strength_ = STRENGTHS[chosen]
            self.oof_proba_ = out_of_fold[chosen]
            self.encoder_ = ClinicalEncoder(self._kinds()).fit(table)
            self.model_ = self._model(self.strength_, self.encoder_.transform(table).to_numpy(), numbers)
        return self

    def predict_proba(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Probabilities, shape (patients, K)."""
        check_is_fitted(self)
        return np.asarray(
            self.model_.predict_proba(self.encoder_.transform(stack_table(X, self.kinds, self.scores)).to_numpy())
        )

    @property
    def clinical_encoder(self) -> ClinicalEncoder:
        """See `Signature.clinical_encoder`."""
        return self.encoder_

    @property
    def additive(self) -> bool:
        """See `Signature.additive`."""
        return True

    def contributions(self, X: pd.DataFrame, contrast: Contrast) -> pd.DataFrame:
        """Log-odds that each variable adds, (patients, variables), counted as `terms` counts them.

        Parameters
        ----------
        X
            Patients by (feature group, name), with the scores of its parents.
        contrast
            What of the classes.
        """
        weights, terms, start = self.weights(contrast), {}, 0
        for name in self.encoder_.kinds:
            encoded = self.encoder_.encode(name, X[CLINICAL if name in self.kinds else SCORES, name])
            terms[name] = encoded @ weights[start : start + encoded.shape[1]]
            start += encoded.shape[1]
        return pd.DataFrame(terms, index=X.index)

    def weights(self, contrast: Contrast) -> NDArray[np.float64]:
        """Log-odds per unit of each encoded column, (columns,), for a contrast of classes."""
        coefficients = self.model_.coef_
        return np.asarray(coefficients[0] * contrast[1] if len(coefficients) == 1 else contrast @ coefficients)

    def nomogram(self) -> Nomogram | None:
        """Draw the model as scales of points; None for more than two classes."""
        check_is_fitted(self)
        if len(self.classes_) > 2:
            return None
        return build_nomogram(self.terms(), float(self.model_.intercept_[0]))

    def nomogram_points(self, X: pd.DataFrame) -> pd.DataFrame | None:
        """Points of each patient on the nomogram; values that are missing count as the model counts them.

        Parameters
        ----------
        X
            Patients by (feature group, name), with the scores of its parents.

        Returns
        -------
        (patients, variables); None for more than two classes.
        """
        if len(self.classes_) > 2:
            return None
        lows, per_point = points_scale(self.terms())
        return (self.contributions(X, outcome_contrast(2, 1)) - lows) / per_point

    def terms(self) -> list[NomogramTerm]:
        """Log-odds that each variable adds at the values shown on its axis, for two classes."""
        return [self._term(name) for name in self._kinds()]

    def _kinds(self) -> dict[str, Kind]:
        return stack_kinds(self.kinds, self.scores, len(self.classes_))

    def _model(self, strength: float, encoded: NDArray[np.float64], y: NDArray[np.int64]) -> MonotoneLogistic:
        # the encoder puts the scores last: for each signature one column for every class but the first
        scores = list(range(1, len(self.classes_))) * len(self.scores)
        free = [0] * (encoded.shape[1] - len(scores))
        return MonotoneLogistic((*free, *scores), strength).fit(encoded, y)

    def _out_of_fold(self, table: pd.DataFrame, y: NDArray[np.int64], folds: NDArray[np.int64]) -> NDArray[np.float64]:
        """Held-out probabilities, shape (strengths, patients, K)."""
        out = np.empty((len(STRENGTHS), len(y), len(self.classes_)))
        for fold in range(folds.max() + 1):
            train, test = folds != fold, folds == fold
            encoder = ClinicalEncoder(self._kinds()).fit(table[train])
            seen, unseen = encoder.transform(table[train]).to_numpy(), encoder.transform(table[test]).to_numpy()
            for i, strength in enumerate(STRENGTHS):
                out[i, test] = self._model(strength, seen, y[train]).predict_proba(unseen)
        return out

    def _term(self, name: str) -> NomogramTerm:
        """Log-odds that a variable adds at the values shown on its axis."""
        labels, values = self._ticks(name)
        own = np.isin(self.encoder_.get_feature_names_out(), self.encoder_.columns_of(name))
        log_odds = self.encoder_.encode(name, values) @ self.model_.coef_[0][own]
        unit = (self.units or {}).get(name, "") if name in self.kinds else "log-odds"
        return NomogramTerm(name, unit, labels, log_odds)

    def _ticks(self, name: str) -> tuple[tuple[str, ...], pd.Series]:
        """Labels and raw values of a variable's axis."""
        kind = self._kinds()[name]
        if kind == "category":
            # the row of zeros needs a name that no level of the column has
            levels, rest = self.encoder_.levels_[name], OTHER
            while rest in levels:
                rest = f"any {rest}"
            shown = levels + ([rest] if self.encoder_.rare_[name] else [])
            return tuple(shown), pd.Series(shown, dtype=object)
        if kind == "number":
            ticks = round_ticks(*self.encoder_.range_[name])
            return tick_labels(ticks), pd.Series(ticks)
        standard = ["no", "yes"] if kind == "yes/no" else [f"{code}" for code in range(self._last_code(name) + 1)]
        named = (self.levels or {}).get(name) or standard
        return tuple(named), pd.Series(range(len(named)), dtype=np.float64)

    def _last_code(self, name: str) -> int:
        return int(self.encoder_.range_[name][1])
