"""Settings of jobs that a batch system runs for a study."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from sonoher2.config.base import FilePath, Strict
from sonoher2.config.load import settings_from
from sonoher2.core.yaml_file import read_yaml


class ClusterSettings(Strict):
    """What a batch system is asked for; what is left out it decides itself, or Dask's own settings do."""

    jobs: int = Field(ge=1)
    """How many jobs."""
    cores: int = Field(ge=1)
    """Of each job: one process runs on each."""
    memory: str
    """Of each job, such as 64GB."""
    walltime: str | None = None
    queue: str | None = None
    account: str | None = None
    interface: str | None = None
    """Network card over which the machines talk, such as ib0."""
    local_directory: FilePath | None = None
    """On each machine's own disk."""
    log_directory: FilePath | None = None
    job_extra_directives: list[str] | None = None
    """Further lines of the job's head."""
    job_script_prologue: list[str] | None = None
    """Commands before the work, such as loading a module."""


def load_cluster(path: Path) -> ClusterSettings:
    """Read the settings of jobs.

    Raises
    ------
    InputError, FindingsError
        The file cannot be read, or keys or values in it are wrong.
    """
    return settings_from(ClusterSettings, read_yaml(path), str(path))
