"""A small study that trains its own segmenter and enhancer, run once; training is replaced by shipped weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonoher2.config.load import load_study
from sonoher2.config.study import StudyConfig
from sonoher2.study.run import run_study
from study.image_networks.own_study import TRAINED, OwnRun, replace_training


@pytest.fixture(scope="session")
def own_study(small_study_file: Path) -> StudyConfig:
    """Settings of the small study with networks of its own."""
    plain = load_study(small_study_file)
    known = plain.model_dump(mode="json", exclude={"data"})
    return StudyConfig.model_validate(known | TRAINED).model_copy(update={"data": plain.data})


@pytest.fixture(scope="session")
def own_run(own_study: StudyConfig, tmp_path_factory: pytest.TempPathFactory) -> OwnRun:
    """The study, run with one process."""
    folder = tmp_path_factory.mktemp("own-networks")
    with pytest.MonkeyPatch.context() as monkeypatch:
        lessons = replace_training(monkeypatch)
        return OwnRun(own_study, folder, run_study(own_study, folder, jobs=1), lessons)
