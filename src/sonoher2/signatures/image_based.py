"""Signatures of the image alone: candidate models on features, a fine-tuned network, or the best of several."""

from __future__ import annotations

import json
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from sonoher2.classifiers.calibration import SigmoidCalibrator
from sonoher2.classifiers.columns import CANDIDATE_COLUMNS
from sonoher2.classifiers.folds import fold_numbers
from sonoher2.classifiers.rivals import rival_scores
from sonoher2.classifiers.search import ModelSearch, Selection, fold_aucs
from sonoher2.config.models import ModelName
from sonoher2.core.errors import InputError
from sonoher2.selection.pipeline import SelectionPipeline
from sonoher2.signatures.feature_table import RADIOMICS, both_readers, network_of, score_group
from sonoher2.signatures.protocol import BaseSignature


class ImageSignature(BaseSignature):
    """Base of the signatures that need a patient's image and nothing else."""

    @property
    def needs_image(self) -> bool:
        """See `Signature.needs_image`."""
        return True


class FeatureSignature(ImageSignature):
    """A `ModelSearch` on one or several feature groups of the feature table.

    Parameters
    ----------
    feature_groups
        Their names. Both readers' features of one group are for the ICC filter only: see `both_readers`.
    names, selection, inner_folds, seed
        As in `ModelSearch`.

    Attributes
    ----------
    search_
        The fitted `ModelSearch`.
    """

    def __init__(
        self,
        feature_groups: tuple[str, ...] = (RADIOMICS,),
        names: tuple[ModelName, ...] | None = None,
        selection: Selection | None = None,
        inner_folds: int = 5,
        seed: int = 0,
    ) -> None:
        self.feature_groups = feature_groups
        self.names = names
        self.selection = selection
        self.inner_folds = inner_folds
        self.seed = seed

    def fit(self, X: pd.DataFrame, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Select, choose, fit and calibrate; parameters as in `Signature.fit`."""
        features = self._features(X)
        own = self.feature_groups
        second = both_readers(X, own[0], features.columns) if len(own) == 1 else None
        self.search_ = ModelSearch(self.names, self.selection, self.inner_folds, self.seed)
        self.search_.fit(features, y, groups, second)
        self.classes_, self.oof_proba_ = self.search_.classes_, self.search_.oof_proba_
        return self

    def predict_proba(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Calibrated probabilities, shape (patients, K).

        Raises
        ------
        InputError
            A feature of the training patients is absent.
        """
        check_is_fitted(self)
        names, features = self.search_.feature_names_in_, self._features(X)
        measured = set(features.columns)
        absent = [name for name in names if name not in measured]
        if absent:
            raise InputError(
                f"{len(absent)} {' and '.join(self.feature_groups)} features are absent, {absent[0]} first",
                fix="Measure the patient with the model's own settings",
            )
        return self.search_.predict_proba(features[names])

    @property
    def network(self) -> str | None:
        """See `Signature.network`."""
        return next((name for group in self.feature_groups if (name := network_of(group)) is not None), None)

    @property
    def candidates_(self) -> pd.DataFrame:
        """See `Signature.candidates_`."""
        check_is_fitted(self)
        return self.search_.table_

    def compared(self, X: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
        """See `Signature.compared`; a network alone is one model, whatever reads its embedding."""
        if self.network is not None and len(self.feature_groups) == 1:
            return {self.network: self.predict_proba(X)}
        return rival_scores(self.search_, self._features(X)[self.search_.feature_names_in_])

    @property
    def feature_model(self) -> ModelSearch:
        """See `Signature.feature_model`."""
        return self.search_

    def feature_space(self, X: pd.DataFrame) -> pd.DataFrame | None:
        """See `Signature.feature_space`."""
        if not set(X.columns.get_level_values(0)).issuperset(self.feature_groups):
            return None
        return pd.DataFrame(self.search_.selection_.transform(self._features(X)[self.search_.feature_names_in_]))

    @property
    def has_named_features(self) -> bool:
        """See `Signature.has_named_features`."""
        return self.search_.selection_.keeps_names

    @property
    def final_selection(self) -> SelectionPipeline | None:
        """See `Signature.final_selection`."""
        selection = self.search_.selection_
        return selection if isinstance(selection, SelectionPipeline) else None

    def _features(self, X: pd.DataFrame) -> pd.DataFrame:
        """Columns of the feature groups that are there, side by side."""
        present = [group for group in self.feature_groups if group in X.columns.get_level_values(0)]
        return pd.concat([X[group] for group in present], axis=1) if present else pd.DataFrame(index=X.index)


class NetworkSignature(ImageSignature):
    """The calibrated score of a fine-tuned network.

    The network is trained elsewhere (`deep.crossfit`): what stands in the feature table of the training patients
    must be scores of networks that never saw them.

    Parameters
    ----------
    network
        Name of the network, whose scores are in the feature group `score_group(network)`.
    inner_folds, seed
        Of the folds over which `candidates_` gives the AUC.

    Attributes
    ----------
    calibrator_
        Fitted on the training patients' out-of-fold scores.
    """

    def __init__(self, network: str, inner_folds: int = 5, seed: int = 0) -> None:
        self.network = network
        self.inner_folds = inner_folds
        self.seed = seed

    def fit(self, X: pd.DataFrame, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Calibrate the scores; parameters as in `Signature.fit`."""
        self.classes_, numbers = np.unique(np.asarray(y), return_inverse=True)
        scores = self._scores(X)
        self.calibrator_ = SigmoidCalibrator().fit(scores, numbers)
        self.oof_proba_ = self.calibrator_.transform(scores)
        self.fold_aucs_ = fold_aucs(scores[None], numbers, fold_numbers(numbers, groups, self.inner_folds, self.seed))
        return self

    def predict_proba(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Calibrated probabilities, shape (patients, K)."""
        check_is_fitted(self)
        return self.calibrator_.transform(self._scores(X))

    def compared(self, X: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
        """See `Signature.compared`."""
        return {self.network: self.predict_proba(X)}

    @property
    def feature_groups(self) -> tuple[str, ...]:
        """See `Signature.feature_groups`."""
        return (score_group(self.network),)

    @property
    def network_calibrator(self) -> SigmoidCalibrator:
        """See `Signature.network_calibrator`."""
        return self.calibrator_

    @property
    def candidates_(self) -> pd.DataFrame:
        """One row; see `Signature.candidates_`."""
        check_is_fitted(self)
        aucs = self.fold_aucs_[0]
        deviation = float(aucs.std(ddof=1)) if len(aucs) > 1 else 0.0
        return pd.DataFrame(
            [("fine-tuned network", "{}", float(aucs.mean()), deviation, True)], columns=CANDIDATE_COLUMNS
        )

    def _scores(self, X: pd.DataFrame) -> NDArray[np.float64]:
        return X[score_group(self.network)].to_numpy(np.float64)


class BestNetwork(ImageSignature):
    """The same signature from several networks, of which the one with the best out-of-fold AUC is kept.

    Parameters
    ----------
    options
        Name of each network and its unfitted signature.
    inner_folds, seed
        Of the folds over which AUCs are averaged.

    Attributes
    ----------
    network_
        Name of the chosen network, the first of equals.
    best_
        Its fitted signature.
    options_
        Fitted signature of every network. They are left out when it is saved.
    """

    best_: FeatureSignature | NetworkSignature

    def __init__(
        self, options: list[tuple[str, FeatureSignature | NetworkSignature]], inner_folds: int = 5, seed: int = 0
    ) -> None:
        self.options = options
        self.inner_folds = inner_folds
        self.seed = seed

    def fit(self, X: pd.DataFrame, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Fit every option and keep the best; parameters as in `Signature.fit`."""
        self.classes_, numbers = np.unique(np.asarray(y), return_inverse=True)
        fitted = {name: clone(option).fit(X, y, groups) for name, option in self.options}
        probabilities = np.stack([option.oof_proba_ for option in fitted.values()])
        scores = probabilities[..., 1:] if len(self.classes_) == 2 else probabilities
        folds = fold_numbers(numbers, groups, self.inner_folds, self.seed)
        best = int(np.argmax(np.round(fold_aucs(scores, numbers, folds).mean(axis=1), 12)))
        self.network_ = self.options[best][0]
        self.best_ = fitted[self.network_]
        self.options_ = fitted
        self.oof_proba_ = self.best_.oof_proba_
        self._rows = [
            (
                row.model,
                _with_network(row.parameters, name),
                row.cv_auc,
                row.cv_auc_sd,
                row.chosen and name == self.network_,
            )
            for name, option in fitted.items()
            for row in option.candidates_.itertuples()
        ]
        return self

    def predict_proba(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Calibrated probabilities, shape (patients, K), by the chosen network's signature."""
        check_is_fitted(self)
        return np.asarray(self.best_.predict_proba(X))

    def compared(self, X: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
        """See `Signature.compared`: the networks; of networks joined to other features the models of the chosen one."""
        if len(self.best_.feature_groups) > 1:
            return self.best_.compared(X)
        return {name: score for option in self.options_.values() for name, score in option.compared(X).items()}

    def __getstate__(self) -> dict[str, object]:
        return {name: value for name, value in super().__getstate__().items() if name != "options_"}

    @property
    def feature_groups(self) -> tuple[str, ...]:
        """Feature groups of the chosen network; of all, before it is fitted."""
        if hasattr(self, "best_"):
            return self.best_.feature_groups
        return tuple(dict.fromkeys(group for _, option in self.options for group in option.feature_groups))

    @property
    def network(self) -> str | None:
        """See `Signature.network`."""
        return getattr(self, "network_", None)

    @property
    def feature_model(self) -> ModelSearch | None:
        """See `Signature.feature_model`."""
        return self.best_.feature_model

    def feature_space(self, X: pd.DataFrame) -> pd.DataFrame | None:
        """See `Signature.feature_space`."""
        return self.best_.feature_space(X)

    @property
    def has_named_features(self) -> bool:
        """See `Signature.has_named_features`."""
        return self.best_.has_named_features

    @property
    def final_selection(self) -> SelectionPipeline | None:
        """See `Signature.final_selection`."""
        return self.best_.final_selection

    @property
    def network_calibrator(self) -> SigmoidCalibrator | None:
        """See `Signature.network_calibrator`."""
        return self.best_.network_calibrator

    @property
    def candidates_(self) -> pd.DataFrame:
        """Candidates of all networks, the network among their parameters; see `Signature.candidates_`."""
        check_is_fitted(self)
        return pd.DataFrame(self._rows, columns=CANDIDATE_COLUMNS)


def _with_network(parameters: str, network: str) -> str:
    return json.dumps({"network": network, **json.loads(parameters)})
