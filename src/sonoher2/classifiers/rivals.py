"""The models that a search did not choose, each as if it had been the only one: to compare, never to choose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from threadpoolctl import threadpool_limits

from sonoher2.classifiers.calibration import SigmoidCalibrator
from sonoher2.classifiers.candidates import raw_scores
from sonoher2.classifiers.search import ModelSearch, simplest_of_the_best
from sonoher2.config.models import ModelName


@dataclass(frozen=True)
class Rival:
    """One model of a search, with the setting that the inner folds prefer.

    Attributes
    ----------
    estimator
        Fitted on the features that the search selected.
    calibrator
        Fitted on the setting's out-of-fold scores.
    """

    estimator: BaseEstimator
    calibrator: SigmoidCalibrator

    def predict_proba(self, selected: NDArray[np.float64]) -> NDArray[np.float64]:
        """Calibrated probabilities, shape (patients, K).

        Parameters
        ----------
        selected
            Shape (patients, selected features), as the search's selection gives them.
        """
        return self.calibrator.transform(raw_scores(self.estimator, selected))


def fit_rivals(search: ModelSearch) -> dict[ModelName, Rival]:
    """Fit every model of a search by what the search has learned already.

    The selection and the scores of the inner folds are those of the search, so that each model costs one more fit. Of
    a model's settings the one is taken that the search's own rule takes: the simplest within one standard error.

    Parameters
    ----------
    search
        Fitted in this process, not read from a file.

    Returns
    -------
    By name, in the order of the candidates.
    """
    searched = search.searched_
    rivals: dict[ModelName, Rival] = {}
    with threadpool_limits(limits=1):
        for name in dict.fromkeys(candidate.name for candidate in searched.tried):
            own = [number for number, candidate in enumerate(searched.tried) if candidate.name == name]
            best = own[simplest_of_the_best(searched.aucs[own])]
            calibrator = SigmoidCalibrator().fit(searched.scores[best], searched.y)
            rivals[name] = Rival(searched.tried[best].fit(searched.seen, searched.y), calibrator)
    return rivals


def rival_scores(search: ModelSearch, X: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
    """Calibrated probabilities (patients, K) by each model of a search; X as the search was given it."""
    selected = np.asarray(search.selection_.transform(X))
    return {name: rival.predict_proba(selected) for name, rival in fit_rivals(search).items()}
