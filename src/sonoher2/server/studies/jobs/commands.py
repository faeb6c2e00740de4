"""What is typed for each kind of work, and where its log and its progress lie."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Literal

from sonoher2.server.base.paths import home_of
from sonoher2.server.base.settings import ServerSettings
from sonoher2.server.storage.tables_studies import JobRow, StudyRow
from sonoher2.server.studies.processes.process import option

Command = Literal["run", "validate", "null", "simulated-signal"]


def arguments(study: StudyRow, job: JobRow) -> list[str]:
    """Arguments of ``sonoher2`` for a job.

    Parameters
    ----------
    study
        What is run.
    job
        Its kind and options.
    """
    options = [part for name, value in job.options.items() for part in option(name, value)]
    starts = {
        "run": ["run", study.study_file],
        "validate": ["validate", study.bundle, study.study_file],
        "null": ["audit", "null", study.study_file],
        "simulated-signal": ["audit", "simulated-signal", study.study_file],
    }
    return [*starts[job.command], *option("out", study.out), *options]


def typed(study: StudyRow, job: JobRow) -> str:
    """Write the same command for a terminal."""
    return shlex.join(["sonoher2", *arguments(study, job)])


def study_home(settings: ServerSettings, study: str) -> Path:
    """Folder of the server for a study: logs, progress and, unless told otherwise, the run."""
    return home_of(settings, "studies", study)


def log_file(settings: ServerSettings, job: JobRow) -> Path:
    """Where all that a job prints is kept."""
    return study_home(settings, job.study) / f"{job.id}.log"


def progress_file(settings: ServerSettings, job: JobRow) -> Path:
    """Where a job writes how far it is."""
    return study_home(settings, job.study) / f"{job.id}.jsonl"
