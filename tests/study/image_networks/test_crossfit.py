"""Training of a study's own networks: whom they are refused for, what stands in their keys, and a kill half-way."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sonoher2.cohort.load import load_cohort
from sonoher2.cohort.split import split_patients
from sonoher2.config.image_networks import EnhancerTraining, SegmenterTraining
from sonoher2.config.images import FileReading
from sonoher2.config.study import StudyConfig
from sonoher2.core.errors import InputError
from sonoher2.core.files import content_key
from sonoher2.engine import ArtifactStore, ExecutionContext, key_of, local_context
from sonoher2.segmentation.cases import Case
from sonoher2.study.image_networks.crossfit import image_networks, planned_training
from sonoher2.study.image_networks.enhancers import ENHANCERS
from sonoher2.study.image_networks.segmenters import SEGMENTERS
from sonoher2.study.measure.lesion_files import file_hashes
from study.image_networks.own_study import TRAINED, replace_training
from study.test_step_keys import AskedError


class Asking(ExecutionContext):
    """Notes the keys of the networks that are asked for, and trains none."""

    def files(self, step: Any, items: Any, *shared: object) -> list[Path]:
        raise AskedError([content_key(step.name, key_of(shared), key_of(item)) for item in items])


def keys(study: StudyConfig, folder: Path) -> list[str]:
    with pytest.raises(AskedError) as asked:
        image_networks(study, Asking(ArtifactStore(folder)))
    return list(asked.value.args[0])


@pytest.fixture
def looked_at(own_study: StudyConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Images are read once: only what is asked for afterwards counts here."""
    cohort = load_cohort(own_study)
    known = (cohort, file_hashes(cohort.images))
    monkeypatch.setattr("sonoher2.study.image_networks.crossfit._looked_at", lambda *_: known)


@pytest.fixture
def change(own_study: StudyConfig) -> Callable[..., StudyConfig]:
    def changed(**values: Any) -> StudyConfig:
        known = own_study.model_dump(mode="json", exclude={"data"})
        return StudyConfig.model_validate(known | values).model_copy(update={"data": own_study.data})

    return changed


@pytest.mark.usefixtures("looked_at")
def test_each_setting_of_a_training_is_in_its_keys(change: Callable[..., StudyConfig], tmp_path: Path) -> None:
    before = keys(change(), tmp_path)
    # one network for all training patients and one without each of three folds
    assert len(set(before)) == 4
    asked = TRAINED["regions"]["training"]  # type: ignore[index]
    others: dict[str, object] = {"network": "EfficientNet-Lite2", "weights": "offline", "size": 64, "epochs": 3,
                                 "adversarial": 0.5, "batch": 3}  # fmt: skip
    assert set(others) == set(SegmenterTraining.model_fields)
    for name, value in others.items():
        after = keys(change(regions={"segment": "trained", "training": {**asked, name: value}}), tmp_path)
        assert not set(before) & set(after), name
    assert not set(before) & set(keys(change(seed=5), tmp_path))
    # a study besides that has another title, or clears its images otherwise, trains the same segmenters
    assert keys(change(title="Another", enhance="none"), tmp_path) == before


@pytest.mark.usefixtures("looked_at")
def test_each_setting_of_an_enhancer_is_in_its_keys(change: Callable[..., StudyConfig], tmp_path: Path) -> None:
    asked = TRAINED["enhance"]["training"]  # type: ignore[index]
    before = keys(change(regions="given"), tmp_path)
    assert len(set(before)) == 4
    others: dict[str, object] = {"epochs": 3, "steps": 2, "patch": 24, "adversarial": 0.5}
    assert set(others) == set(EnhancerTraining.model_fields)
    for name, value in others.items():
        after = keys(change(regions="given", enhance={"gan": "trained", "training": {**asked, name: value}}), tmp_path)
        assert not set(before) & set(after), name


