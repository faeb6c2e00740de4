"""In what state a job is, from the database and from what its process left on disk."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, cast

from sonoher2.server.storage.tables_studies import JobRow, StudyRow
from sonoher2.server.studies.processes.progress import Progress

State = Literal["queued", "running", "finished", "failed", "cancelled", "interrupted"]
OPEN: tuple[State, ...] = ("queued", "running")
INTERRUPTED = 4
"""Exit code of the command line for a run that was told to stop."""
RESULTS = Path("results") / "results.json"


def final_state(job: JobRow, progress: Progress) -> State:
    """State of a job whose process has ended.

    Parameters
    ----------
    job
        Its row, as long as it says that it runs.
    progress
        What its process wrote.
    """
    if progress.code == 0:
        return "finished"
    if job.cancelled is not None:
        return "cancelled"
    return "interrupted" if progress.code in (None, INTERRUPTED) else "failed"


def study_state(study: StudyRow, job: JobRow | None) -> State:
    """State of a study: that of its last job, unless the command line finished it since.

    Parameters
    ----------
    study
        Its row.
    job
        Its last one; none for a folder that was only taken over.
    """
    done = results_time(Path(study.out))
    if job is None:
        return "interrupted" if done is None else "finished"
    state = cast("State", job.state)
    unfinished = state in ("failed", "cancelled", "interrupted")
    if unfinished and done is not None and (job.ended is None or done > job.ended or job.command not in _RUNS):
        return "finished"
    return state


_RUNS = ("run", "validate")


def results_time(out: Path) -> datetime | None:
    """When the results of a run were written, UTC; None where it did not come to its end."""
    try:
        return datetime.fromtimestamp((out / RESULTS).stat().st_mtime, UTC).replace(tzinfo=None)
    except OSError:
        return None
