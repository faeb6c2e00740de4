"""A study without masks: the shipped segmenter outlines the lesions, frozen and before anything is learned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sonoher2.cohort.demo import write_demo_cohort
from sonoher2.cohort.load import load_cohort
from sonoher2.config import StudyConfig, load_study
from sonoher2.errors import InputError
from sonoher2.study.cache import Cache
from sonoher2.study.check import checked_cohort
from sonoher2.study.outlines import outline_cohort, write_outlines
from sonoher2.study.steps import Workshop


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> StudyConfig:
    return load_study(write_demo_cohort(tmp_path_factory.mktemp("cohort"), patients=6, seed=1, size=(128, 128)))


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(Cache(tmp_path / "cache"), 1)


def without_masks(study: StudyConfig) -> StudyConfig:
    return study.model_copy(update={"regions": "segment", "images": study.images.model_copy(update={"mask": None})})


def test_given_masks_are_left_alone(study: StudyConfig, workshop: Workshop) -> None:
    cohort = load_cohort(study)
    outlined, table = outline_cohort(cohort, study, workshop)
    assert outlined is cohort
    assert table.empty


def test_a_study_without_masks_gets_them(study: StudyConfig, workshop: Workshop, tmp_path: Path) -> None:
    blind = without_masks(study)
    cohort, table = outline_cohort(load_cohort(blind), blind, workshop)
    assert table["found"].mean() > 0.5
    assert table["dice"].isna().all()
    for image, masks in zip(cohort.images["image"], cohort.images["masks"], strict=True):
        with Image.open(image) as picture, Image.open(masks[0]) as mask:
            assert mask.size == picture.size
    assert list(cohort.patients.index) == sorted(cohort.images["patient_id"].unique())
    assert cohort.flow[-1].images == len(cohort.images) == int(table["found"].sum())
    write_outlines(table, tmp_path)
    assert len(list((tmp_path / "masks").glob("*_mask.png"))) == int(table["found"].sum())
    assert set(pd.read_csv(tmp_path / "outlines.csv")["patient_id"]) == set(table["patient_id"])


def test_the_outlines_of_simulated_lesions_are_near_the_truth(study: StudyConfig, workshop: Workshop) -> None:
    again = study.model_copy(update={"regions": "segment"})
    _, table = outline_cohort(load_cohort(again), again, workshop)
    assert table.loc[table["found"], "dice"].median() > 0.6


def test_only_missing_masks_are_outlined(study: StudyConfig, workshop: Workshop) -> None:
    some = study.model_copy(update={"regions": "segment-missing"})
    cohort = load_cohort(some)
    cohort.images.at[0, "masks"] = ()
    _, table = outline_cohort(cohort, some, workshop)
    assert list(table.index) == [0]


def test_a_second_time_nothing_is_outlined(study: StudyConfig, workshop: Workshop) -> None:
    blind = without_masks(study)
    first = checked_cohort(blind, workshop).outlines
    before = {path: path.stat().st_mtime_ns for path in (workshop.cache.folder / "outlines").iterdir()}
    pd.testing.assert_frame_equal(checked_cohort(blind, workshop).outlines, first)
    assert {path: path.stat().st_mtime_ns for path in (workshop.cache.folder / "outlines").iterdir()} == before


def test_an_image_that_shows_nothing_is_left_out_with_a_count(study: StudyConfig, workshop: Workshop) -> None:
    blind = without_masks(study)
    cohort = load_cohort(blind)
    patient = cohort.images["patient_id"].iloc[0]
    own = cohort.images["patient_id"] == patient
    black = workshop.cache.folder.parent / "black.png"
    Image.fromarray(np.zeros((96, 96), np.uint8)).save(black)
    cohort.images.loc[own, "image"] = str(black)
    outlined, table = outline_cohort(cohort, blind, workshop)
    assert not table.loc[own, "found"].any()
    assert patient not in outlined.patients.index
    assert outlined.flow[-2].reason == "no lesion was found in any image"


def test_a_file_that_is_no_image_is_named(study: StudyConfig, workshop: Workshop) -> None:
    blind = without_masks(study)
    cohort = load_cohort(blind)
    broken = workshop.cache.folder.parent / "broken.png"
    broken.write_bytes(b"no image")
    cohort.images.loc[0, "image"] = str(broken)
    with pytest.raises(InputError, match=r"broken\.png"):
        outline_cohort(cohort, blind, workshop)
