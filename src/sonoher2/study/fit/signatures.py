"""Fitting the signatures of a study: out of fold, and once on all training patients."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.bundle.model_bytes import dump_model, load_model
from sonoher2.engine import Codec, ExecutionContext, Keyed, Step, code_fingerprint
from sonoher2.signatures.set import SignatureSet
from sonoher2.signatures.validation import fit_fold
from sonoher2.study.fit.training_set import TrainingSet, training_folds

if TYPE_CHECKING:
    from sonoher2.config.study import StudyConfig

Probabilities = dict[str, NDArray[np.float64]]


@dataclass(frozen=True)
class FinalModel:
    """The model that was fitted on all training patients, and its bytes as they go into the bundle."""

    model: SignatureSet
    data: bytes


@dataclass(frozen=True)
class Fitted:
    """The signatures of a study.

    Attributes
    ----------
    oof
        By signature, (training patients, classes): each patient scored by models that never saw that patient.
    model
        Fitted on all training patients; the only model that scores new ones.
    data
        The model as it goes into the bundle.
    folds
        (training patients,), outer fold in which each was held out.
    """

    oof: Probabilities
    model: SignatureSet
    data: bytes
    folds: NDArray[np.int64]

    @property
    def sha256(self) -> str:
        """Hash of the final model's bytes."""
        return hashlib.sha256(self.data).hexdigest()


def _fit(given: tuple[TrainingSet, NDArray[np.bool_] | None], signatures: SignatureSet) -> pd.DataFrame | FinalModel:
    """Scores of a fold's patients, index their rows and columns (signature, class); or the final model."""
    training, held_out = given
    if held_out is None:
        fitted = signatures.fit(training.X, training.y, training.groups)
        return FinalModel(fitted, dump_model(fitted))
    train, test = np.flatnonzero(~held_out), np.flatnonzero(held_out)
    scores = fit_fold(signatures, training.X, training.y, training.groups, train, test)
    columns = {(name, str(k)): value[:, k] for name, value in scores.items() for k in range(value.shape[1])}
    return pd.DataFrame(columns, index=test)


def _encode(value: pd.DataFrame | FinalModel) -> bytes:
    return value.data if isinstance(value, FinalModel) else value.to_parquet()


def _decode(data: bytes) -> pd.DataFrame | FinalModel:
    if data.startswith(b"PAR1"):
        return pd.read_parquet(io.BytesIO(data))
    return FinalModel(load_model(data), data)


FITS = Step("fits", _fit, Codec(".fit", _encode, _decode), "Fitting signatures")


def fit_signatures(
    signatures: SignatureSet, training: TrainingSet, study: StudyConfig, context: ExecutionContext
) -> Fitted:
    """Cross-fit the signatures on the outer folds and fit them on all training patients, side by side."""
    folds = training_folds(training, study)
    parts = [training.in_fold(fold).keyed(folds == fold) for fold in range(folds.max() + 1)]
    # the final fit sees the most patients and takes longest: start it first
    cost = [0.0] * len(parts) + [1.0]
    given = Keyed(signatures, estimator_key(signatures))
    *held_out, final = context.map(FITS, [*parts, training.keyed(None)], given, cost=cost)
    together = pd.concat([table for table in held_out if isinstance(table, pd.DataFrame)]).sort_index()
    oof = {str(name): together[name].to_numpy() for name in together.columns.unique(0)}
    if not isinstance(final, FinalModel):
        raise TypeError("the final fit gives a model")
    return Fitted(oof, final.model, final.data, folds)


def estimator_key(estimator: object) -> object:
    """Key of an estimator that is not fitted: its class with all the code of it, and its parameters, likewise."""
    if hasattr(estimator, "get_params"):
        # a step is given estimators of kinds that its own code need not name
        kind = type(estimator)
        own = kind.__module__.startswith(__name__.partition(".")[0])
        code = code_fingerprint(kind) if own else [kind.__module__, kind.__name__]
        return [code, {name: estimator_key(value) for name, value in estimator.get_params(deep=False).items()}]
    if isinstance(estimator, list | tuple):
        return [estimator_key(part) for part in estimator]
    return estimator
