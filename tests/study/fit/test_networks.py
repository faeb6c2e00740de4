"""Whom each network must not see, and whose description is taken from it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sonoher2.config.models import ValidationConfig
from sonoher2.core.errors import InputError
from sonoher2.engine import Keyed, key_of
from sonoher2.study.fit import networks as module
from sonoher2.study.fit.networks import ACTIVATIONS, NETWORKS, activations_folder, fit_networks
from sonoher2.study.fit.training_set import TrainingSet, training_folds

PATIENTS = 12
CROPS = pd.DataFrame(
    {
        "patient_id": [f"P{i:02d}" for i in [*range(PATIENTS), 0]],
        "crop": [Path(f"/run/cache/crops/00/{i:02d}.npy") for i in range(PATIENTS + 1)],
    }
)


def training(y: np.ndarray | None = None) -> TrainingSet:
    names = pd.Index([f"P{i:02d}" for i in range(PATIENTS)], name="patient_id")
    labels = np.array([0, 1] * 6) if y is None else y
    return TrainingSet(
        pd.DataFrame({("clinical", "age"): np.zeros(PATIENTS)}, index=names), labels, np.arange(PATIENTS)
    )


def study(folds: int) -> Any:
    return SimpleNamespace(seed=0, validation=ValidationConfig(outer_folds=folds))


class Context:
    """Stands in the place of a context: each network says of a patient its own number and the patient's."""

    def __init__(self) -> None:
        self.held_out: list[list[int]] = []
        self.crops: list[list[str]] = []
        self.keys: list[str] = []
        self.shared: list[list[object]] = []
        self.activated: list[object] = []
        self.again: tuple[int, list[object]] = (0, [])

    def map(self, step: Any, items: list[Keyed[Any]], *shared: Any) -> list[Any]:
        self.shared.append([one.key for one in shared])
        if step is ACTIVATIONS:
            self.activated = [item.key for item in items]
            return [True] * len(items)
        assert step is NETWORKS
        patients = shared[0].value
        self.crops = [[path.stem for path in paths] for paths in patients.crops]
        self.keys = [key_of(item) for item in items]
        found: list[Any] = []
        for item in items:
            rows = np.flatnonzero(item.value.held_out)
            self.held_out.append(rows.tolist())
            described = np.column_stack([np.full(len(rows), item.value.number), rows])
            found.append(described.astype(float) if len(rows) else SimpleNamespace(state_={"centre": np.zeros(1)}))
        return found

    def files(self, step: Any, items: list[Keyed[Any]], *shared: Any) -> list[Path]:
        assert step is NETWORKS
        self.again = len(items), [one.key for one in shared]
        return [Path(f"without {int(item.value.held_out.sum())}") for item in items]


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    from sonoher2.deep import lesion

    classifier = SimpleNamespace(get_params=lambda: {"epochs": 1, "weights": "file"})
    monkeypatch.setattr(lesion, "trainable_network", lambda deep, network, seed: classifier)


def fitted(context: Context, y: np.ndarray | None = None) -> module.TunedNetworks:
    start: Any = SimpleNamespace(network="resnet18", sha256="1")
    return fit_networks(CROPS, training(y), study(3), None, [start], context)  # type: ignore[arg-type]


def test_each_patient_is_described_by_networks_that_saw_neither_the_patient_nor_the_outer_fold() -> None:
    """Of three folds there are the final network, one without each fold, and one without each two."""
    context = Context()
    found = fitted(context)
    folds = training_folds(training(), study(3))
    left_out = [(), (0,), (1,), (2,), (0, 1), (0, 2), (1, 2)]
    assert context.held_out == [np.flatnonzero(np.isin(folds, sets)).tolist() for sets in left_out]
    # the second image of the first patient is among this patient's crops
    assert context.crops[:2] == [["00", "12"], ["01"]]

    def without(table: pd.DataFrame) -> list[tuple[int, ...]]:
        assert table.iloc[:, 1].tolist() == list(range(PATIENTS))
        return [left_out[int(number)] for number in table.iloc[:, 0]]

    assert without(found.training) == [(fold,) for fold in folds]
    assert len(found.by_fold) == 3
    for outer, table in enumerate(found.by_fold):
        assert without(table) == [tuple(sorted({int(fold), outer})) for fold in folds]
    # the final network, which saw everybody, stays on disk
    assert found.final.files == (Path("without 0"),)


