"""Starts jobs one after another, watches them, ends them when asked; all that it knows is on disk.

A server that is killed leaves its jobs running. The next one finds them by number and file of progress and watches on;
those whose process is gone are interrupted, and resume with a click or with the command line.
"""

from __future__ import annotations

import logging
import subprocess
import threading
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from sonoher2.server.context.services import Services
from sonoher2.server.storage.base import now
from sonoher2.server.storage.tables_studies import JobRow, StudyRow
from sonoher2.server.studies.jobs.commands import arguments, log_file, progress_file
from sonoher2.server.studies.jobs.states import State, final_state
from sonoher2.server.studies.processes.process import end_left, interrupt, kill, runs, start
from sonoher2.server.studies.processes.progress import read_progress

log = logging.getLogger("sonoher2.server")
AT_ONCE = 1
"""Studies that run side by side: each uses all processors."""
SECONDS = 0.5
GRACE = timedelta(seconds=10)
"""Between asking a process to stop and ending it."""


class Supervisor:
    """Watches the jobs of one server.

    Parameters
    ----------
    services
        Database, home and audit log.
    at_once
        Jobs that run side by side.
    """

    def __init__(self, services: Services, at_once: int = AT_ONCE) -> None:
        self._services, self._at_once = services, at_once
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._asked: set[str] = set()
        self._wake, self._stop = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._turn = threading.Lock()

    def open(self) -> None:
        """Find the jobs of an earlier server, and watch from now on."""
        self._thread = threading.Thread(target=self._watch, name="studies", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop watching; jobs go on by themselves, and the next server finds them."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def wake(self) -> None:
        """Look at once: something was asked for."""
        self._wake.set()

    def _watch(self) -> None:
        while not self._stop.is_set():
            try:
                self.turn()
            except (SQLAlchemyError, OSError) as error:
                # such as a database that is away for a moment; the next turn tries again
                log.warning("studies could not be looked after, %s", type(error).__name__)
            self._wake.wait(SECONDS)
            self._wake.clear()

    def turn(self) -> None:
        """Look at every job once: end those that are asked to, note those that have ended, start the next."""
        with self._turn:
            running = sum([self._goes_on(job) for job in self._jobs("running")])
            for job in self._jobs("queued"):
                if job.cancelled is not None:
                    self._note(job.id, state="cancelled", ended=now())
                elif running < self._at_once:
                    running += 1
                    self._begin(job)

    def _jobs(self, state: State) -> list[JobRow]:
        with self._services.database.reading() as session:
            chosen = select(JobRow).where(JobRow.state == state).order_by(JobRow.queued, JobRow.id)
            return list(session.scalars(chosen))

    def _note(self, key: str, **facts: object) -> None:
        with self._services.database.session() as session:
            job = session.get_one(JobRow, key)
            for name, value in facts.items():
                setattr(job, name, value)
            if "ended" in facts:
                self._services.audit.add_to(session, "", "study ended", job.study, outcome=job.state)

    def _goes_on(self, job: JobRow) -> bool:
        """Look after a job that runs; False when its process has ended."""
        path = progress_file(self._services.settings, job)
        child = self._children.get(job.id)
        # a server that was killed right after it started a process did not note its number: the process did
        pid = job.pid or read_progress(path).pid
        alive = child.poll() is None if child is not None else pid is not None and runs(pid, path)
        if alive and pid is not None:
            if job.pid is None:
                self._note(job.id, pid=pid)
            if job.cancelled is not None:
                self._end(job.id, pid, late=now() - job.cancelled > GRACE)
            return True
        if pid is None and job.started is not None and now() - job.started < GRACE:
            # it may have been started a moment ago, and has not written its number yet
            return True
        if pid is not None:
            # workers may outlive the process that they work for
            end_left(pid, path)
        self._children.pop(job.id, None)
        progress = read_progress(path)
        self._note(job.id, state=final_state(job, progress), code=progress.code, ended=now())
        return False

    def _end(self, key: str, pid: int, *, late: bool) -> None:
        """Ask a job to stop, once, and end it when it does not."""
        if late:
            kill(pid)
        elif key not in self._asked:
            self._asked.add(key)
            interrupt(pid)

    def _begin(self, job: JobRow) -> None:
        settings = self._services.settings
        # noted before it is done: a server that is killed in between finds one job, not two of it
        self._note(job.id, state="running", started=now())
        with self._services.database.reading() as session:
            study = session.get_one(StudyRow, job.study)
        child = start(arguments(study, job), log_file(settings, job), progress_file(settings, job))
        self._children[job.id] = child
        self._note(job.id, pid=child.pid)
