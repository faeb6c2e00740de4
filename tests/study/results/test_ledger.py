"""Openings of a test set are counted whatever is done about them; the same opening is counted once."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sonoher2.cohort.patients.cohort import Cohort
from sonoher2.config.images import ImagesConfig
from sonoher2.config.study import StudyConfig
from sonoher2.engine import ArtifactStore
from sonoher2.study.results.ledger import (
    BESIDE,
    LEDGER,
    Ledger,
    bundle_key,
    enter,
    new_entry,
    settings_key,
    shares_patients,
)

NUMBERS = ("age", "size", "depth")
PATIENTS, TESTED = 60, 20


@dataclass(frozen=True)
class Opening:
    """A study about to open its test set: the last twenty patients of sixty, unless told."""

    study: StudyConfig
    cohort: Cohort
    tested: Sequence[str]
    model: str | None = None

    def into(self, out: Path) -> Ledger:
        training = [name for name in self.cohort.patients.index if name not in self.tested]
        model = self.model or settings_key(self.study, self.cohort, training, {})
        entry = new_entry(self.study, self.cohort, list(self.tested), {}, model)
        return enter(entry, self.study, out, ArtifactStore(out / "cache"), "2026-01-01T00:00:00+00:00")

    def with_patients(self, patients: pd.DataFrame) -> Opening:
        return replace(self, cohort=replace(self.cohort, patients=patients))

    def with_settings(self, **settings: object) -> Opening:
        study = self.study.model_dump() | settings
        return replace(self, study=StudyConfig.model_validate(study).model_copy(update={"data": self.study.data}))


@pytest.fixture
def opening(tmp_path: Path) -> Opening:
    return an_opening(tmp_path / "data")


def an_opening(data: Path, seed: int = 0) -> Opening:
    data.mkdir()
    columns = {name: {"kind": "number", "timing": "pre-biopsy"} for name in NUMBERS}
    study = StudyConfig.model_validate(
        {"clinical": {"table": "c.csv", "columns": columns}, "target": {"column": "x", "positive": "1"}}
    ).model_copy(update={"data": data})
    rng = np.random.default_rng(seed)
    index = pd.Index([f"P{i:03}" for i in range(PATIENTS)], name="patient_id")
    patients = pd.DataFrame(rng.normal(50, 9, (PATIENTS, len(NUMBERS))).round(1), index, NUMBERS)
    patients = patients.assign(label=rng.integers(0, 2, PATIENTS), group=np.arange(PATIENTS))
    cohort = Cohort(patients, pd.DataFrame(), ("negative", "positive"), study.clinical.columns, ())
    return Opening(study, cohort, list(index[-TESTED:]))


def test_the_same_opening_counts_once(opening: Opening, tmp_path: Path) -> None:
    for folder in ("run", "run", "other"):
        assert len(opening.into(tmp_path / folder).entries) == 1
    # neither a title, nor a description of the selection, nor the order of rows is another opening
    described = opening.with_settings(title="Another", selection={"bootstraps": 100})
    assert len(described.into(tmp_path / "third").entries) == 1
    turned = opening.with_patients(opening.cohort.patients.iloc[::-1])
    assert len(replace(turned, tested=opening.tested[::-1]).into(tmp_path / "fourth").entries) == 1


def test_another_version_of_a_library_is_no_second_opening(
    opening: Opening, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening.into(tmp_path / "run")
    monkeypatch.setattr("sonoher2.bundle.save.library_versions", lambda: {"pandas": "9.9"})
    monkeypatch.setattr("sonoher2.engine.fingerprint.library_version", lambda name: "9.9")
    assert len(opening.into(tmp_path / "run").entries) == 1


def test_other_seeds_in_other_folders_are_counted(opening: Opening, tmp_path: Path) -> None:
    names = np.array(opening.cohort.patients.index)
    for seed in range(5):
        tested = sorted(np.random.default_rng(seed).permutation(names)[:TESTED])
        ledger = replace(opening.with_settings(seed=seed), tested=tested).into(tmp_path / f"seed-{seed}")
    assert len(ledger.entries) == 5
    assert len({entry["set"] for entry in ledger.entries}) == 5


def test_other_labels_of_the_test_patients_are_counted(opening: Opening, tmp_path: Path) -> None:
    opening.into(tmp_path / "run")
    patients = opening.cohort.patients.copy()
    patients.loc[list(opening.tested), "label"] = 1 - patients.loc[list(opening.tested), "label"]
    ledger = opening.with_patients(patients).into(tmp_path / "flipped")
    assert len(ledger.entries) == 2
    assert len({entry["labels"] for entry in ledger.entries}) == 2
    assert len({entry["model"] for entry in ledger.entries}) == 1


@pytest.mark.parametrize(
    "rule", [{"threshold": "sensitivity"}, {"threshold": "sensitivity", "threshold_at": 0.8}, {"coverage": 0.8}]
)
def test_another_rule_for_the_threshold_is_counted(opening: Opening, tmp_path: Path, rule: dict[str, object]) -> None:
    opening.into(tmp_path / "run")
    assert len(opening.with_settings(evaluation=rule).into(tmp_path / "run").entries) == 2
    assert len(opening.with_settings(evaluation={"bootstrap": 150}).into(tmp_path / "run").entries) == 2
    assert len(opening.with_settings(selection={"mrmr": 5}).into(tmp_path / "run").entries) == 3


@pytest.mark.parametrize("gone", ["data", "run", "run and record", "all but the record", "all but the cache"])
def test_a_deleted_ledger_is_known_from_elsewhere(opening: Opening, tmp_path: Path, gone: str) -> None:
    beside, own, run = opening.study.data / BESIDE, tmp_path / "run" / LEDGER, tmp_path / "run"
    first = opening.into(run)
    (run / "run.json").write_text(json.dumps({"ledger": list(first.entries)}))
    for path in {"data": [beside], "run": [own]}.get(gone, [beside, own]):
        path.unlink()
    if gone in ("run and record", "all but the cache"):
        (run / "run.json").unlink()
    if gone == "all but the record":
        shutil.rmtree(run / "cache")
    assert len(opening.with_settings(seed=5).into(run).entries) == 2
    assert beside.is_file()
    assert own.is_file()


def test_a_filter_on_the_test_patients_is_counted(opening: Opening, tmp_path: Path) -> None:
    external = replace(opening, model="frozen", tested=list(opening.cohort.patients.index))
    external.into(tmp_path / "all")
    clinical = opening.study.clinical.model_dump() | {"where": {"site": ["A"]}}
    part = replace(external.with_settings(clinical=clinical), tested=list(opening.cohort.patients.index[:30]))
    ledger = part.into(tmp_path / "part")
    assert len(ledger.entries) == 2
    assert len({entry["filter"] for entry in ledger.entries}) == 2


@pytest.mark.parametrize("name", ["{:d}", "patient-{:04d}-a"])
def test_renamed_patients_are_known_by_their_values(opening: Opening, tmp_path: Path, name: str) -> None:
    opening.into(tmp_path / "run")
    index = pd.Index([name.format(i) for i in range(500, 500 + PATIENTS)], name="patient_id")
    renamed = opening.with_patients(opening.cohort.patients.set_axis(index))
    assert len(replace(renamed, tested=list(index[-TESTED:])).into(tmp_path / "other").entries) == 2


def test_a_copy_of_the_data_is_known_by_the_runs_beside(opening: Opening, tmp_path: Path) -> None:
    opening.into(tmp_path / "one")
    copied = replace(opening, study=opening.study.model_copy(update={"data": tmp_path / "copy"}))
    (tmp_path / "copy").mkdir()
    assert len(replace(copied, model="other").into(tmp_path / "two").entries) == 2


def test_patients_of_another_hospital_with_the_same_numbers_are_others(opening: Opening, tmp_path: Path) -> None:
    opening.into(tmp_path / "one")
    other = an_opening(tmp_path / "elsewhere", seed=1)
    other = replace(other, study=other.study.model_copy(update={"data": opening.study.data}))
    assert len(other.into(tmp_path / "two").entries) == 1


def test_openings_at_the_same_time_are_all_kept(opening: Opening, tmp_path: Path) -> None:
    def enter_one(seed: int) -> None:
        opening.with_settings(seed=seed).into(tmp_path / f"{seed}" / "run")

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(enter_one, range(12)))
    assert len(json.loads((opening.study.data / BESIDE).read_text())) == 12


def test_no_identifier_stands_in_a_ledger(opening: Opening, tmp_path: Path) -> None:
    opening.into(tmp_path / "run")
    for path in (opening.study.data / BESIDE, tmp_path / "run" / LEDGER):
        text = path.read_text()
        assert not any(name in text for name in opening.cohort.patients.index)
        assert "tested" not in text


def test_a_read_only_folder_is_left_as_it_is(opening: Opening, tmp_path: Path) -> None:
    opening.study.data.chmod(0o555)
    ledger = opening.into(tmp_path / "run")
    opening.study.data.chmod(0o755)
    assert [finding.severity for finding in ledger.findings] == ["note"]
    assert not (opening.study.data / BESIDE).exists()
    assert len(opening.with_settings(seed=9).into(tmp_path / "run").entries) == 2


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "[1]", '[{"model": 3}]', '[{"model": "a", "patients": []}]', '{"ledger": 3}', "\x00"]
)
def test_a_damaged_ledger_stops_nothing(opening: Opening, tmp_path: Path, text: str) -> None:
    beside = opening.study.data / BESIDE
    beside.write_text(text)
    ledger = opening.into(tmp_path / "run")
    assert len(ledger.entries) == 1
    # nothing is written over it, and it is told once
    aside = opening.study.data / ".sonoher2-ledger-damaged-1.json"
    assert [finding.severity for finding in ledger.findings] == ([] if text == "[]" else ["warning"])
    assert aside.exists() == (text != "[]")
    assert text == "[]" or (aside.read_text() == text and aside.name in ledger.findings[0].fix)
    assert len(json.loads(beside.read_text())) == 1
    assert opening.into(tmp_path / "run").findings == ()


def test_a_second_damaged_ledger_is_put_aside_beside_the_first(opening: Opening, tmp_path: Path) -> None:
    for text in ("<<<<<<< mine", "["):
        (opening.study.data / BESIDE).write_text(text)
        opening.into(tmp_path / "run")
    kept = sorted(opening.study.data.glob(".sonoher2-ledger-damaged-*.json"))
    assert [path.read_text() for path in kept] == ["<<<<<<< mine", "["]


def test_openings_of_an_earlier_version_are_kept(opening: Opening, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / LEDGER).write_text('[{"model": "abc", "opened": "2025-01-01T00:00:00+00:00"}]')
    assert opening.into(tmp_path / "run").entries[0]["model"] == "abc"
    assert len(opening.into(tmp_path / "run").entries) == 2


def with_images(opening: Opening, mask: str = "m") -> Opening:
    names = list(opening.cohort.patients.index)
    images = pd.DataFrame(
        {
            "patient_id": names, "image": [f"/{name}.png" for name in names],
            "masks": [(f"/{mask}{name}.png",) for name in names], "second_mask": None, "frame": np.nan,
            "mm_per_pixel": 0.1,
        }
    )  # fmt: skip
    return replace(opening, cohort=replace(opening.cohort, images=images))


def test_redrawn_masks_and_other_values_of_the_test_patients_are_counted(opening: Opening, tmp_path: Path) -> None:
    def entered(one: Opening, by_network: bool = False) -> int:
        hashes = {path: path for masks in one.cohort.images["masks"] for path in masks}
        made = set(hashes) if by_network else set()
        entry = new_entry(one.study, one.cohort, list(one.tested), hashes, "model", made)
        return len(enter(entry, one.study, tmp_path / "run", ArtifactStore(tmp_path / "run" / "cache"), "2026").entries)

    first = with_images(opening)
    assert [entered(first), entered(first)] == [1, 1]
    assert entered(with_images(opening, "redrawn")) == 2
    moved = first.cohort.patients.copy()
    moved.loc[first.tested[0], "age"] += 1
    assert entered(first.with_patients(moved)) == 3
    thicker = first.cohort.images.assign(mm_per_pixel=0.2)
    assert entered(replace(first, cohort=replace(first.cohort, images=thicker))) == 4
    # masks of a network count as the network does, among the settings
    assert [entered(with_images(opening, mask), by_network=True) for mask in ("m", "redrawn")] == [5, 5]


def test_an_opening_of_a_version_that_kept_no_data_is_the_same_one(opening: Opening, tmp_path: Path) -> None:
    opening.into(tmp_path / "run")
    for path in (tmp_path / "run" / LEDGER, tmp_path / "data" / BESIDE):
        old = [{key: value for key, value in one.items() if key != "data"} for one in json.loads(path.read_text())]
        path.write_text(json.dumps(old))
    shutil.rmtree(tmp_path / "run" / "cache")
    for _ in range(2):
        [entry] = opening.into(tmp_path / "run").entries
        assert entry["data"]


def test_a_bundle_is_known_by_what_it_decides(finished) -> None:
    from sonoher2.bundle.load import load_bundle

    schema = load_bundle(finished.run / "bundle").schema
    key = bundle_key(schema, ["age"], True, None)
    assert bundle_key(schema.model_copy(update={"sonoher2": "9", "title": "Another"}), ["age"], True, None) == key
    assert bundle_key(schema.model_copy(update={"threshold_rule": "another"}), ["age"], True, None) != key
    assert bundle_key(schema, [], True, None) != key
    assert bundle_key(schema, ["age"], True, 0.5) != key


def entry(rows: dict[str, str], columns: str = "c", pictures: dict[str, str] | None = None) -> Any:
    """Patients by name with the hash of their values, and of a picture."""
    shown = pictures or {}
    return {"columns": columns, "patients": {name: [row, *shown.get(name, "")] for name, row in rows.items()}}


def named(prefix: str, count: int, alike: int) -> dict[str, str]:
    """So many patients, of whom the first have the values of everybody's first."""
    return {f"{prefix}{i}": f"v{i}" if i < alike else f"{prefix} v{i}" for i in range(count)}


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        # eight of ten test patients have equal values: known again under other names
        (entry(named("a", 10, 8)), entry(named("b", 10, 10)), True),
        (entry(named("a", 10, 7)), entry(named("b", 10, 10)), False),
        # of the smaller set: eight of ten among twenty
        (entry(named("a", 10, 8)), entry(named("b", 20, 20)), True),
        # too few patients, and columns that are others or unknown
        (entry(named("a", 9, 9)), entry(named("b", 9, 9)), False),
        (entry(named("a", 10, 10)), entry(named("b", 10, 10), "d"), False),
        (entry(named("a", 10, 10), ""), entry(named("b", 10, 10), ""), False),
        # one picture is enough
        (entry({"a": "x"}, "", {"a": "p"}), entry({"b": "y"}, "", {"b": "p"}), True),
        (entry({"a": "x"}, "", {"a": "p"}), entry({"b": "y"}, "", {"b": "q"}), False),
        # equal names with values of which fewer than half are alike are two hospitals; half is enough
        (entry({"1": "x", "2": "y"}), entry({"1": "x", "2": "z"}), True),
        (entry({"1": "x", "2": "y", "3": "w"}), entry({"1": "x", "2": "z", "3": "v"}), False),
        # also where their pictures are others
        (entry({"1": "x"}, "c", {"1": "p"}), entry({"1": "x"}, "c", {"1": "q"}), True),
        (entry({"1": "x"}, "c", {"1": "p"}), entry({"1": "y"}, "c", {"1": "q"}), False),
        # where values cannot be compared the names count
        (entry({"1": "x"}, ""), entry({"1": "y"}, ""), True),
        (entry({"1": "x"}), entry({"2": "x"}), False),
    ],
)
def test_test_sets_with_patients_in_common(one: Any, other: Any, shared: bool) -> None:
    assert shares_patients(one, other) is shared
    assert shares_patients(other, one) is shared


