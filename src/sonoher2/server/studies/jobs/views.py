"""What pages see of a study: its state, how far it is, and what it has left."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sonoher2.server.base.settings import ServerSettings
from sonoher2.server.context.services import Services
from sonoher2.server.storage.base import now
from sonoher2.server.storage.tables_studies import JobRow, StudyRow, UsedBundleRow
from sonoher2.server.studies.jobs.commands import Command, log_file, progress_file, typed
from sonoher2.server.studies.jobs.schemas import Job, JobProgress, LogPart, Study, StudySummary
from sonoher2.server.studies.jobs.states import State, study_state
from sonoher2.server.studies.jobs.studies import BUNDLE, find_study, jobs_of
from sonoher2.server.studies.processes.progress import last_lines, read_progress

REPORT = "report.html"
AUDITS = ("null", "planted")
LOG_BYTES = 256 << 10
MOST_STUDIES = 500
LONGEST_MESSAGE = 2000


def progress_of(services: Services, session: Session, state: State, job: JobRow | None) -> JobProgress:
    """Tell how far a study is."""
    if job is None or job.state not in ("queued", "running"):
        return JobProgress(state=state)
    if job.state == "queued":
        before = (
            select(func.count())
            .select_from(JobRow)
            .where(JobRow.state.in_(("queued", "running")), JobRow.queued < job.queued)
        )
        return JobProgress(state=state, waits_for=session.scalar(before) or 0)
    found = read_progress(progress_file(services.settings, job))
    return JobProgress(
        state=state,
        stage=found.stage,
        number=found.number,
        stages=found.stages,
        label=found.label,
        done=found.done,
        total=found.total,
        seconds_left=found.seconds_left,
        seconds=None if job.started is None else round((now() - job.started).total_seconds(), 1),
    )


def summaries(services: Services) -> list[StudySummary]:
    """List the studies, the newest first."""
    with services.database.reading() as session:
        rows = session.scalars(select(StudyRow).order_by(StudyRow.created.desc()).limit(MOST_STUDIES))
        return [_summary(services, session, row, jobs_of(session, row.id)) for row in rows]


def _summary(services: Services, session: Session, row: StudyRow, jobs: Sequence[JobRow]) -> StudySummary:
    last = jobs[-1] if jobs else None
    state = study_state(row, last)
    return StudySummary(
        id=row.id,
        title=row.title,
        kind="validation" if row.kind == "validation" else "study",
        owner=row.owner,
        created=row.created,
        parent=row.parent,
        state=state,
        progress=progress_of(services, session, state, last),
        has_report=(Path(row.out) / REPORT).is_file(),
    )


def progress_view(services: Services, key: str) -> JobProgress:
    """Tell how far one study is."""
    with services.database.reading() as session:
        row = find_study(session, key)
        return _summary(services, session, row, jobs_of(session, key)).progress


def study_view(services: Services, key: str) -> Study:
    """Give a study with all that its page shows."""
    with services.database.reading() as session:
        row = find_study(session, key)
        jobs = jobs_of(session, key)
        summary = _summary(services, session, row, jobs)
        used = session.get(UsedBundleRow, key) is not None
    out = Path(row.out)
    return Study(
        **summary.model_dump(),
        study_file=row.study_file,
        out=row.out,
        draft=row.draft,
        jobs=[_job(row, job) for job in jobs],
        message=_message(services.settings, jobs[-1]) if jobs and jobs[-1].state == "failed" else "",
        has_bundle=row.kind == "study" and (out / BUNDLE / "manifest.json").is_file(),
        used_for_cases=used,
        audits=[name for name in AUDITS if (out / "audit" / f"{name}.csv").is_file()],
    )


def _job(study: StudyRow, job: JobRow) -> Job:
    return Job(
        id=job.id,
        command=cast("Command", job.command),
        typed=typed(study, job),
        state=cast("State", job.state),
        queued=job.queued,
        started=job.started,
        ended=job.ended,
        code=job.code,
    )


def _message(settings: ServerSettings, job: JobRow) -> str:
    """Give what a command said when it failed: its last message, from the word Error on."""
    text = last_lines(log_file(settings, job), LOG_BYTES)[0]
    starts = [place for word in ("Error: ", "Internal error: ") if (place := text.rfind(f"\n{word}")) >= 0]
    begin = max(starts, default=-1)
    message = text[begin + 1 :] if begin >= 0 or text.startswith(("Error: ", "Internal error: ")) else text[-500:]
    return message.strip()[:LONGEST_MESSAGE]


def log_view(services: Services, key: str) -> LogPart:
    """Give the end of the log of a study's last job that was started."""
    with services.database.reading() as session:
        find_study(session, key)
        started = [job for job in jobs_of(session, key) if job.started is not None]
    if not started:
        return LogPart(job="", text="", bytes=0)
    text, size = last_lines(log_file(services.settings, started[-1]), LOG_BYTES)
    return LogPart(job=started[-1].id, text=text, bytes=size)
