"""Choice of a model by inner cross-validation, selection included."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data
from threadpoolctl import threadpool_limits

from sonoher2.classifiers.calibration import SigmoidCalibrator
from sonoher2.classifiers.candidates import Candidate, candidates, raw_scores
from sonoher2.classifiers.columns import CANDIDATE_COLUMNS
from sonoher2.classifiers.encoding import CodedEncoder
from sonoher2.classifiers.folds import fold_numbers, macro_auc
from sonoher2.config.models import ALL_MODELS, ModelName
from sonoher2.selection.known_input import known_input, saved_state
from sonoher2.selection.pipeline import SelectionPipeline
from sonoher2.selection.reduce import EarlyFusion, PrincipalComponents

Selection = SelectionPipeline | PrincipalComponents | EarlyFusion | CodedEncoder


@dataclass(frozen=True)
class Searched:
    """What a search has worked out on the way to its choice: enough to fit what it did not choose.

    Attributes
    ----------
    tried
        The candidates.
    scores
        Shape (candidates, patients, 1 or K): of patients that the candidate had not seen.
    aucs
        Shape (candidates, folds).
    seen
        Shape (patients, selected): the patients as the final selection gives them.
    y
        Shape (patients,), 0 to K-1.
    """

    tried: list[Candidate]
    scores: NDArray[np.float64]
    aucs: NDArray[np.float64]
    seen: NDArray[np.float64]
    y: NDArray[np.int64]


class ModelSearch(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier that selects features, chooses among models and calibrates the chosen one.

    In each inner fold the selection is fitted once on the fold's training patients, then every candidate on the
    selected features; held-out patients are scored. The chosen candidate is the simplest (first in
    `models.classical.FAMILIES`) whose AUC is not worse than the best one's by more than one standard error of their
    difference over the folds: the rule of Breiman et al. (CART 1984, 3.4.3) on paired differences. Taking the best
    of some thirty candidates outright would make its out-of-fold scores too good to calibrate and to stack on.
    Selection and choice are then fitted on all patients; the calibration is fitted on the choice's out-of-fold scores.

    Parameters
    ----------
    names
        Models to try; all when None.
    selection
        Unfitted `SelectionPipeline`, `PrincipalComponents`, `EarlyFusion` or `CodedEncoder`; the first's defaults when
        None.
    inner_folds
        Folds; fewer when the smallest class has fewer patients.
    seed
        Of the folds and of the models.

    Attributes
    ----------
    classes_
        Shape (K,).
    oof_proba_
        Shape (patients, K): out-of-fold scores of the chosen model, put through `calibrator_`. The calibration (two
        numbers) has seen these scores; selection and model have not seen the patient.
    selection_, model_, calibrator_
        Fitted on all patients.
    table_
        `model, parameters, cv_auc, cv_auc_sd, chosen`, one row per candidate; see `candidate_table`.
    searched_
        What `classifiers.rivals` needs to fit what was not chosen. It is left out when the search is saved.
    """

    def __init__(
        self,
        names: tuple[ModelName, ...] | None = None,
        selection: Selection | None = None,
        inner_folds: int = 5,
        seed: int = 0,
    ) -> None:
        self.names = names
        self.selection = selection
        self.inner_folds = inner_folds
        self.seed = seed

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None, second: ArrayLike | None = None) -> Self:
        """Select, choose, fit and calibrate.

        Parameters
        ----------
        X
            Shape (patients, features), NaN where missing.
        y
            Shape (patients,), classes.
        groups
            Shape (patients,); patients of one group stay in one fold.
        second
            As in `IccFilter.fit`; for the ICC filter.
        """
        values, labels = validate_data(
            self, X, y, dtype=np.float64, ensure_all_finite="allow-nan", ensure_min_samples=2
        )
        check_classification_targets(labels)
        self.classes_, numbers = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError("y holds only one class; at least two classes are needed")
        frame = pd.DataFrame(values, columns=getattr(self, "feature_names_in_", None))
        readers = None if second is None else np.asarray(second, np.float64)
        tried = candidates(self.names or ALL_MODELS, self.seed)
        # many small fits: more than one thread only slows them down and changes the last digits
        with threadpool_limits(limits=1):
            folds = fold_numbers(numbers, groups, self.inner_folds, self.seed)
            scores = self._out_of_fold(tried, frame, numbers, folds, readers)
            aucs = fold_aucs(scores, numbers, folds)
            chosen = simplest_of_the_best(aucs)
            self.selection_ = self._select(frame, numbers, readers)
            seen = np.asarray(self.selection_.transform(frame))
            self.model_ = tried[chosen].fit(seen, numbers)
        self.calibrator_ = SigmoidCalibrator().fit(scores[chosen], numbers)
        self.oof_proba_ = self.calibrator_.transform(scores[chosen])
        self._rows = candidate_rows(tried, aucs, chosen)
        self.searched_ = Searched(tried, scores, aucs, seen, numbers)
        return self

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Calibrated probabilities, shape (patients, K)."""
        check_is_fitted(self)
        known_input(self, X)
        frame = X if isinstance(X, pd.DataFrame) else pd.DataFrame(np.asarray(X))
        return self.calibrator_.transform(raw_scores(self.model_, np.asarray(self.selection_.transform(frame))))

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Most probable class, shape (patients,)."""
        probability = self.predict_proba(X)
        return np.asarray(self.classes_[probability.argmax(axis=1)])

    @property
    def table_(self) -> pd.DataFrame:
        """Candidates: `model, parameters` (JSON), `cv_auc` and `cv_auc_sd` over the inner folds, `chosen`."""
        check_is_fitted(self)
        return pd.DataFrame(self._rows, columns=CANDIDATE_COLUMNS)

    def _select(self, X: pd.DataFrame, y: NDArray[np.int64], second: NDArray[np.float64] | None) -> Selection:
        default: Selection = SelectionPipeline(random_state=self.seed)
        return clone(self.selection or default).fit(X, y, second=second)  # type: ignore[no-any-return]

    def _out_of_fold(
        self,
        tried: list[Candidate],
        X: pd.DataFrame,
        y: NDArray[np.int64],
        folds: NDArray[np.int64],
        second: NDArray[np.float64] | None,
    ) -> NDArray[np.float64]:
        """Held-out scores, shape (candidates, patients, 1 or K)."""
        n_columns = 1 if len(self.classes_) == 2 else len(self.classes_)
        scores = np.empty((len(tried), len(y), n_columns))
        for fold in range(folds.max() + 1):
            train, test = folds != fold, folds == fold
            selection = self._select(X[train], y[train], None if second is None else second[train])
            seen, unseen = np.asarray(selection.transform(X[train])), np.asarray(selection.transform(X[test]))
            for number, candidate in enumerate(tried):
                scores[number, test] = raw_scores(candidate.fit(seen, y[train]), unseen)
        return scores

    def __getstate__(self) -> dict[str, object]:
        # the patients that were seen do not belong into a saved model
        return saved_state(super().__getstate__(), "searched_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def fold_aucs(scores: NDArray[np.float64], y: NDArray[np.int64], folds: NDArray[np.int64]) -> NDArray[np.float64]:
    """AUC of every candidate in every fold that holds all classes.

    Parameters
    ----------
    scores
        Shape (candidates, patients, 1 or K).
    y, folds
        Shape (patients,).

    Returns
    -------
    Shape (candidates, folds); a single column over all patients when no fold holds all classes.
    """
    members = [folds == fold for fold in range(folds.max() + 1)]
    whole = [rows for rows in members if len(np.unique(y[rows])) == len(np.unique(y))] or [np.ones(len(y), bool)]
    return np.array([[macro_auc(y[rows], score[rows]) for rows in whole] for score in scores])


def simplest_of_the_best(aucs: NDArray[np.float64]) -> int:
    """Index of the first candidate that is within one standard error of the best one.

    Parameters
    ----------
    aucs
        Shape (candidates, folds).
    """
    best = int(np.argmax(np.round(aucs.mean(axis=1), 12)))
    worse = aucs[best] - aucs
    folds = aucs.shape[1]
    error = worse.std(axis=1, ddof=1) / np.sqrt(folds) if folds > 1 else np.zeros(len(aucs))
    return int(np.argmax(worse.mean(axis=1) <= error + 1e-12))


def candidate_rows(
    tried: list[Candidate], aucs: NDArray[np.float64], chosen: int
) -> list[tuple[str, str, float, float, bool]]:
    """Rows of `ModelSearch.table_`; the deviation is that of the folds."""
    return [
        (
            c.name,
            json.dumps(c.parameters),
            float(auc.mean()),
            float(auc.std(ddof=1)) if len(auc) > 1 else 0.0,
            i == chosen,
        )
        for i, (c, auc) in enumerate(zip(tried, aucs, strict=True))
    ]
