"""Inputs that change while a command reads them are told, and nothing that was made of them is kept."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from sonoher2.config.load import load_study
from sonoher2.core.errors import InputError
from sonoher2.engine import ArtifactStore, Event, ExecutionContext, local_context
from sonoher2.study.check import check_study
from sonoher2.study.measure import checked as checking
from sonoher2.study.measure import features
from sonoher2.study.measure.checked import checked_cohort
from sonoher2.study.measure.features import measure_lesions
from sonoher2.study.measure.lesion_files import lesion_files


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
    checked, content = checked_cohort(config, context), image.read_bytes()
    real = features.open_lesion

    def opened(path, *masks, **how):
        lesion = real(path, *masks, **how)
        if Path(path) == image.resolve():
            image.unlink() if deleted else image.write_bytes(image.read_bytes() + b"\0")
        return lesion

    monkeypatch.setattr(features, "open_lesion", opened)
    files = lesion_files(checked.cohort.images)
    with pytest.raises(InputError, match="changed or deleted while") as caught:
        measure_lesions(files, config.reading, config.radiomics, checked.hashes, context)
    assert image.name in str(caught.value)
    # what was measured before is kept, what was read of the changed image is not
    first = next(number for number, file in enumerate(files) if Path(file.image) == image.resolve())
    monkeypatch.setattr(features, "open_lesion", real)
    image.write_bytes(content)
    told: list[Event] = []
    again = ExecutionContext(ArtifactStore(tmp_path / "cache"), listener=told.append)
    measure_lesions(files, config.reading, config.radiomics, checked.hashes, again)
    assert told[0].total == len({tuple(map(str, file.key(checked.hashes))) for file in files}) - first


@pytest.mark.parametrize("name", ["clinical.csv", "images.csv"])
def test_a_table_that_changes_while_a_study_is_checked(name: str, study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, table = checking.image_findings, study.parent / name

    def findings(*arguments):
        table.write_text(table.read_text() + "\n")
        return real(*arguments)

    monkeypatch.setattr(checking, "image_findings", findings)
    with pytest.raises(InputError, match="changed or deleted while") as caught:
        check_study(load_study(study), 1)
    assert name in str(caught.value)