def test_pictures_are_known_by_their_bytes_and_three_columns_by_their_names(opening: Opening) -> None:
    images = pd.DataFrame(
        {"patient_id": ["P040", "P040", "P041"], "image": ["a", "b", "absent"], "masks": [("m",)] * 3,
         "second_mask": None, "frame": np.nan, "mm_per_pixel": np.nan}
    )  # fmt: skip
    cohort = replace(opening.cohort, images=images)
    first = new_entry(opening.study, cohort, ["P040", "P041"], {"a": "1", "b": "2"}, "model")
    assert sorted(len(hashes) for hashes in first["patients"].values()) == [1, 3]
    renamed = replace(cohort, images=images.assign(image=["c", "d", "absent"]))
    again = new_entry(opening.study, renamed, ["P040", "P041"], {"c": "2", "d": "1"}, "model")
    assert again["patients"] == first["patients"]
    assert (len(first["set"]), len(first["labels"]), len(first["filter"]), len(first["columns"])) == (16,) * 4
    two = replace(cohort, clinical={name: cohort.clinical[name] for name in NUMBERS[:2]})
    assert new_entry(opening.study, two, ["P040"], {}, "model")["columns"] == ""


def test_the_model_is_another_with_other_weights_patients_labels_or_pictures(opening: Opening) -> None:
    study = opening.study.model_copy(update={"images": ImagesConfig(table=Path("i.csv"))})
    cohort = replace(opening.cohort, images=pd.DataFrame({"patient_id": ["P000"], "image": ["a"]}))
    names = list(cohort.patients.index[:40])
    flipped = cohort.patients.assign(label=1 - cohort.patients["label"])
    cropped = study.model_copy(update={"images": ImagesConfig(table=Path("i.csv"), crop_to_b_mode=True)})
    keys = [
        settings_key(study, cohort, names, {"a": "1"}),
        settings_key(study, cohort, names, {"a": "2"}),
        settings_key(study, cohort, names[1:], {"a": "1"}),
        settings_key(study, cohort, names, {"a": "1"}, {"segmenter": "own"}),
        settings_key(study, cohort, names, {"a": "1"}, {"enhancer": "own"}),
        settings_key(study, replace(cohort, patients=flipped), names, {"a": "1"}),
        settings_key(cropped, cohort, names, {"a": "1"}),
    ]
    assert len(set(keys)) == len(keys)
    assert settings_key(study, cohort, names[::-1], {"a": "1"}, {}) == keys[0]
