"""MARK001 on real images: callipers are drawn on most cancers and on few benign lesions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sonoher2.cohort.images.check import ImageRecord, image_record
from sonoher2.cohort.patients.cohort import Cohort
from sonoher2.cohort.split import Split
from sonoher2.config.images import ImageReading
from sonoher2.config.study import StudyConfig
from sonoher2.core.columns import TEST, TRAIN
from sonoher2.study.checks.facts import Facts
from sonoher2.study.checks.outcome import Outcome
from sonoher2.study.checks.shortcuts import MARK001, shortcut_tests

PATIENTS = 120
ARM = 5
"""Pixels from the centre of a calliper to the end of its arms."""


def with_callipers(image: Path, mask: Path, out: Path) -> None:
    """Draw a `+` at each end of the lesion's height and width, as a sonographer does."""
    grey, lesion = np.array(Image.open(image).convert("L")), np.array(Image.open(mask).convert("L")) > 0
    rows, columns = np.nonzero(lesion)
    middle = (int(rows.mean()), int(columns.mean()))
    ends = [(rows.min(), middle[1]), (rows.max(), middle[1]), (middle[0], columns.min()), (middle[0], columns.max())]
    for row, column in ends:
        grey[max(row - ARM, 0) : row + ARM + 1, column] = 255
        grey[row, max(column - ARM, 0) : column + ARM + 1] = 255
    Image.fromarray(grey).save(out)


def record_of(image: Path, mask: Path) -> ImageRecord:
    return image_record(str(image), (str(mask),), None, None, float("nan"), ImageReading())


@pytest.fixture(scope="module")
def table(shared: Path) -> pd.DataFrame:
    """120 lesions of BUS-BRA, half of them malignant, one image per patient."""
    rows = pd.read_csv(shared / "data/BUS-BRA/bus_data.csv").drop_duplicates("Case")
    halves = [rows[rows["Pathology"] == name].iloc[: PATIENTS // 2] for name in ("benign", "malignant")]
    return pd.concat(halves, ignore_index=True).sample(frac=1, random_state=0, ignore_index=True)


@pytest.fixture(scope="module")
def records(
    shared: Path, table: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[ImageRecord], list[ImageRecord]]:
    """Records of the images as they are, and with callipers drawn."""
    folder, out = shared / "data/BUS-BRA", tmp_path_factory.mktemp("callipers")
    plain, drawn = [], []
    for name in table["ID"]:
        image, mask = folder / f"Images/{name}.png", folder / f"Masks/{name.replace('bus', 'mask')}.png"
        with_callipers(image, mask, out / f"{name}.png")
        plain.append(record_of(image, mask))
        drawn.append(record_of(out / f"{name}.png", mask))
    return plain, drawn


def mark001(table: pd.DataFrame, records: list[ImageRecord]) -> Outcome:
    index = pd.Index([f"P{i:03}" for i in range(PATIENTS)], name="patient_id")
    label = (table["Pathology"] == "malignant").astype(int).to_numpy()
    patients = pd.DataFrame({"label": label, "group": np.arange(PATIENTS)}, index=index)
    images = pd.DataFrame({"patient_id": index, "image": table["ID"].to_numpy()})
    study = StudyConfig.model_validate(
        {
            "clinical": {"table": "c.csv"},
            "target": {"column": "x", "positive": "malignant"},
            "images": {"table": "i.csv"},
        }
    )
    sets = pd.Series(np.where(np.arange(PATIENTS) < 84, TRAIN, TEST), index=index, dtype=object)
    cohort = Cohort(patients, images, ("benign", "malignant"), {}, ())
    return MARK001.look(shortcut_tests(Facts(study, cohort, Split(sets, {}), records)))


def mixed(
    table: pd.DataFrame, records: tuple[list[ImageRecord], list[ImageRecord]], malignant: float, benign: float
) -> list[ImageRecord]:
    share = np.where(table["Pathology"] == "malignant", malignant, benign)
    chosen = np.random.default_rng(1).random(PATIENTS) < share
    return [records[int(one)][i] for i, one in enumerate(chosen)]


@pytest.mark.slow
def test_callipers_on_most_cancers_are_found(
    table: pd.DataFrame, records: tuple[list[ImageRecord], list[ImageRecord]]
) -> None:
    outcome = mark001(table, mixed(table, records, 0.8, 0.1))
    assert outcome.state == "error"
    assert outcome.finding is not None
    assert "from callipers, text and colour alone, malignant is told from the rest" in outcome.finding.what


@pytest.mark.slow
def test_images_as_they_are_and_callipers_on_both_alike_pass(
    table: pd.DataFrame, records: tuple[list[ImageRecord], list[ImageRecord]]
) -> None:
    assert mark001(table, records[0]).state == "passed"
    assert mark001(table, mixed(table, records, 0.45, 0.45)).state == "passed"
