"""What every signature can be asked, whatever it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

from sonoher2.classifiers.calibration import SigmoidCalibrator
from sonoher2.classifiers.encoding import ClinicalEncoder
from sonoher2.classifiers.search import ModelSearch
from sonoher2.config.base import Kind
from sonoher2.selection.pipeline import SelectionPipeline
from sonoher2.signatures.nomogram import Nomogram

Contrast = NDArray[np.float64]
"""Weights (K,) of the classes' log-probabilities, of sum 0."""

Role = Literal["clinical", "image", "stacked"]
"""What a signature does: it reads clinical columns, it reads the image, or it joins the scores of others."""


def outcome_contrast(n_classes: int, outcome: int) -> Contrast:
    """Log-probability of a class less the mean of the others': the log-odds when there are two."""
    contrast = np.full(n_classes, -1 / (n_classes - 1))
    contrast[outcome] = 1.0
    return contrast


class Signature(Protocol):
    """A classifier over the feature table that says what it needs and what it rests on.

    What it reads and needs is known before it is fitted; the rest only after.

    Attributes
    ----------
    classes_
        Shape (K,).
    oof_proba_
        Shape (training patients, K), out of fold.
    """

    classes_: NDArray[Any]
    oof_proba_: NDArray[np.float64]

    def fit(self, X: pd.DataFrame, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Fit on training patients.

        Parameters
        ----------
        X
            Patients by (feature group, name), with the scores of its parents.
        y
            Shape (patients,), classes.
        groups
            Shape (patients,); patients of one group stay in one fold.
        """
        ...

    def predict_proba(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Calibrated probabilities, shape (patients, K)."""
        ...

    def predict(self, X: pd.DataFrame) -> NDArray[Any]:
        """Most probable class, shape (patients,)."""
        ...

    @property
    def role(self) -> Role:
        """What it does."""
        ...

    @property
    def needs_image(self) -> bool:
        """Whether it reads the image itself; a stacked signature leaves that to its parents."""
        ...

    @property
    def clinical_kinds(self) -> Mapping[str, Kind]:
        """Kind of each clinical column that it reads itself; at least one of them must be known."""
        ...

    @property
    def parents(self) -> tuple[str, ...]:
        """Names of the signatures whose scores it stacks, in its own order."""
        ...

    @property
    def feature_groups(self) -> tuple[str, ...]:
        """Feature groups of the table that it reads itself, scores of its parents left out."""
        ...

    @property
    def network(self) -> str | None:
        """Name of the network whose embedding or score it reads; of several the chosen one, once it is fitted."""
        ...

    @property
    def candidates_(self) -> pd.DataFrame | None:
        """Models that it chose among: `model, parameters` (JSON), `cv_auc`, `cv_auc_sd`, `chosen`; None without."""
        ...

    def compared(self, X: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
        """Score patients by each model that it chose among, as if that one had been the only one.

        Only in the process that has fitted it: a saved signature holds its choice alone.

        Parameters
        ----------
        X
            Patients by (feature group, name), with the scores of its parents.

        Returns
        -------
        Probabilities (patients, K) by model, or by network where it chose among networks; none without a choice.
        """
        ...

    @property
    def additive(self) -> bool:
        """Whether its log-odds are a sum over its variables."""
        ...

    def contributions(self, X: pd.DataFrame, contrast: Contrast) -> pd.DataFrame | None:
        """Log-odds that each variable adds, (patients, variables); None where they are no sum.

        Parameters
        ----------
        X
            Patients by (feature group, name), with the scores of its parents.
        contrast
            What of the classes.
        """
        ...

    def nomogram(self) -> Nomogram | None:
        """Draw it as scales of points; None where that cannot be done."""
        ...

    def nomogram_points(self, X: pd.DataFrame) -> pd.DataFrame | None:
        """Points (patients, variables) on its nomogram; None without one. X as in `contributions`."""
        ...

    @property
    def clinical_encoder(self) -> ClinicalEncoder | None:
        """How it turns its clinical columns into numbers; None where nothing else can use that."""
        ...

    @property
    def feature_model(self) -> ModelSearch | None:
        """Its fitted model of features; None where it has none."""
        ...

    def feature_space(self, X: pd.DataFrame) -> pd.DataFrame | None:
        """Patients as its feature model sees them, (patients, selected); None without one, or where X lacks a group."""
        ...

    @property
    def has_named_features(self) -> bool:
        """Whether the columns of `feature_space` mean something by themselves; components of an embedding do not."""
        ...

    @property
    def final_selection(self) -> SelectionPipeline | None:
        """Its selection of measured features, fitted on all training patients; None where it has none."""
        ...

    @property
    def network_calibrator(self) -> SigmoidCalibrator | None:
        """What calibrates the network's own score; None where it does not use that score."""
        ...


class BaseSignature(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """The answers of a signature that has nothing of a thing; those that have it say so themselves."""

    classes_: NDArray[Any]
    oof_proba_: NDArray[np.float64]

    def predict_proba(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """See `Signature.predict_proba`."""
        raise NotImplementedError

    def predict(self, X: pd.DataFrame) -> NDArray[Any]:
        """See `Signature.predict`."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])

    @property
    def role(self) -> Role:
        """See `Signature.role`."""
        return "stacked" if self.parents else "image" if self.needs_image else "clinical"

    @property
    def needs_image(self) -> bool:
        """See `Signature.needs_image`."""
        return False

    @property
    def clinical_kinds(self) -> Mapping[str, Kind]:
        """See `Signature.clinical_kinds`."""
        return {}

    @property
    def parents(self) -> tuple[str, ...]:
        """See `Signature.parents`."""
        return ()

    @property
    def candidates_(self) -> pd.DataFrame | None:
        """See `Signature.candidates_`."""
        return None

    def compared(self, X: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
        """See `Signature.compared`."""
        return {}

    @property
    def additive(self) -> bool:
        """See `Signature.additive`."""
        return False

    def contributions(self, X: pd.DataFrame, contrast: Contrast) -> pd.DataFrame | None:
        """See `Signature.contributions`."""
        return None

    def nomogram(self) -> Nomogram | None:
        """See `Signature.nomogram`."""
        return None

    def nomogram_points(self, X: pd.DataFrame) -> pd.DataFrame | None:
        """See `Signature.nomogram_points`."""
        return None

    @property
    def clinical_encoder(self) -> ClinicalEncoder | None:
        """See `Signature.clinical_encoder`."""
        return None

    @property
    def feature_model(self) -> ModelSearch | None:
        """See `Signature.feature_model`."""
        return None

    def feature_space(self, X: pd.DataFrame) -> pd.DataFrame | None:
        """See `Signature.feature_space`."""
        return None

    @property
    def has_named_features(self) -> bool:
        """See `Signature.has_named_features`."""
        return False

    @property
    def final_selection(self) -> SelectionPipeline | None:
        """See `Signature.final_selection`."""
        return None

    @property
    def network_calibrator(self) -> SigmoidCalibrator | None:
        """See `Signature.network_calibrator`."""
        return None
