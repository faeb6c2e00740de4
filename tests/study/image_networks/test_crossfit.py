"""Training of a study's own networks: whom they are refused for, what stands in their keys, and a kill half-way."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sonoher2.cohort.load import load_cohort
from sonoher2.cohort.split import split_patients
from sonoher2.config.image_networks import EnhancedImages, EnhancerTraining, SegmentedRegions, SegmenterTraining
from sonoher2.config.images import FileReading, ImageReading
from sonoher2.config.study import StudyConfig
from sonoher2.core.errors import InputError
from sonoher2.core.files import content_key
from sonoher2.engine import ArtifactStore, ExecutionContext, key_of, local_context
from sonoher2.networks.own import ImageNetworks
from sonoher2.segmentation.training.cases import Case
from sonoher2.study.image_networks import crossfit as module
from sonoher2.study.image_networks.crossfit import image_networks, planned_training
from sonoher2.study.image_networks.enhancers import ENHANCERS
from sonoher2.study.image_networks.segmenters import SEGMENTERS
from sonoher2.study.image_networks.training_images import TRAINING_IMAGES
from sonoher2.study.measure.lesion_files import LesionFile, file_hashes
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


def some_images(patients: int = 12) -> pd.DataFrame:
    """Patients of three folds with an image each, the first with two; every image has a mask but the last patient's."""
    names = [f"P{i:02d}" for i in [*range(patients), 0]]
    return pd.DataFrame(
        {
            "patient_id": names, "image": [f"/{name}-{place}.png" for place, name in enumerate(names)],
            "masks": [() if name == f"P{patients - 1:02d}" else (f"/{name}-m.png",) for name in names],
            "mm_per_pixel": np.nan, "frame": [*[np.nan] * patients, 2.0],
        }
    )  # fmt: skip


def folds_of(patients: int = 12) -> pd.Series:
    return pd.Series(np.arange(patients) % 3, index=[f"P{i:02d}" for i in range(patients)])


def a_study(*trained: str) -> Any:
    return SimpleNamespace(
        trained_networks=trained, reading=ImageReading(crop_to_b_mode=True),
        regions=SegmentedRegions(segment="trained"), enhance=EnhancedImages(gan="trained"),
    )  # fmt: skip


def test_a_segmenter_learns_from_masks_and_an_enhancer_from_all_images_of_training_patients() -> None:
    images = some_images(13)
    segmenter, enhancer = module._kinds(a_study("segmenter", "enhancer"), images, folds_of(12))
    # the thirteenth patient is no training patient, and of the others all have a mask
    assert (segmenter.name, enhancer.name) == ("segmenter", "enhancer")
    assert (segmenter.setting, enhancer.setting) == ("regions", "enhance")
    assert set(segmenter.images["patient_id"]) == set(folds_of(12).index)
    one = some_images(12)
    segmenter, enhancer = module._kinds(a_study("segmenter", "enhancer"), one, folds_of(12))
    assert len(segmenter.images) == 12
    assert len(enhancer.images) == 13
    assert enhancer.images["masks"].tolist() == [()] * 13
    file = LesionFile("a.png", ("m.png", "n.png"), 0.1, 3)
    case: Any = segmenter.given(file, 7)
    assert (case.patient, case.image, case.frame) == ("7", Path("a.png"), 3)
    assert case.masks == (Path("m.png"), Path("n.png"))
    assert enhancer.given(file, 7) == (Path("a.png"), 3)
    assert [kind.name for kind in module._kinds(a_study("enhancer"), one, folds_of(12))] == ["enhancer"]
    assert module._kinds(a_study(), one, folds_of(12)) == []


