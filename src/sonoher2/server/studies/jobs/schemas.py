"""What is asked and answered about studies."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from sonoher2.server.base.times import Utc
from sonoher2.server.studies.jobs.commands import Command
from sonoher2.server.studies.jobs.states import State


class JobProgress(BaseModel):
    """How far a job is."""

    state: State
    stage: str = ""
    number: int = 0
    stages: int = 0
    label: str = ""
    done: int = 0
    total: int = 0
    seconds_left: float | None = Field(None, description="Of the piece of work under way, at its pace so far.")
    seconds: float | None = Field(None, description="Since it was started.")
    waits_for: int = Field(0, description="Jobs that are before it.")


class Job(BaseModel):
    """One attempt of a command on a study."""

    id: str
    command: Command
    typed: str = Field(description="The same for a terminal; a job can be resumed there.")
    state: State
    queued: Utc
    started: Utc | None
    ended: Utc | None
    code: int | None


class StudySummary(BaseModel):
    """A study in a list."""

    id: str
    title: str
    kind: Literal["study", "validation"]
    owner: str
    created: Utc
    parent: str | None
    state: State
    progress: JobProgress
    has_report: bool


class Study(StudySummary):
    """A study with all that its page shows."""

    study_file: str
    out: str
    draft: str
    jobs: list[Job]
    message: str = Field("", description="What the last job said when it failed.")
    has_bundle: bool
    used_for_cases: bool
    audits: list[str]


class NewStudy(BaseModel):
    """What is to be run: a draft, or a study file of this machine with a folder for its results."""

    model_config = ConfigDict(extra="forbid")

    draft: str | None = Field(None, max_length=64)
    study: str | None = Field(None, max_length=4096, description="Absolute path of a study file.")
    out: str | None = Field(None, max_length=4096, description="Absolute path; the server's own place unless given.")


class NewValidation(NewStudy):
    """A second cohort, as in `NewStudy`."""

    recalibrate: float | None = Field(
        None, ge=0.05, le=0.95, description="Share of the patients to recalibrate on; the others judge it."
    )


class NewAudit(BaseModel):
    """An audit of a study."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["null", "planted"]
    runs: int | None = Field(None, ge=2, le=1000)


class LogPart(BaseModel):
    """The end of a job's log."""

    job: str
    text: str
    bytes: int


class ComparedStudy(BaseModel):
    """A study of a comparison."""

    id: str
    title: str
    kind: str


class ComparedRow(BaseModel):
    """One signature in one set and for one outcome, in each of the studies; none where a study does not have it."""

    signature: str
    set: str
    outcome: str
    cells: list[dict[str, float | None] | None]


class Comparison(BaseModel):
    """Signatures of several studies side by side."""

    studies: list[ComparedStudy]
    rows: list[ComparedRow]
