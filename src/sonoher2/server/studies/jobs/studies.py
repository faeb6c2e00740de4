"""Studies of the server: started, shown, stopped, resumed."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sonoher2.core.files import write_text
from sonoher2.core.yaml_file import read_yaml
from sonoher2.server.base.errors import ApiError, not_found
from sonoher2.server.base.paths import allowed, known_id
from sonoher2.server.context.services import Services
from sonoher2.server.storage.base import now
from sonoher2.server.storage.tables_studies import JobRow, StudyRow
from sonoher2.server.studies.drafts.rows import find_draft, study_file
from sonoher2.server.studies.jobs.commands import Command, study_home
from sonoher2.server.studies.jobs.schemas import NewStudy
from sonoher2.server.studies.jobs.states import OPEN, study_state

if TYPE_CHECKING:
    from sonoher2.config.study import StudyConfig

BUNDLE = "bundle"
RUNS: tuple[Command, ...] = ("run", "validate")


def find_study(session: Session, key: str) -> StudyRow:
    """Give a study of the database.

    Raises
    ------
    ApiError
        There is none.
    """
    row = session.get(StudyRow, known_id(key, "study"))
    if row is None:
        raise not_found("study")
    return row


def jobs_of(session: Session, study: str) -> list[JobRow]:
    """Jobs of a study, the first one first."""
    return list(session.scalars(select(JobRow).where(JobRow.study == study).order_by(JobRow.queued, JobRow.id)))


def start_study(services: Services, user: str, asked: NewStudy, validated: StudyRow | None = None) -> StudyRow:
    """Keep a study and put its run, or the validation of a model on it, at the end of the queue.

    Parameters
    ----------
    validated
        The study whose model is tested; none for a study of its own.

    Raises
    ------
    ApiError
        It names nothing to run, or what it may not name, or the folder belongs to another study.
    FindingsError, InputError
        The study file cannot be read.
    """
    # what reads study files and tables takes long to import
    from sonoher2.config.load import load_study
    from sonoher2.server.studies.drafts.inside import frozen_uploads

    key = secrets.token_urlsafe(12)
    home = study_home(services.settings, key)
    original, draft = _study_file(services, asked)
    config = load_study(original)
    with frozen_uploads(services.settings, original, config):
        out = _out(services, asked, home)
        row = StudyRow(
            id=key,
            owner=user,
            created=now(),
            title=config.title,
            kind="study" if validated is None else "validation",
            study_file=str(_copied(original, config, home) if draft else original),
            out=str(out),
            draft=draft,
            parent=None if validated is None else validated.id,
            bundle="" if validated is None else str(Path(validated.out) / BUNDLE),
        )
        recalibrate = getattr(asked, "recalibrate", None)
        options = {} if recalibrate is None else {"recalibrate": f"{recalibrate:g}"}
        with services.database.session() as session:
            if session.scalar(select(func.count()).select_from(StudyRow).where(StudyRow.out == row.out)):
                raise ApiError(409, "folder", "another study has its results in this folder", "Resume that one")
            session.add(row)
            session.flush()
            add_job(session, row, "run" if validated is None else "validate", options)
            services.audit.add_to(session, user, "start study", key)
    return row


def _study_file(services: Services, asked: NewStudy) -> tuple[Path, str]:
    """Give the study file that is asked for, and the draft that it is of; empty for none."""
    if (asked.draft is None) == (asked.study is None):
        raise ApiError(422, "study", "name a draft or a study file", "Give one of the two")
    if asked.study is not None:
        return allowed(services.settings, Path(asked.study)), ""
    draft = str(asked.draft)
    with services.database.reading() as session:
        find_draft(session, draft)
    return study_file(services, draft), draft


def _copied(original: Path, config: StudyConfig, home: Path) -> Path:
    """Copy the file of a draft, so that later changes of the draft leave the study alone."""
    from sonoher2.server.studies.drafts.edits import as_yaml

    values, text = read_yaml(original), original.read_text(encoding="utf-8")
    if not Path(str(values.get("data", ""))).is_absolute():
        # its paths are relative to the draft, and the copy lies elsewhere
        text = as_yaml({**values, "data": str(config.data)})
    file = home / "study.yaml"
    write_text(file, text)
    return file


def _admit_again(services: Services, key: str) -> None:
    """Look again at the files of a study that an earlier version started, whose uploads may have been changed since."""
    if services.settings.loopback:
        return
    from sonoher2.config.load import load_study
    from sonoher2.server.studies.drafts.inside import frozen_uploads

    with services.database.reading() as session:
        file = Path(find_study(session, key).study_file)
    with frozen_uploads(services.settings, file, load_study(file)):
        pass


def _out(services: Services, asked: NewStudy, home: Path) -> Path:
    if not asked.out:
        return home / "run"
    if not services.settings.loopback:
        raise ApiError(403, "folder", "the server chooses the folder of the results", "Leave it out")
    return allowed(services.settings, Path(asked.out))


def add_job(session: Session, study: StudyRow, command: Command, options: dict[str, str]) -> JobRow:
    """Put work on a study at the end of the queue."""
    job = JobRow(
        id=secrets.token_urlsafe(12),
        study=study.id,
        command=command,
        options=options,
        state="queued",
        queued=now(),
        started=None,
        ended=None,
        pid=None,
        cancelled=None,
        code=None,
    )
    session.add(job)
    return job


def cancel(services: Services, user: str, key: str) -> None:
    """Stop the work on a study; what is finished is kept.

    Raises
    ------
    ApiError
        There is no such study, or nothing to stop.
    """
    with services.database.session() as session:
        find_study(session, key)
        open_jobs = [job for job in jobs_of(session, key) if job.state in OPEN and job.cancelled is None]
        if not open_jobs:
            raise ApiError(409, "state", "nothing of this study is running", "Look at its state")
        for job in open_jobs:
            job.cancelled = now()
        services.audit.add_to(session, user, "cancel study", key)


def resume(services: Services, user: str, key: str) -> None:
    """Start the last command of a study again: what is finished is taken from its folder.

    Raises
    ------
    ApiError
        There is no such study, or it is under way.
    """
    _admit_again(services, key)
    with services.database.session() as session:
        study = find_study(session, key)
        last = _idle(jobs_of(session, key))
        command: Command = "validate" if study.kind == "validation" else "run"
        if last is None:
            add_job(session, study, command, {})
        elif study_state(study, last) == "finished" and last.command in RUNS:
            raise ApiError(409, "state", "the study is finished", "Start a new one")
        else:
            add_job(session, study, last.command, last.options)  # type: ignore[arg-type]
        services.audit.add_to(session, user, "resume study", key)


def add_audit(services: Services, user: str, key: str, kind: str, runs: int | None) -> None:
    """Audit a finished study.

    Parameters
    ----------
    kind
        ``null`` or ``planted``.
    runs
        How many; as many as the command line makes unless told.

    Raises
    ------
    ApiError
        There is no such study, or it is not finished, or it is a validation.
    """
    _admit_again(services, key)
    with services.database.session() as session:
        study = find_study(session, key)
        last = _idle(jobs_of(session, key))
        if study.kind != "study" or study_state(study, last) != "finished":
            raise ApiError(409, "state", "only a finished study can be audited", "Wait until it is finished")
        command: Command = "null" if kind == "null" else "simulated-signal"
        add_job(session, study, command, {} if runs is None else {"runs": str(runs)})
        services.audit.add_to(session, user, "audit study", key)


def _idle(jobs: list[JobRow]) -> JobRow | None:
    """Last job, when none is under way."""
    if any(job.state in OPEN for job in jobs):
        raise ApiError(409, "state", "the study is under way", "Wait until it has ended, or stop it")
    return jobs[-1] if jobs else None
