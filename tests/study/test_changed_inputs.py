"""Inputs that change while a command reads them are told, and nothing that was made of them is kept."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from sonoher2.config.load import load_study
from sonoher2.core.errors import InputError
from sonoher2.engine import local_context
from sonoher2.study.measure import checked as check
from sonoher2.study.measure import steps
from sonoher2.study.measure.checked import checked_cohort
from sonoher2.study.measure.steps import lesion_files, measure_lesions


@pytest.fixture
def study(small_study_file: Path, tmp_path: Path) -> Path:
    shutil.copytree(small_study_file.parent, tmp_path / "cohort")
    return tmp_path / "cohort" / small_study_file.name


def first_image(study: Path) -> Path:
    return study.parent / pd.read_csv(study.parent / "images.csv")["image"].iloc[0]


@pytest.mark.parametrize("deleted", [False, True])
def test_an_image_that_changes_while_it_is_measured(
    deleted: bool, study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, config, image = local_context(tmp_path / "cache", 1), load_study(study), first_image(study)
    checked = checked_cohort(config, context)
    real = steps._measure

    def measure(job):
        measured = real(job)
        if Path(job[0].image) == image.resolve():
            image.unlink() if deleted else image.write_bytes(image.read_bytes() + b"\0")
        return measured

    monkeypatch.setattr(steps, "_measure", measure)
    files = lesion_files(checked.cohort.images)
    with pytest.raises(InputError, match="changed or deleted while") as caught:
        measure_lesions(files, config.reading, config.radiomics, checked.hashes, context)
    assert image.name in str(caught.value)
    first = next(number for number, file in enumerate(files) if Path(file.image) == image.resolve())
    assert len(list((tmp_path / "cache" / "features").rglob("*.npy"))) == first


@pytest.mark.parametrize("name", ["clinical.csv", "images.csv"])
def test_a_table_that_changes_while_a_study_is_checked(name: str, study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, table = check.image_findings, study.parent / name

    def findings(*arguments):
        table.write_text(table.read_text() + "\n")
        return real(*arguments)

    monkeypatch.setattr(check, "image_findings", findings)
    with pytest.raises(InputError, match="changed or deleted while") as caught:
        check.check_study(load_study(study), 1)
    assert name in str(caught.value)