def test_each_network_is_trained_without_its_own_fold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 18 patients in three folds twelve are left without each; their images are known by their bytes alone."""
    images, folds = some_images(18), folds_of(18)
    masks = [mask for several in images["masks"] for mask in several]
    hashes = {path: f"hash {path}" for path in [*images["image"], *masks]}
    [_, kind] = module._kinds(a_study("segmenter", "enhancer"), images, folds)
    monkeypatch.setattr(module, "file_sha256", lambda path: f"sha of {path.name}")
    unread = "P01"
    monkeypatch.setattr(
        module,
        "fingerprints",
        lambda pictures, context: {one: None if unread in one[0] else one[0] for one in pictures},
    )
    monkeypatch.setattr(module, "training_images_text", lambda key, prints: f"{key} {len(prints)}")
    asked: list[Any] = []

    class Context:
        def files(self, step: Any, items: list[Any], *how: object) -> list[Path]:
            asked.append((step, items, how))
            return [Path(f"{step.name} {number}") for number in range(len(items))]

    training = module._Training(folds, hashes, 5)
    network = training.network(kind, Context())  # type: ignore[arg-type]
    (step, items, how), (told, texts, _) = asked
    assert (step, told) == (ENHANCERS, TRAINING_IMAGES)
    assert how == (EnhancedImages(gan="trained").training, 5)
    assert [len(item.value) for item in items] == [19, 12, 13, 13]
    # 18 patients and 19 images, of which one of the second patient cannot be read
    assert texts == ["sha of enhancers 0 18", "sha of enhancers 1 11", "sha of enhancers 2 13", "sha of enhancers 3 12"]
    assert (network.final.without, network.final.patients, network.final.pictures) == (None, 18, 19)
    assert network.final.sha256 == "sha of enhancers 0"
    assert (network.of("P00").without, network.of("P00").pictures, network.of("P00").patients) == (0, 12, 12)
    assert (network.of("P01").without, network.of("P02").without, network.of("X").without) == (1, 2, None)
    assert network.of("P01").images == "training images 2"
    assert network.of("P01").path == "enhancers 2"
    # in the order of their hashes: that of the rows changes nothing
    turned = replace(kind, images=kind.images.iloc[::-1])
    assert training._item(turned, turned.images).key == items[0].key
    assert items[0].key[0] == [0, "hash /P00-0.png", [], None]
    assert items[0].key[1] == [0, "hash /P00-18.png", [], 2]
    assert [part[0] for part in items[0].key[2:]] == list(range(1, 18))


@pytest.mark.parametrize(("patients", "fewest"), [(15, 10), (14, 9)])
def test_ten_patients_for_each_network_are_enough(patients: int, fewest: int) -> None:
    """Without a fold there are ten of fifteen, and nine of fourteen."""
    images, folds = some_images(patients), folds_of(patients)
    [kind] = module._kinds(a_study("enhancer"), images, folds)
    chosen = module._without_each_fold(kind, folds)
    assert min(rows["patient_id"].nunique() for rows in chosen) == fewest
    if fewest >= 10:
        module._require_enough(kind, chosen)
        return
    with pytest.raises(InputError) as refused:
        module._require_enough(kind, chosen)
    assert refused.value.what == (
        "one network of the study's own enhancer would learn from 9 training patients, and it takes 10"
    )
    assert (refused.value.where, refused.value.fix) == ("enhance", "Add patients")
    masked = replace(kind, condition=" with a mask", name="segmenter")
    with pytest.raises(InputError, match="Outline more of them, or use the shipped segmenter"):
        module._require_enough(masked, chosen)


def test_folds_are_those_of_the_training_patients_and_keep_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    names = list("ABCDE")
    patients = pd.DataFrame(
        {"label": [0, 1, 0, 1, 1], "group": [5, 6, 7, 8, 9], "site": ["x", "y", "x", "y", "x"]}, index=names
    )
    asked: list[Any] = []
    monkeypatch.setattr(
        module, "training_folds", lambda training, study: asked.append(training) or np.arange(len(training.y))
    )
    cohort: Any = SimpleNamespace(patients=patients)
    split: Any = SimpleNamespace(sets=pd.Series({"E": "train", "D": "test", "C": "train", "A": "train", "B": "test"}))
    folds = module._folds(cohort, split, None)  # type: ignore[arg-type]
    assert folds.to_dict() == {"A": 0, "C": 1, "E": 2}
    [training] = asked
    assert (training.y.tolist(), training.groups.tolist(), training.sites) == ([0, 0, 1], [5, 7, 9], ("x", "x", "x"))
    cohort.patients = patients.drop(columns="site")
    module._folds(cohort, split, None)  # type: ignore[arg-type]
    assert asked[1].sites == ()


@pytest.mark.parametrize("trained", [(), ("segmenter",)])
def test_networks_of_files_stay_beside_those_that_are_trained(
    trained: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "networks_of_files", lambda study: ImageNetworks(None, "of a file"))  # type: ignore[arg-type]
    cohort = SimpleNamespace(patients="patients", images="images")
    monkeypatch.setattr(module, "_looked_at", lambda study, reading, context: (cohort, {"a": "1"}))
    monkeypatch.setattr(module, "split_patients", lambda *given: ("split", *given))
    monkeypatch.setattr(module, "_folds", lambda cohort, split, study: "folds")
    kind = SimpleNamespace(name="segmenter")
    monkeypatch.setattr(
        module, "_kinds", lambda study, images, folds: [kind] * (images == "images" and folds == "folds")
    )
    monkeypatch.setattr(
        module._Training, "network", lambda self, one, context: (self.folds, self.hashes, self.seed, one, context)
    )
    study = a_study(*trained)
    study.split, study.seed = "how", 7
    networks, split = image_networks(study, "context")  # type: ignore[arg-type]
    assert networks.enhancer == "of a file"
    if not trained:
        assert (networks.segmenter, split) == (None, None)
        return
    assert networks.segmenter == ("folds", {"a": "1"}, 7, kind, "context")
    assert split == ("split", "patients", "how", 7)
    study.reading = None
    assert image_networks(study, "context")[1] is None  # type: ignore[arg-type]
