"""Fitting the signatures of a study: out of fold, and once on all training patients."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone

from sonoher2.bundle.model_bytes import dump_model, load_model
from sonoher2.engine import Codec, ExecutionContext, Keyed, Step, code_fingerprint
from sonoher2.signatures.set import SignatureSet
from sonoher2.study.fit.training_set import TrainingSet, training_folds

if TYPE_CHECKING:
    from sonoher2.config.study import StudyConfig

Probabilities = dict[str, NDArray[np.float64]]
Compared = dict[tuple[str, str], NDArray[np.float64]]
"""(patients, classes) by signature and model."""


@dataclass(frozen=True)
class FinalModel:
    """The model that was fitted on all training patients.

    Attributes
    ----------
    model
        It.
    data
        Its bytes as they go into the bundle.
    scores
        What the models that were not chosen say of the other patients: index their rows, columns as in `_fit`. None
        unless they were asked.
    """

    model: SignatureSet
    data: bytes
    scores: pd.DataFrame | None = None


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
    compared_oof, compared
        Every model and network that the signatures chose among: of the training patients out of fold, and of the
        patients to compare on. Empty without a comparison.
    """

    oof: Probabilities
    model: SignatureSet
    data: bytes
    folds: NDArray[np.int64]
    compared_oof: Compared = field(default_factory=dict)
    compared: Compared = field(default_factory=dict)

    @property
    def sha256(self) -> str:
        """Hash of the final model's bytes."""
        return hashlib.sha256(self.data).hexdigest()


def _fit(
    given: tuple[TrainingSet, NDArray[np.bool_] | None], signatures: SignatureSet, others: pd.DataFrame | None = None
) -> pd.DataFrame | FinalModel:
    """Scores of a fold's patients, index their rows and columns (signature, model, class); or the final model.

    The model of a signature's own scores is the empty text. Where other patients are given, the scores of all models
    that the signatures chose among are given too: of the fold's patients, or of the others.
    """
    training, held_out = given
    if held_out is None:
        final = signatures.fit(training.X, training.y, training.groups)
        scores = None if others is None else _table(final.compared(others), np.arange(len(others)))
        return FinalModel(final, dump_model(final), scores)
    train, test = np.flatnonzero(~held_out), np.flatnonzero(held_out)
    fitted = clone(signatures).fit(training.X.iloc[train], training.y[train], training.groups[train])
    unseen = training.X.iloc[test]
    own: Compared = {(name, ""): score for name, score in fitted.predict_proba(unseen).items()}
    return _table(own | ({} if others is None else fitted.compared(unseen)), test)


def _table(scores: Compared, rows: NDArray[np.intp]) -> pd.DataFrame:
    columns = {(*names, str(k)): score[:, k] for names, score in scores.items() for k in range(score.shape[1])}
    return pd.DataFrame(columns, index=rows)


def _scores(table: pd.DataFrame) -> Compared:
    """Take the probabilities of each signature and model out of a table."""
    columns = [(str(column[0]), str(column[1])) for column in table.columns]
    places = {names: [place for place, other in enumerate(columns) if other == names] for names in columns}
    return {names: table.iloc[:, own].to_numpy() for names, own in places.items()}


_MODEL, _SCORES = "model.skops", "scores.parquet"


def _encode(value: pd.DataFrame | FinalModel) -> bytes:
    if not isinstance(value, FinalModel):
        return value.to_parquet()
    if value.scores is None:
        return value.data
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr(_MODEL, value.data)
        file.writestr(_SCORES, value.scores.to_parquet())
    return buffer.getvalue()


def _decode(data: bytes) -> pd.DataFrame | FinalModel:
    if data.startswith(b"PAR1"):
        return pd.read_parquet(io.BytesIO(data))
    with zipfile.ZipFile(io.BytesIO(data)) as file:  # a model is a zip file itself
        if _SCORES not in file.namelist():
            return FinalModel(load_model(data), data)
        model = file.read(_MODEL)
        return FinalModel(load_model(model), model, pd.read_parquet(io.BytesIO(file.read(_SCORES))))


FITS = Step("fits", _fit, Codec(".fit", _encode, _decode), "Fitting signatures")


def fit_signatures(
    signatures: SignatureSet,
    training: TrainingSet,
    study: StudyConfig,
    context: ExecutionContext,
    others: pd.DataFrame | None = None,
) -> Fitted:
    """Cross-fit the signatures on the outer folds and fit them on all training patients, side by side.

    Parameters
    ----------
    signatures
        Unfitted.
    training
        The training patients.
    study
        Its folds and seed.
    context
        Where fits are kept and computed.
    others
        Other patients, by the columns of `training.X`: for a comparison of all models that the signatures choose among.
        Nothing is fitted on them. None leaves the comparison out.
    """
    folds = training_folds(training, study)
    parts = [training.in_fold(fold).keyed(folds == fold) for fold in range(folds.max() + 1)]
    # the final fit sees the most patients and takes longest: start it first
    cost = [0.0] * len(parts) + [1.0]
    given = [Keyed(signatures, estimator_key(signatures)), *([] if others is None else [others])]
    *held_out, final = context.map(FITS, [*parts, training.keyed(None)], *given, cost=cost)
    together = _scores(pd.concat([table for table in held_out if isinstance(table, pd.DataFrame)]).sort_index())
    oof = {name: score for (name, model), score in together.items() if not model}
    if not isinstance(final, FinalModel):
        raise TypeError("the final fit gives a model")
    compared_oof = {names: score for names, score in together.items() if names[1]}
    compared = {} if final.scores is None else _scores(final.scores)
    return Fitted(oof, final.model, final.data, folds, compared_oof, compared)


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
