"""Fine-tuned networks say of training patients what out-of-fold networks say, and of others what the final one says."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sonoher2.cohort.patients.cohort import Cohort
from sonoher2.deep import lesion
from sonoher2.study.fit import tuned as module
from sonoher2.study.fit.networks import TunedNetworks
from sonoher2.study.fit.tuned import with_tuned_networks
from sonoher2.study.measure.measured import Measured

NAMES = pd.Index(list("ABCD"), name="patient_id")
IN_TRAINING = np.array([True, False, True, False])


def measured() -> Measured:
    patients = pd.DataFrame({"label": [0, 1, 1, 0], "group": range(4)}, index=NAMES)
    crops = pd.DataFrame({"patient_id": list("ABBCD"), "crop": ["a", "b1", "b2", "c", "d"]})
    table = pd.DataFrame({("clinical", "age"): [1.0, 2.0, 3.0, 4.0]}, index=NAMES)
    cohort = Cohort(patients, crops[["patient_id"]], ("no", "yes"), {}, ())
    return Measured(cohort, pd.DataFrame(index=crops.index), table, crops=crops)


def study(training: str) -> Any:
    return SimpleNamespace(images=object(), networks=SimpleNamespace(training=training))


def test_each_side_is_described_by_its_own_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}
    folds = (pd.DataFrame(), pd.DataFrame())

    def fit(crops: pd.DataFrame, training: Any, of: Any, deep: Any, start: Any, context: Any) -> TunedNetworks:
        given.update(
            crops=crops["crop"].tolist(), trained=training.X.index.tolist(), y=training.y.tolist(), start=start
        )
        own = pd.DataFrame({("deep", "0"): [30.0, 10.0]}, index=pd.Index(["C", "A"], name="patient_id"))
        return TunedNetworks(("final",), own, folds)  # type: ignore[arg-type]

    def describe(crops: pd.DataFrame, networks: Any, context: Any) -> dict[str, pd.DataFrame]:
        given.update(others=crops["crop"].tolist(), networks=networks)
        return {"deep": pd.DataFrame({"0": [20.0, 40.0]}, index=pd.Index(["B", "D"], name="patient_id"))}

    monkeypatch.setattr(module, "fit_networks", fit)
    monkeypatch.setattr(module, "deep_feature_groups", describe)
    monkeypatch.setattr(lesion, "starting_points", lambda deep: ("start",))
    found = with_tuned_networks(measured(), IN_TRAINING, study("fine-tuned"), None)  # type: ignore[arg-type]
    assert given == {
        "crops": ["a", "c"],
        "trained": ["A", "C"],
        "y": [0, 1],
        "start": ("start",),
        "others": ["b1", "b2", "d"],
        "networks": ("final",),
    }
    assert found.feature_table["deep", "0"].to_dict() == {"A": 10, "B": 20, "C": 30, "D": 40}
    assert found.feature_table["clinical", "age"].tolist() == [1, 2, 3, 4]
    assert found.networks == ("final",)
    assert found.by_fold is folds


@pytest.mark.parametrize(
    "settings",
    [study("frozen"), SimpleNamespace(images=None, networks=None), SimpleNamespace(images=object(), networks=None)],
)
def test_without_networks_to_train_nothing_changes(settings: Any) -> None:
    known = measured()
    assert with_tuned_networks(known, IN_TRAINING, settings, None) is known  # type: ignore[arg-type]
