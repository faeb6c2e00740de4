"""Pictures and masks: all that cannot be used is listed at once, and copies are found."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from sonoher2.cohort.check import check_cohort
from sonoher2.cohort.images.check import ImageRecord, _middle, _surroundings, image_findings, image_record
from sonoher2.cohort.load import load_cohort, with_groups
from sonoher2.cohort.patients.cohort import Cohort
from sonoher2.cohort.split import split_patients
from sonoher2.config.images import ImageReading
from sonoher2.config.study import StudyConfig
from sonoher2.core.columns import TEST, TRAIN

ROWS, COLUMNS = 96, 128
Write = Callable[..., StudyConfig]


def speckle(seed: int) -> NDArray[np.uint8]:
    noise = gaussian_filter(np.random.default_rng(seed).normal(size=(ROWS, COLUMNS)), 3)
    return np.clip(110 + 400 * noise, 1, 250).astype(np.uint8)


def lesion() -> NDArray[np.uint8]:
    mask = np.zeros((ROWS, COLUMNS), np.uint8)
    mask[30:60, 40:90] = 255
    return mask


def save(folder: Path, **pictures: NDArray[np.uint8]) -> None:
    for name, pixels in pictures.items():
        Image.fromarray(pixels).save(folder / f"{name}.png")


@pytest.fixture
def cohort(study: Write, tmp_path: Path) -> Callable[..., tuple[StudyConfig, Cohort]]:
    """Load a cohort of one picture each for P1 to P5; some pictures and masks replaced."""

    def load(**pictures: NDArray[np.uint8]) -> tuple[StudyConfig, Cohort]:
        save(tmp_path, **{f"i{n}": speckle(n) for n in range(1, 6)}, **{f"m{n}": lesion() for n in range(1, 6)})
        save(tmp_path, **pictures)
        rows = "".join(f"P{n},i{n}.png,m{n}.png,{'m1.png' if n == 1 else ''}\n" for n in range(1, 6))
        config = study(
            {"images.csv": "patient_id,image,mask,second\n" + rows},
            images={"table": "images.csv", "mask": "mask", "second_mask": "second"},
            split={"kind": "given", "column": "patient_id", "test": ["P4", "P5"]},
        )
        return config, load_cohort(config)

    return load


def record_of(row: pd.Series, reading: ImageReading) -> ImageRecord:
    frame = None if np.isnan(row["frame"]) else int(row["frame"])
    return image_record(row["image"], row["masks"], row["second_mask"], frame, row["mm_per_pixel"], reading)


def records_of(config: StudyConfig, cohort: Cohort) -> list[ImageRecord]:
    assert config.images is not None
    return [record_of(row, config.images) for _, row in cohort.images.iterrows()]


def test_sound_pictures_have_nothing_to_say(cohort: Callable[..., tuple[StudyConfig, Cohort]]) -> None:
    config, loaded = cohort()
    records = records_of(config, loaded)
    findings, groups = image_findings(loaded, config, records)
    assert findings == []
    assert groups.to_dict() == {f"P{n}": n - 1 for n in range(1, 6)}
    assert [record.grey_levels for record in records] == [len(np.unique(speckle(n))) for n in range(1, 6)]
    assert not any(record.marked for record in records)


def test_everything_that_cannot_be_used_is_listed_at_once(
    cohort: Callable[..., tuple[StudyConfig, Cohort]], tmp_path: Path
) -> None:
    config, loaded = cohort(m1=np.zeros((ROWS, COLUMNS), np.uint8), m2=lesion()[:, :-1])
    (tmp_path / "i3.png").write_bytes(b"no picture")
    (tmp_path / "i4.png").unlink()
    findings, groups = image_findings(loaded, config, records_of(config, loaded))
    text = "\n".join(str(finding) for finding in findings)
    assert len(findings) == 4
    assert "m1.png: the mask is empty" in text
    assert "the mask has 96 rows x 127 columns and its image 96 rows x 128 columns" in text
    assert "i3.png" in text
    assert "i4.png" in text
    assert ".." not in text.replace("...", "")
    assert groups.is_unique


def test_a_second_readers_mask_is_read_too(cohort: Callable[..., tuple[StudyConfig, Cohort]], tmp_path: Path) -> None:
    config, loaded = cohort()
    second = pd.Series([str(tmp_path / "gone.png"), None, None, None, None], dtype=object)
    images = loaded.images.assign(second_mask=second)
    assert config.images is not None
    records = [record_of(row, config.images) for _, row in images.iterrows()]
    assert ["gone.png" in record.problem for record in records] == [True, False, False, False, False]


def test_many_problems_are_cut_short(cohort: Callable[..., tuple[StudyConfig, Cohort]]) -> None:
    config, loaded = cohort()
    findings, _ = image_findings(loaded, config, [ImageRecord(problem="x: broken.")] * 50)
    assert len(findings) == 21
    assert str(findings[0]) == "x: broken."
    assert findings[-1].what == "30 more images cannot be used"


def test_a_picture_under_two_patients_keeps_them_together(
    cohort: Callable[..., tuple[StudyConfig, Cohort]],
) -> None:
    brighter = np.clip(speckle(1) * 1.1, 0, 255).astype(np.uint8)
    config, loaded = cohort(i5=brighter)
    findings, groups = image_findings(loaded, config, records_of(config, loaded))
    assert [finding.severity for finding in findings] == ["warning"]
    assert findings[0].what == "1 pair of patients shares a picture (P1 and P5)"
    grouped = with_groups(loaded, groups)
    assert grouped.patients["group"].loc[["P1", "P5"]].nunique() == 1
    split = split_patients(grouped.patients, config.split, config.seed)
    assert split.sets.to_dict() == {"P1": TRAIN, "P2": TRAIN, "P3": TRAIN, "P4": TEST, "P5": TRAIN}
    report = check_cohort(config, grouped, split, records_of(config, grouped))
    assert any("1 test patients share a picture" in finding.what for finding in report.findings)


def test_a_shared_picture_with_two_labels_is_said(cohort: Callable[..., tuple[StudyConfig, Cohort]]) -> None:
    config, loaded = cohort(i4=speckle(1))
    findings, _ = image_findings(loaded, config, records_of(config, loaded))
    assert "(P1 and P4), and 1 of these pairs have different labels" in findings[0].what


def test_near_duplicates_need_not_be_looked_for(cohort: Callable[..., tuple[StudyConfig, Cohort]]) -> None:
    config, loaded = cohort(i5=speckle(1))
    assert config.images is not None
    off = config.model_copy(update={"images": config.images.model_copy(update={"near_duplicates": False})})
    findings, groups = image_findings(loaded, off, records_of(config, loaded))
    assert findings == []
    assert groups.is_unique


def test_a_calliper_counts_on_the_lesion_only(cohort: Callable[..., tuple[StudyConfig, Cohort]]) -> None:
    on, off = speckle(1) // 3, speckle(2) // 3
    for picture, (row, column) in ((on, (45, 60)), (off, (80, 110))):
        picture[row - 4 : row + 5, column] = 250
        picture[row, column - 4 : column + 5] = 250
    config, loaded = cohort(i1=on, i2=off)
    assert [record.marked for record in records_of(config, loaded)][:2] == [True, False]


def test_marks_are_looked_for_up_to_20_pixels_around_the_lesion() -> None:
    mask = np.zeros((100, 120), dtype=bool)
    mask[10:31, 50:61] = True
    assert _surroundings(mask) == (slice(0, 51), slice(30, 81))


def test_records_survive_json(cohort: Callable[..., tuple[StudyConfig, Cohort]]) -> None:
    config, loaded = cohort()
    records = records_of(config, loaded)
    back = [ImageRecord(**json.loads(json.dumps(vars(record)))) for record in records]
    assert image_findings(loaded, config, back)[1].equals(image_findings(loaded, config, records)[1])


def test_the_label_of_the_lesion_in_masks_that_hold_several(tmp_path: Path) -> None:
    labels = np.zeros((60, 80), np.uint8)
    labels[10:40, 20:60], labels[45:55, 5:15] = 1, 2
    Image.fromarray(np.random.default_rng(0).integers(10, 250, (60, 80)).astype(np.uint8)).save(tmp_path / "i.png")
    Image.fromarray(labels).save(tmp_path / "m.png")
    files = str(tmp_path / "i.png"), (str(tmp_path / "m.png"),), None
    assert "several labels (1, 2)" in image_record(*files, None, float("nan"), ImageReading()).problem
    chosen = image_record(*files, None, float("nan"), ImageReading.model_validate({"mask_label": 1}))
    assert chosen.quality["diameter"] == pytest.approx(2 * np.sqrt(30 * 40 / np.pi))


def test_without_a_mask_the_middle_half_stands_for_the_lesion() -> None:
    found = np.zeros((8, 13), dtype=bool)
    found[2:6, 3:10] = True
    np.testing.assert_array_equal(_middle((8, 13)), found)
    assert _middle((1, 1)).all()


def many(patients: int, **columns: object) -> tuple[StudyConfig, Cohort]:
    names = [f"P{i}" for i in range(patients)]
    index = pd.Index(names, name="patient_id")
    people = pd.DataFrame({"label": [i % 2 for i in range(patients)], "group": range(patients)}, index=index)
    pictures = pd.DataFrame({"patient_id": names, "image": [f"x/{name}.png" for name in names]})
    images = {"table": "i.csv", "mask": "m", **columns}
    target = {"column": "x", "positive": "1"}
    config = StudyConfig.model_validate({"clinical": {"table": "c.csv"}, "target": target, "images": images})
    return config, Cohort(people, pictures, ("a", "b"), {}, ())


def test_three_poor_pictures_of_a_kind_are_named() -> None:
    config, loaded = many(5)
    poor, good = {"diameter": 9.0, "levels": 99.0, "saturated": 0.0, "blur": 0.1}, {}
    for number, said in ((3, "P0.png, P1.png, P2.png"), (4, "P0.png, P1.png, P2.png, ...")):
        records = [ImageRecord(quality=poor if i < number else good) for i in range(5)]
        (finding,) = image_findings(loaded, config, records, find_pairs=lambda _: [])[0]
        what = f"{number} of 5 images: the lesion is smaller than 16 pixels ({said})"
        assert (finding.severity, finding.what) == ("warning", what)


def test_odd_masks_are_named_by_what_is_odd() -> None:
    config, loaded = many(5)
    records = [ImageRecord(mask_problems=codes) for codes in (("specks",), (), ("specks", "holes"), (), ("parts",))]
    found = image_findings(loaded, config, records, find_pairs=lambda _: [])[0]
    assert [finding.what for finding in found] == [
        "2 of 5 images: the mask has specks apart from the lesion (P0.png, P2.png)",
        "1 of 5 images: the mask has holes (P2.png)",
        "1 of 5 images: the mask has several parts (P4.png)",
    ]
    assert {finding.severity for finding in found} == {"warning"}


def test_five_pairs_that_share_a_picture_are_named_and_torn_ones_counted() -> None:
    config, loaded = many(14)
    pairs = [(i + 1, i) for i in range(0, 12, 2)]
    (finding,) = image_findings(loaded, config, [ImageRecord()] * 14, find_pairs=lambda _: [*pairs, (3, 3), (1, 0)])[0]
    assert finding.what == (
        "6 pairs of patients share a picture (P0 and P1; P10 and P11; P2 and P3; P4 and P5; P6 and P7), and 6 of these "
        "pairs have different labels"
    )
    (finding,) = image_findings(loaded, config, [ImageRecord()] * 14, find_pairs=lambda _: [(0, 2)])[0]
    assert finding.what == "1 pair of patients shares a picture (P0 and P2)"


def test_files_of_the_same_bytes_are_one_picture_where_copies_are_not_looked_for() -> None:
    config, loaded = many(4, near_duplicates=False)
    hashes = {"x/P1.png": "a", "x/P3.png": "a", "x/P0.png": "b"}
    (finding,), groups = image_findings(loaded, config, [ImageRecord()] * 4, hashes)
    assert finding.what == "1 pair of patients shares a picture (P1 and P3)"
    assert groups.to_dict() == {"P0": 0, "P1": 1, "P2": 2, "P3": 1}


def test_twenty_images_that_cannot_be_used_are_listed() -> None:
    config, loaded = many(21)
    findings, _ = image_findings(loaded, config, [ImageRecord(problem="x: broken.")] * 20 + [ImageRecord()])
    assert [finding.what for finding in findings] == ["x: broken"] * 20