def test_the_labels_of_those_who_are_held_out_are_in_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first patient, of the first fold, has another label: networks without that fold stay what they are."""
    monkeypatch.setattr(module, "training_folds", lambda training, study: np.arange(PATIENTS) % 3)
    first, second = Context(), Context()
    fitted(first)
    y = training().y.copy()
    y[0] = 1
    fitted(second, y)
    same = [a == b for a, b in zip(first.keys, second.keys, strict=True)]
    # without nobody, 0, 1, 2, both 0 and 1, both 0 and 2, both 1 and 2
    assert same == [False, True, False, False, True, True, False]


def test_two_folds_are_too_few() -> None:
    start: Any = SimpleNamespace(network="resnet18", sha256="1")
    with pytest.raises(InputError, match="three folds"):
        fit_networks(CROPS, training(), study(2), None, [start], Context())  # type: ignore[arg-type]


def test_a_description_is_read_back_from_its_bytes() -> None:
    values = np.array([[1.0, 2.0], [3.0, 4.5]])
    np.testing.assert_array_equal(module._decode(module._encode(values)), values)


def test_what_frozen_stages_gave_under_other_code_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    crop = Path("cache/crops/ab/abcd.npy")
    monkeypatch.setattr("sonoher2.study.fit.networks.code_fingerprint", lambda _: "1" * 64)
    first = activations_folder(crop)
    monkeypatch.setattr("sonoher2.study.fit.networks.code_fingerprint", lambda _: "2" * 64)
    assert first.parent == activations_folder(crop).parent == Path("cache/activations")
    assert first != activations_folder(crop)


@pytest.mark.parametrize("held_out", [[True, False], [False, False]])
def test_a_network_describes_those_whom_it_did_not_see_or_is_given_itself(
    held_out: list[bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sonoher2.deep import crossfit
    from sonoher2.networks import device

    asked: list[Any] = []
    network = SimpleNamespace(keep_graph=lambda: asked.append("graph"))
    monkeypatch.setattr(device, "take_accelerator", asked.append)

    def fit(classifier: str, X: list[np.ndarray], y: np.ndarray, rows: np.ndarray, *, store: Any, work: Path) -> Any:
        asked.append((classifier, [part[:, 0, 0, 0].tolist() for part in X], y.tolist(), rows.tolist(), work))
        return network, "described"

    monkeypatch.setattr(crossfit, "fit_without", fit)
    monkeypatch.setattr(module, "read_crop", lambda path: np.full((2, 2, 2), int(path.stem), np.uint8))
    fold = module._Fold(np.array(held_out), 3)
    patients = module._Patients([[Path("1"), Path("2")], [Path("3")]], np.array([0, 1]), tmp_path / "kept")
    found = module._train(fold, patients, "classifier", tmp_path / "work")  # type: ignore[arg-type]
    assert asked[:2] == [3, ("classifier", [[1, 2], [3]], [0, 1], held_out, tmp_path / "work")]
    assert (found == "described", asked[2:]) == ((True, []) if any(held_out) else (False, ["graph"]))
    assert any(held_out) or found is network


def test_networks_are_kept_under_their_crops_settings_and_first_weights() -> None:
    """The folder of activations, the place of the weights and the seed of a process are in no key."""
    context = Context()
    fitted(context)
    stems = [["00", "12"], *([f"{i:02d}"] for i in range(1, PATIENTS))]
    how = ["1", {"epochs": 1}]
    assert context.shared == [[how, "activations"], [stems, how]]
    assert context.activated == stems
    assert context.again == (1, [stems, how])
