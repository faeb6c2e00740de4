"""Fixtures that every test may use."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from small_lesions import patients  # noqa: F401
from sonoher2.config.load import load_study
from sonoher2.core.errors import InputError
from sonoher2.study.results.parts import StudyResult
from sonoher2.study.run import run_study
from sonoher2.synthetic.demo import write_demo_cohort

SHARED = Path(__file__).resolve().parents[1].parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of real data and reference values beside the project; the test is skipped where it is absent."""
    if not (SHARED / "data").is_dir():
        pytest.skip("the real data folder ../shared is not beside this checkout")
    return SHARED


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files with slow tests first, so that no process has a long one left when the others are done."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_collection_finish() -> None:
    """Keep what was imported out of the garbage collector's searches: a twentieth of the time goes there otherwise."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture(autouse=True)
def every_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever test meets an `InputError`: it names a way out, at once or when its place is added.

    Errors that a study, or the draft of one, raises for itself alone are left out.
    """
    made, with_place, speechless = InputError.__init__, InputError.at, dict[int, InputError]()

    def noted(error: InputError, what: str, **rest: Any) -> None:
        made(error, what, **rest)
        maker = sys._getframe(1).f_globals["__name__"]
        own = maker.startswith(("sonoher2.study.", "sonoher2.cohort.drafting."))
        if maker.startswith("sonoher2.") and not (own or error.fix or error.hint):
            speechless[id(error)] = error

    def placed(error: InputError, where: str, fix: str = "") -> InputError:
        noticed, new = speechless.pop(id(error), None), with_place(error, where, fix)
        if noticed is None:
            speechless.pop(id(new), None)
        return new

    monkeypatch.setattr(InputError, "__init__", noted)
    monkeypatch.setattr(InputError, "at", placed)
    yield
    assert [str(error) for error in speechless.values()] == []


SMALL_STUDY = """
radiomics: {filters: [original], bin_count: 16}
models: [logistic, naive-bayes]
validation: {outer_folds: 3, inner_folds: 3}
evaluation: {bootstrap: 100, subgroups: [site]}
"""


@dataclass(frozen=True)
class FinishedStudy:
    """A small synthetic study that was run once for the whole session; nobody may write into it."""

    file: Path
    run: Path
    result: StudyResult


@pytest.fixture(scope="session")
def small_study_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Study file of 60 simulated patients with small pictures and few models."""
    file = write_demo_cohort(tmp_path_factory.mktemp("cohort"), patients=60, seed=0, size=(80, 80))
    file.write_text(file.read_text(encoding="utf-8") + SMALL_STUDY, encoding="utf-8")
    return file


@pytest.fixture(scope="session")
def finished(small_study_file: Path, tmp_path_factory: pytest.TempPathFactory) -> FinishedStudy:
    """The small study, run with one process."""
    run = tmp_path_factory.mktemp("run")
    return FinishedStudy(small_study_file, run, run_study(load_study(small_study_file), run, jobs=1))
