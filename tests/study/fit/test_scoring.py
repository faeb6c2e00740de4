"""Who is fitted on and who is scored by what, on a table of five patients."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sonoher2.cohort.patients.cohort import Cohort
from sonoher2.study.fit.scoring import score_models, score_patients, training_set
from sonoher2.study.fit.signatures import Fitted
from sonoher2.study.measure.measured import Measured

NAMES = pd.Index(list("ABCDE"), name="patient_id")
IN_TRAINING = np.array([True, False, True, True, False])


def measured(**columns: object) -> Measured:
    patients = pd.DataFrame({"label": [0, 1, 1, 0, 0], "group": [7, 8, 7, 9, 8], **columns}, index=NAMES)
    cohort = Cohort(patients, pd.DataFrame({"patient_id": NAMES}), ("no", "yes"), {}, ())
    table = pd.DataFrame({("clinical", "age"): [10.0, 20.0, 30.0, 40.0, 50.0]}, index=NAMES)
    folds = (table.iloc[:1], table.iloc[1:2])
    return Measured(cohort, pd.DataFrame(index=NAMES), table, by_fold=folds)


def test_the_training_set_holds_training_patients_alone() -> None:
    known = measured(site=pd.Series(["a", "b", "c", None, "e"], NAMES, dtype=object))
    found = training_set(known, IN_TRAINING)
    assert found.X.index.tolist() == ["A", "C", "D"]
    assert found.X["clinical", "age"].tolist() == [10, 30, 40]
    assert found.y.tolist() == [0, 1, 0]
    assert found.groups.tolist() == [7, 7, 9]
    assert found.sites == ("a", "c", None)
    assert found.by_fold is known.by_fold
    assert training_set(measured(), IN_TRAINING).sites == ()


def test_training_patients_are_scored_out_of_fold_and_others_by_the_final_model() -> None:
    """The final model gives a tenth of the age in percent; out of fold the scores are others."""

    def predict_proba(X: pd.DataFrame) -> dict[str, np.ndarray]:
        p = X["clinical", "age"].to_numpy() / 1000
        return {"Clinical": np.column_stack([1 - p, p])}

    own = np.array([[0.6, 0.4], [0.5, 0.5], [0.3, 0.7]])
    fitted = Fitted({"Clinical": own}, SimpleNamespace(predict_proba=predict_proba), b"", np.array([0, 1, 0]))
    table = score_patients(measured(), fitted, IN_TRAINING)
    assert table["patient_id"].tolist() == ["A", "C", "D", "B", "E"]
    assert table["set"].tolist() == ["train_oof"] * 3 + ["test"] * 2
    assert table["label"].tolist() == ["no", "yes", "no", "yes", "no"]
    assert table["score"].tolist() == pytest.approx([0.4, 0.5, 0.7, 0.02, 0.05])
    assert table["outcome"].eq("yes").all()


def test_models_that_were_chosen_among_are_scored_alike_under_their_family() -> None:
    """Of three training patients out of fold, of two others by the final models."""
    known = measured()
    fitted = Fitted(
        {}, None, b"", np.array([0, 1, 0]),  # type: ignore[arg-type]
        {("Radiomics", "svm"): np.array([[0.6, 0.4], [0.5, 0.5], [0.3, 0.7]])},
        {("Radiomics", "svm"): np.array([[0.1, 0.9], [0.8, 0.2]]), ("Deep", "net"): np.array([[0.5, 0.5], [0.4, 0.6]])},
    )  # fmt: skip
    table = score_models(known, fitted, IN_TRAINING)
    assert table["patient_id"].tolist() == ["A", "C", "D", "B", "E", "B", "E"]
    assert table["set"].tolist() == ["train_oof"] * 3 + ["test"] * 4
    assert table["score"].tolist() == [0.4, 0.5, 0.7, 0.9, 0.2, 0.5, 0.6]
    assert table["label"].tolist() == ["no", "yes", "no", "yes", "no", "yes", "no"]
    assert table["family"].tolist() == ["Radiomics"] * 5 + ["Networks alone"] * 2
    assert table["model"].tolist() == ["svm"] * 5 + ["net"] * 2
    assert table["signature"].iloc[[0, -1]].tolist() == ["Radiomics: svm", "Networks alone: net"]
    nothing = Fitted({}, None, b"", np.array([0, 1, 0]))  # type: ignore[arg-type]
    assert score_models(known, nothing, IN_TRAINING).empty
