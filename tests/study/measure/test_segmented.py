"""A study without masks: the shipped segmenter outlines the lesions, frozen and before anything is learned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sonoher2.cohort.load import load_cohort
from sonoher2.config.images import FileReading
from sonoher2.config.load import load_study
from sonoher2.config.study import StudyConfig
from sonoher2.core.errors import InputError
from sonoher2.engine import ArtifactStore, Event, ExecutionContext, local_context
from sonoher2.networks.own import ImageNetworks, OwnNetwork, Weights
from sonoher2.study.measure.checked import checked_cohort
from sonoher2.study.measure.segmented import _agreement, lost_lesions, segment_cohort, write_segmented
from sonoher2.synthetic.demo import write_demo_cohort


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> StudyConfig:
    return load_study(write_demo_cohort(tmp_path_factory.mktemp("cohort"), patients=6, seed=1, size=(128, 128)))


@pytest.fixture
def context(tmp_path: Path) -> ExecutionContext:
    return local_context(tmp_path / "cache", 1)


def without_masks(study: StudyConfig) -> StudyConfig:
    return study.model_copy(update={"regions": "segment", "images": study.images.model_copy(update={"mask": None})})


def test_given_masks_are_left_alone(study: StudyConfig, context: ExecutionContext) -> None:
    cohort = load_cohort(study)
    outlined, table = segment_cohort(cohort, study, context)
    assert outlined is cohort
    assert table.empty


def test_a_study_without_masks_gets_them(study: StudyConfig, context: ExecutionContext, tmp_path: Path) -> None:
    blind = without_masks(study)
    cohort, table = segment_cohort(load_cohort(blind), blind, context)
    assert table["found"].mean() > 0.5
    assert table["dice"].isna().all()
    for image, masks in zip(cohort.images["image"], cohort.images["masks"], strict=True):
        with Image.open(image) as picture, Image.open(masks[0]) as mask:
            assert mask.size == picture.size
    assert list(cohort.patients.index) == sorted(cohort.images["patient_id"].unique())
    assert cohort.flow[-1].images == len(cohort.images) == int(table["found"].sum())
    write_segmented(table, blind.data, tmp_path)
    assert len(list((tmp_path / "masks").glob("*_mask.png"))) == int(table["found"].sum())
    listed = pd.read_csv(tmp_path / "outlines.csv")
    assert listed["patient_id"].tolist() == table["patient_id"].tolist()
    named = pd.read_csv(blind.path("images.csv"))["image"]
    assert named.str.startswith("images/").all()
    assert set(listed["image"]) == set(named)


def test_no_mask_is_written_over_another_or_outside_the_run(tmp_path: Path) -> None:
    """Ten masks, each of pixels of its own; only names that are safe and unlike all others stay as they are."""
    data, run = tmp_path / "data", tmp_path / "out" / "run"
    long = "医" * 90
    given = [
        ("P1", "left/1.png"), ("P1", "right/1.png"), ("A", "1_x.png"), ("A_1", "x.png"), ("../../A", "y.png"),
        ("P 2", "(3).png"), ("b", "i.png"), ("B", "i.png"), ("0001+P1", "1.png"), ("患者", f"{long}.png"),
    ]  # fmt: skip
    data.mkdir()
    rows = []
    for number, (patient, image) in enumerate(given, start=1):
        (data / f"{number}.png").write_bytes(bytes([number]))
        rows.append((patient, str(data.resolve() / image), np.nan, str(data / f"{number}.png"), True, 0.5, ""))
    rows[5] = (*rows[5][:1], str(tmp_path.resolve() / "(3).png"), *rows[5][2:])
    table = pd.DataFrame(rows, columns=["patient_id", "image", "frame", "mask", "found", "confidence", "problem"])
    write_segmented(table, data, run)
    listed = pd.read_csv(run / "outlines.csv")
    assert listed["mask"].tolist() == [
        "0001+P1_1_mask.png", "0002+P1_1_mask.png", "0003+A_1_x_mask.png", "0004+A_1_x_mask.png",
        "0005+.._.._A_y_mask.png", "P 2_(3)_mask.png", "0007+b_i_mask.png", "0008+B_i_mask.png",
        "0009+_P1_1_mask.png", f"0010+患者_{'医' * 57}_mask.png",
    ]  # fmt: skip
    written = {path.name: path.read_bytes() for path in (tmp_path / "out").rglob("*_mask.png")}
    assert written == {name: bytes([number]) for number, name in enumerate(listed["mask"], start=1)}
    images = [image for _, image in given]
    images[5] = (tmp_path.resolve() / "(3).png").as_posix()
    assert listed["image"].tolist() == images


@pytest.mark.parametrize(("several", "dice"), [("largest", 1.0), ("union", 2 * 600 / (600 + 800))])
def test_a_given_mask_is_compared_as_the_study_reads_it(several: str, dice: float, tmp_path: Path) -> None:
    large, small = np.zeros((2, 60, 60), np.uint8)
    large[10:40, 10:30] = 255
    small[45:55, 30:50] = 255
    paths = [str(tmp_path / name) for name in ("image.png", "large.png", "small.png")]
    for path, pixels in zip(paths, (np.arange(3600, dtype=np.uint8).reshape(60, 60), large, small), strict=True):
        Image.fromarray(pixels).save(path)
    reading = FileReading(several_masks=several)
    assert _agreement(paths[1], paths[1:], paths[0], None, reading) == pytest.approx(dice)


def test_the_outlines_of_simulated_lesions_are_near_the_truth(study: StudyConfig, context: ExecutionContext) -> None:
    again = study.model_copy(update={"regions": "segment"})
    _, table = segment_cohort(load_cohort(again), again, context)
    assert table.loc[table["found"], "dice"].median() > 0.6


def test_only_missing_masks_are_outlined(study: StudyConfig, context: ExecutionContext) -> None:
    some = study.model_copy(update={"regions": "segment-missing"})
    cohort = load_cohort(some)
    cohort.images.at[0, "masks"] = ()
    _, table = segment_cohort(cohort, some, context)
    assert list(table.index) == [0]


def test_a_second_time_nothing_is_outlined(study: StudyConfig, context: ExecutionContext) -> None:
    blind = without_masks(study)
    first = checked_cohort(blind, context).segmented
    told: list[Event] = []
    again = ExecutionContext(ArtifactStore(context.store.folder), listener=told.append)
    pd.testing.assert_frame_equal(checked_cohort(blind, again).segmented, first)
    assert not told


def test_an_image_that_shows_nothing_is_left_out_with_a_count(study: StudyConfig, context: ExecutionContext) -> None:
    blind = without_masks(study)
    cohort = load_cohort(blind)
    patient = cohort.images["patient_id"].iloc[0]
    own = cohort.images["patient_id"] == patient
    black = context.store.folder.parent / "black.png"
    Image.fromarray(np.zeros((96, 96), np.uint8)).save(black)
    cohort.images.loc[own, "image"] = str(black)
    outlined, table = segment_cohort(cohort, blind, context)
    assert not table.loc[own, "found"].any()
    assert patient not in outlined.patients.index
    assert outlined.flow[-2].reason == "no lesion was found in any image"


def test_a_file_that_is_no_image_is_named(study: StudyConfig, context: ExecutionContext) -> None:
    blind = without_masks(study)
    cohort = load_cohort(blind)
    broken = context.store.folder.parent / "broken.png"
    broken.write_bytes(b"no image")
    cohort.images.loc[0, "image"] = str(broken)
    with pytest.raises(InputError, match=r"broken\.png"):
        segment_cohort(cohort, blind, context)


def test_a_cohort_without_a_single_lesion_is_an_error_of_the_segmenter(
    study: StudyConfig, context: ExecutionContext
) -> None:
    blind = without_masks(study)
    cohort = load_cohort(blind)
    black = context.store.folder.parent / "black.png"
    Image.fromarray(np.zeros((96, 96), np.uint8)).save(black)
    cohort.images["image"] = str(black)
    images, patients = len(cohort.images), len(cohort.patients)
    said = rf"the shipped segmenter found no lesion in {images} of {images} images; patients left out: {patients}"
    with pytest.raises(InputError, match=said):
        segment_cohort(cohort, blind, context)


OWN = ImageNetworks(OwnNetwork(Weights("a.safetensors", "1", "a.json"), {}))


@pytest.mark.parametrize(
    ("regions", "networks", "segmenter", "fix"),
    [
        ("segment", ImageNetworks(), "the shipped segmenter", "Give masks and `regions: given`"),
        ({"segment": "trained"}, OWN, "the study's own segmenter", "`regions.training.epochs`"),
    ],
)
def test_lost_lesions_are_counted_by_image_and_patients_by_their_last_one(
    regions: object, networks: ImageNetworks, segmenter: str, fix: str, study: StudyConfig
) -> None:
    """Of three patients one loses an image of two, and one the only one."""
    table = pd.DataFrame({"patient_id": ["A", "A", "B", "C", "C"], "found": [True, False, False, True, True]})
    own = StudyConfig.model_validate(study.model_dump() | {"regions": regions})
    [finding] = lost_lesions(table, own, networks)
    assert finding.severity == "error"
    assert finding.what == f"{segmenter} found no lesion in 2 of 5 images; patients left out: 1"
    assert fix in finding.fix
    assert lost_lesions(table[table["found"]], own, networks) == []
    assert lost_lesions(table[:0], own, networks) == []
