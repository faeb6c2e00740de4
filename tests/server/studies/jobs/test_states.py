"""In what state a job and its study are."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sonoher2.server.storage.tables_studies import JobRow, StudyRow
from sonoher2.server.studies.jobs.states import final_state, study_state
from sonoher2.server.studies.processes.progress import Progress

WRITTEN = datetime(2026, 1, 1, 12)


@pytest.mark.parametrize(
    ("code", "cancelled", "state"),
    [
        (0, None, "finished"), (0, WRITTEN, "finished"), (1, WRITTEN, "cancelled"), (4, WRITTEN, "cancelled"),
        (None, WRITTEN, "cancelled"), (None, None, "interrupted"), (4, None, "interrupted"), (1, None, "failed"),
        (2, None, "failed"), (3, None, "failed"),
    ],
)  # fmt: skip
def test_how_a_process_ended(code: int | None, cancelled: datetime | None, state: str) -> None:
    assert final_state(JobRow(cancelled=cancelled), Progress(code=code)) == state


def study(out: Path, *, finished: bool) -> StudyRow:
    if finished:
        file = out / "results" / "results.json"
        file.parent.mkdir(parents=True)
        file.write_text("{}", encoding="utf-8")
        at = WRITTEN.replace(tzinfo=UTC).timestamp()
        os.utime(file, (at, at))
    return StudyRow(out=str(out))


def test_a_folder_that_was_taken_over_is_finished_where_it_holds_results(tmp_path: Path) -> None:
    assert study_state(study(tmp_path / "a", finished=True), None) == "finished"
    assert study_state(study(tmp_path / "b", finished=False), None) == "interrupted"


@pytest.mark.parametrize("state", ["failed", "cancelled", "interrupted"])
def test_the_command_line_may_have_finished_a_study_since(tmp_path: Path, state: str) -> None:
    done = study(tmp_path / "a", finished=True)

    def seen(ended: datetime | None, command: str = "run") -> str:
        return study_state(done, JobRow(state=state, ended=ended, command=command))

    assert seen(WRITTEN - timedelta(hours=1)) == "finished"
    # results that were there before are those of an earlier attempt
    assert seen(WRITTEN + timedelta(hours=1)) == state
    assert seen(WRITTEN + timedelta(hours=1), "validate") == state
    assert seen(None) == "finished"
    # an audit that failed leaves a finished study finished
    assert seen(WRITTEN + timedelta(hours=1), "null") == "finished"
    assert study_state(study(tmp_path / "b", finished=False), JobRow(state=state, ended=None, command="run")) == state


@pytest.mark.parametrize("state", ["queued", "running", "finished"])
def test_a_job_that_goes_on_or_is_done_says_so_itself(tmp_path: Path, state: str) -> None:
    job = JobRow(state=state, ended=WRITTEN - timedelta(hours=1), command="run")
    assert study_state(study(tmp_path, finished=True), job) == state
