"""What is written of a study and of a validation, and what goes into the bundle."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from sonoher2.core.errors import InputError
from sonoher2.networks.own import ImageNetworks, OwnNetwork, Weights
from sonoher2.study.fit.stored_networks import StoredNetworks
from sonoher2.study.steps import write as module
from sonoher2.study.steps.write import _network_bytes, freeze, keep, write


def state(bundle: object = None, changed: bool = False) -> Any:
    def require() -> None:
        if changed:
            raise InputError("inputs were changed", fix="Run it again")

    images = pd.DataFrame({"patient_id": ["A"], "image": ["a.png"], "site": ["X"]})
    return SimpleNamespace(
        checked=SimpleNamespace(require_unchanged=require, segmented="outlines", networks=ImageNetworks()),
        measured=SimpleNamespace(cohort=SimpleNamespace(images=images), features="features", networks=()),
        result="result", study=SimpleNamespace(data=Path("data")),
        out=Path("run"), context=SimpleNamespace(store="store"), bundle=bundle, cases="cases",
    )  # fmt: skip


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What each writer was given, in order."""
    calls: list[tuple[Any, ...]] = []
    for name in ("write_result", "write_segmented", "write_table", "save_bundle", "save_result"):
        monkeypatch.setattr(module, name, lambda *given, name=name: calls.append((name, *given)))
    return calls


def test_a_study_writes_its_outlines_and_the_key_of_its_reference(written: list[tuple[Any, ...]]) -> None:
    write(state())
    (name, result, images, features, out, store), *rest = written
    assert (name, result, features, out, store) == ("write_result", "result", "features", Path("run"), "store")
    assert images.columns.tolist() == ["patient_id", "image"]
    assert rest == [
        ("write_segmented", "outlines", Path("data"), Path("run")),
        ("write_table", Path("run/reference_key.csv"), "cases"),
    ]


def test_a_validation_writes_its_tables_alone(written: list[tuple[Any, ...]]) -> None:
    write(state(bundle="a model"))
    assert [name for name, *_ in written] == ["write_result"]


def test_nothing_is_written_of_inputs_that_were_changed(written: list[tuple[Any, ...]]) -> None:
    with pytest.raises(InputError, match="changed"):
        write(state(changed=True))
    assert written == []


def test_results_are_kept_in_the_folder_of_the_run(written: list[tuple[Any, ...]]) -> None:
    keep(state())
    assert written == [("save_result", "result", Path("run"))]


def test_a_bundle_tells_of_training_patients_alone(
    written: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of each class as many as were trained on; thresholds by signature and outcome, of which one has two."""
    told: dict[str, Any] = {}

    class Schema:
        def model_copy(self, update: dict[str, Any]) -> str:
            told.update(update)
            return "schema"

    monkeypatch.setattr(module, "schema_of", lambda config, **given: told.update(given) or Schema())
    monkeypatch.setattr(module, "dump_reference", lambda reference: f"bytes of {reference}")
    now = state()
    own = OwnNetwork(Weights("a.safetensors", "hash", "a.json"), {})
    now.checked.networks = ImageNetworks(None, own)
    now.reference, now.fitted = "reference", SimpleNamespace(data=b"model")
    patients = pd.DataFrame(
        {
            "set": ["train_oof", "test", "train_oof", "test", "train_oof"],
            "label": ["zero", "zero", "low", "positive", "low"],
        }
    )
    thresholds = pd.DataFrame(
        {
            "signature": ["DLR", "DLR", "Clinical"],
            "outcome": ["low", "zero", "low"],
            "threshold": [0.5, 0.25, 0.75],
            "rule": "Youden",
        }
    )
    now.result = SimpleNamespace(
        about=SimpleNamespace(config="config", classes=("zero", "low", "positive"), main="DLR"),
        cohort=SimpleNamespace(patients=patients),
        performance=SimpleNamespace(thresholds=thresholds),
        uncertainty=SimpleNamespace(learned="learned"),
        model=SimpleNamespace(training="training"),
    )
    freeze(now)
    assert told["training_patients"] == {"zero": 1, "low": 2, "positive": 0}
    assert told["thresholds"] == {"DLR": {"low": 0.5, "zero": 0.25}, "Clinical": {"low": 0.75}}
    assert (told["signatures"], told["main"], told["threshold_rule"]) == (("DLR", "Clinical"), "DLR", "Youden")
    assert (told["uncertainty"], told["training"], told["enhancer"]) == ("learned", "training", "hash")
    assert "segmenter" not in told
    assert written == [
        ("save_bundle", Path("run/bundle"), b"model", "schema", None, "bytes of reference", now.checked.networks)
    ]


def test_networks_on_disk_are_joined_and_others_dumped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "dump_networks", lambda networks: f"dumped {len(networks)}".encode())
    monkeypatch.setattr(StoredNetworks, "joined", property(lambda self: b"joined"))
    assert _network_bytes(()) is None
    assert _network_bytes(StoredNetworks(())) is None
    assert _network_bytes(("one", "two")) == b"dumped 2"  # type: ignore[arg-type]
    assert _network_bytes(StoredNetworks((Path("a"),))) == b"joined"
