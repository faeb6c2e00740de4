"""Signatures are fitted without the patients whom they score, and once on all of them."""

from __future__ import annotations

import io
import zipfile
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from sonoher2.config.models import ValidationConfig
from sonoher2.engine import Keyed
from sonoher2.study.fit import signatures as module
from sonoher2.study.fit.signatures import FinalModel, Fitted, estimator_key, fit_signatures
from sonoher2.study.fit.training_set import TrainingSet, training_folds

AGE = np.array([3.0, 1.0, 4.0, 1.5, 5.0, 9.0, 2.0, 6.0, 5.5, 3.5, 8.0, 7.0])
LABEL = np.array([0, 1] * 6)
GROUP = np.repeat(np.arange(6), 2)


class Remembering(BaseEstimator):
    """Scores everybody by the mean age of those whom it was fitted on, and remembers the groups it was given."""

    def fit(self, X: pd.DataFrame, y: np.ndarray, groups: np.ndarray) -> Remembering:
        self.mean_, self.groups_ = float(X["clinical", "age"].mean()), groups
        FITTED.append((X.index.tolist(), y.tolist(), groups.tolist()))
        return self

    def predict_proba(self, X: pd.DataFrame) -> dict[str, np.ndarray]:
        return {"Clinical": np.column_stack([X["clinical", "age"], np.full(len(X), self.mean_)])}


FITTED: list[tuple[list[int], list[int], list[int]]] = []


class InThisProcess:
    """Stands in the place of a context: every value is computed here and now."""

    def map(self, step: Any, items: list[Any], *shared: Any, cost: list[float]) -> list[Any]:
        given = [one.value if isinstance(one, Keyed) else one for one in shared]
        assert cost == [0.0] * (len(items) - 1) + [1.0]
        return [module._fit(item.value, *given) for item in items]


@pytest.fixture
def fitted(monkeypatch: pytest.MonkeyPatch) -> Fitted:
    FITTED.clear()
    monkeypatch.setattr(module, "dump_model", lambda model: b"model")
    monkeypatch.setattr(module, "estimator_key", lambda estimator: "key")
    study: Any = SimpleNamespace(seed=0, validation=ValidationConfig(outer_folds=3))
    return fit_signatures(Remembering(), training(), study, InThisProcess())  # type: ignore[arg-type]


def training() -> TrainingSet:
    return TrainingSet(pd.DataFrame({("clinical", "age"): AGE}), LABEL, GROUP)


def test_each_patient_is_scored_by_a_model_that_did_not_see_the_own_fold(fitted: Fitted) -> None:
    study: Any = SimpleNamespace(seed=0, validation=ValidationConfig(outer_folds=3))
    folds = training_folds(training(), study)
    assert fitted.folds.tolist() == folds.tolist()
    scores = fitted.oof["Clinical"]
    # each row is of its own patient, and its score the mean age of all who are in other folds
    assert scores[:, 0].tolist() == AGE.tolist()
    assert scores[:, 1].tolist() == pytest.approx([AGE[folds != fold].mean() for fold in folds])


def test_the_final_model_sees_all_training_patients(fitted: Fitted) -> None:
    assert fitted.model.mean_ == pytest.approx(AGE.mean())
    assert fitted.data == b"model"
    # of the five bytes m, o, d, e, l
    assert fitted.sha256 == "9372c470eeadd5ecd9c3c74c2b3cb633f8e2f2fad799250a0f70d652b6b825e4"


def test_groups_and_labels_go_with_their_patients(fitted: Fitted) -> None:
    """Three folds and the final fit; the near-duplicates of a patient stay on the patient's side."""
    assert len(FITTED) == 4
    for rows, labels, groups in FITTED:
        assert labels == LABEL[rows].tolist()
        assert groups == GROUP[rows].tolist()
        assert not set(groups) & set(np.delete(GROUP, rows).tolist())


def test_what_a_fit_gives_is_read_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table of scores; a model, whose bytes are a zip file; and a model with the scores of its rivals."""
    table = pd.DataFrame({("Clinical", "", "0"): [0.25, 0.5]}, index=[4, 7])
    pd.testing.assert_frame_equal(module._decode(module._encode(table)), table)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("a", "b")
    data = buffer.getvalue()
    monkeypatch.setattr(module, "load_model", lambda given: given)
    alone = FinalModel(data, data)
    assert module._decode(module._encode(alone)) == alone
    found = module._decode(module._encode(FinalModel(data, data, table)))
    assert isinstance(found, FinalModel)
    assert (found.model, found.data) == (data, data)
    pd.testing.assert_frame_equal(found.scores, table)


def test_the_key_of_an_estimator_holds_its_parameters_and_those_of_its_parts() -> None:
    class Part(BaseEstimator):
        def __init__(self, alpha: float = 1.0) -> None:
            self.alpha = alpha

    class Whole(BaseEstimator):
        def __init__(self, parts: tuple[Part, ...] = (), name: str = "a") -> None:
            self.parts, self.name = parts, name

    key = estimator_key(Whole((Part(0.5), Part(2.0)), "b"))
    [_, own] = key
    assert own["name"] == "b"
    assert [part[1] for part in own["parts"]] == [{"alpha": 0.5}, {"alpha": 2.0}]