def test_labels_reach_no_network(own_study: StudyConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In folds that stay, patients of the other class leave every key as it was."""
    module = "sonoher2.study.image_networks.crossfit"
    cohort = load_cohort(own_study)
    hashes = file_hashes(cohort.images)
    monkeypatch.setattr(f"{module}._looked_at", lambda *_: (cohort, hashes))
    split = split_patients(cohort.patients, own_study.split, own_study.seed)
    folds = pd.Series(np.arange(len(split.sets)) % 3, index=split.sets.index)[split.sets == "train"]
    monkeypatch.setattr(f"{module}.split_patients", lambda *_: split)
    monkeypatch.setattr(f"{module}._folds", lambda *_: folds)
    before = keys(own_study, tmp_path)
    cohort.patients["label"] = 1 - cohort.patients["label"]
    assert keys(own_study, tmp_path) == before


def with_masks(study: StudyConfig, patients: int) -> StudyConfig:
    """The study with masks of so many training patients and of all test patients; the table lies beside the others."""
    cohort = load_cohort(study)
    sets = split_patients(cohort.patients, study.split, study.seed).sets
    kept = set(sets.index[sets == "test"]) | set(sets.index[sets == "train"][:patients])
    table = pd.read_csv(study.path("images.csv"), dtype=str)
    table["mask"] = table["mask"].where(table["patient_id"].isin(kept))
    name = f"images-{patients}.csv"
    table.to_csv(study.path(name), index=False)
    return study.model_copy(update={"images": study.images.model_copy(update={"table": Path(name)})})


def test_too_few_masks_are_refused_whatever_the_test_patients_have(own_study: StudyConfig, tmp_path: Path) -> None:
    few = with_masks(own_study, 11)
    sentence = r"would learn from \d training patients with a mask, and it takes 10"
    with pytest.raises(InputError, match=sentence) as refused:
        image_networks(few, local_context(tmp_path / "cache", 1))
    cohort = load_cohort(few)
    split = split_patients(cohort.patients, few.split, few.seed)
    planned = planned_training(few, cohort, split)
    assert str(planned[0]) == str(refused.value.finding)
    assert planned[0].severity == "error"


def test_the_check_says_what_will_be_trained(own_study: StudyConfig, tmp_path: Path) -> None:
    some = with_masks(own_study, 25)
    cohort = load_cohort(some)
    split = split_patients(cohort.patients, some.split, some.seed)
    segmenter, enhancer = planned_training(some, cohort, split)
    training = int((split.sets == "train").sum())
    assert "its own segmenter: 4 networks" in segmenter.what
    assert "(25 patients with a mask, " in segmenter.what
    assert f"({training} patients, " in enhancer.what
    assert planned_training(some.model_copy(update={"regions": "segment", "enhance": "gan"}), cohort, split) == []


def test_patients_who_share_a_picture_are_left_out_together(
    own_study: StudyConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = pd.read_csv(own_study.path("images.csv"), dtype=str)
    split = split_patients(load_cohort(own_study).patients, own_study.split, own_study.seed)
    one, other = split.sets.index[split.sets == "train"][:2]
    first = table.index[table["patient_id"] == one][0]
    second = table.index[table["patient_id"] == other][0]
    for name in ("image", "mask"):
        copied = f"again-{name}.png"
        shutil.copy(own_study.path(table.loc[first, name]), own_study.path(copied))
        table.loc[second, name] = copied
    table.to_csv(own_study.path("shared.csv"), index=False)
    images = own_study.images.model_copy(update={"table": Path("shared.csv")})
    replace_training(monkeypatch)
    shared = own_study.model_copy(update={"images": images})
    networks, drawn = image_networks(shared, local_context(tmp_path / "cache", 1))
    assert drawn is not None
    assert drawn.sets[one] == drawn.sets[other]
    for network in networks.own.values():
        assert network.of(one) == network.of(other)


def cases(folder: Path) -> list[Case]:
    """Four dark discs on speckle."""
    rng, found = np.random.default_rng(0), []
    y, x = np.ogrid[:48, :64]
    for number in range(4):
        lesion = (y - 24) ** 2 + (x - 16 - 4 * number) ** 2 < 100
        grey = np.where(lesion, 40, 140) + rng.normal(0, 15, lesion.shape)
        image, mask = folder / f"{number}.png", folder / f"{number}_mask.png"
        Image.fromarray(grey.clip(0, 255).astype(np.uint8)).save(image)
        Image.fromarray(np.uint8(255 * lesion)).save(mask)
        found.append(Case(str(number), image, (mask,)))
    return found


def trained(kind: str, folder: Path, scratch: Path, epochs: int = 4) -> bytes:
    """Weights of a tiny training, as the step of the engine computes them."""
    scratch.mkdir(parents=True, exist_ok=True)
    if kind == "segmenter":
        how = SegmenterTraining(weights="none", size=32, epochs=epochs, batch=2)
        found = SEGMENTERS.function(cases(folder), how, FileReading(), 0, scratch=scratch)
    else:
        how = EnhancerTraining(epochs=epochs, steps=1, patch=16)
        found = ENHANCERS.function([(case.image, None) for case in cases(folder)], how, 0, scratch=scratch)
    assert isinstance(found, bytes)
    return found


@pytest.mark.parametrize("kind", ["segmenter", "enhancer"])
def test_a_killed_training_goes_on_and_ends_with_the_same_weights(kind: str, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    code = "import sys; from pathlib import Path; from study.image_networks.test_crossfit import trained; "
    code += "trained(sys.argv[1], *map(Path, sys.argv[2:]))"
    paths = [str(Path(__file__).parents[2]), *sys.path]
    process = subprocess.Popen(
        [sys.executable, "-c", code, kind, str(tmp_path), str(scratch)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))},
    )
    until = time.monotonic() + 120
    while not (scratch / "curve.csv").exists() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    process.kill()
    process.wait()
    epochs = len((scratch / "curve.csv").read_text(encoding="utf-8").splitlines()) - 1
    assert epochs >= 1
    resumed = trained(kind, tmp_path, scratch)
    assert resumed == trained(kind, tmp_path, tmp_path / "at once")
