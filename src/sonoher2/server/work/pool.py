"""A pool of worker processes: started once, warm, one task at a time each, replaced when one dies.

Figure style and numbers of threads belong to a whole process, and a damaged image may take one down: so nothing of this
is done in the process that answers requests.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, ParamSpec, TypeVar, cast

from sonoher2.core.errors import InputError

log = logging.getLogger("sonoher2.server")
START_SECONDS = 300.0
MOST_FAILED_STARTS = 3
"""One after the other, until the pool gives up."""
RETRY_SECONDS = 2.0
ATTEMPTS = 2
"""A task whose worker died is given to another one, once."""
END_SECONDS = 5.0
P = ParamSpec("P")
R = TypeVar("R")


class WorkerDiedError(Exception):
    """A worker ended, or did not answer in time."""


@dataclass(frozen=True)
class Failure:
    """An unforeseen error in a worker: its kind and where it was raised, never its message."""

    kind: str
    places: str


class TaskFailedError(Exception):
    """A task ended with an unforeseen error; `places` says where in the code."""

    def __init__(self, failure: Failure) -> None:
        self.places = f"in a worker, {failure.kind}\n{failure.places}"
        super().__init__(failure.kind)


class Pool:
    """Worker processes.

    Parameters
    ----------
    workers
        How many.
    seconds
        After which a task is given up.
    prepare
        Called once in each new worker, with `given`, before it says that it is ready.
    given
        For `prepare`.
    """

    def __init__(
        self,
        workers: int,
        seconds: float,
        prepare: Callable[[tuple[Any, ...]], None] | None = None,
        given: tuple[Any, ...] = (),
    ) -> None:
        self.workers, self.seconds = workers, seconds
        self._prepare, self._given = prepare, given
        self._free: queue.LifoQueue[_Worker] = queue.LifoQueue()
        self._all: set[_Worker] = set()
        self._lock, self._started, self._closed = threading.Lock(), False, False
        self._failed_starts = 0
        self._starters = ThreadPoolExecutor(max(workers, 1), thread_name_prefix="starter")

    def start(self) -> None:
        """Start all workers and come back at once; a task waits for the first one that is ready."""
        with self._lock:
            if self._started or self._closed:
                return
            self._started = True
        for _ in range(self.workers):
            self._starters.submit(self._add)

    def wait(self) -> None:
        """Wait until one worker is ready."""
        self.start()
        self._free.put(self._taken())

    def run(self, task: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Do one task in a worker and give what it returns.

        Parameters
        ----------
        task
            A function of a module, which the worker imports.
        *args, **kwargs
            What it is given.

        Raises
        ------
        InputError
            The task raised it, or two workers died of it.
        TaskFailedError
            The task raised something unforeseen.
        """
        self.start()
        for _ in range(ATTEMPTS):
            worker = self._taken()
            try:
                answer = worker.ask(task, args, kwargs, self.seconds)
            except WorkerDiedError:
                self._replace(worker)
                continue
            except BaseException:
                # whatever is still in the pipe would be the answer to the next question
                self._replace(worker)
                raise
            self._free.put(worker)
            if isinstance(answer, Failure):
                raise TaskFailedError(answer)
            if isinstance(answer, InputError):
                raise answer
            return cast("R", answer)
        raise InputError(
            "the work on this image was given up: the process that did it ended twice, or took too long",
            fix="Try a smaller image, or one in another format",
        )

    def pids(self) -> list[int]:
        """Process ids of the workers that are there."""
        with self._lock:
            return [worker.process.pid for worker in self._all if worker.process.pid is not None]

    def close(self) -> None:
        """End all workers."""
        with self._lock:
            self._closed = True
            workers, self._all = list(self._all), set()
        for worker in workers:
            worker.end()
        self._starters.shutdown(wait=False, cancel_futures=True)

    def _taken(self) -> _Worker:
        while not self._closed:
            try:
                worker = self._free.get(timeout=1.0)
                if worker.alive():
                    return worker
                # it ended while it had nothing to do: that says nothing of the next task
                self._replace(worker)
            except queue.Empty:
                if self._failed_starts >= MOST_FAILED_STARTS and not self._all:
                    break
        raise InputError("no worker process could be started", fix="Look at the server's log; free some memory")

    def _add(self) -> None:
        try:
            worker = _Worker(self._prepare, self._given)
        except OSError as error:
            # no memory, or no more processes
            log.warning("a worker process could not be started, %s", type(error).__name__)
            self._start_failed()
            return
        with self._lock:
            closed = self._closed
            if not closed:
                self._all.add(worker)
        if closed:
            worker.end()
            return
        try:
            worker.greet()
        except WorkerDiedError:
            self._discard(worker)
            self._start_failed()
            return
        self._failed_starts = 0
        self._free.put(worker)

    def _start_failed(self) -> None:
        self._failed_starts += 1
        if not self._closed and self._failed_starts < MOST_FAILED_STARTS:
            # what was missing a moment ago may be there in another one
            time.sleep(RETRY_SECONDS)
            self._starters.submit(self._add)

    def _replace(self, worker: _Worker) -> None:
        self._discard(worker)
        if not self._closed and self._failed_starts < MOST_FAILED_STARTS:
            self._starters.submit(self._add)

    def _discard(self, worker: _Worker) -> None:
        with self._lock:
            self._all.discard(worker)
        worker.end()


class _Worker:
    """One process, and this side of the line to it."""

    def __init__(self, prepare: Callable[[tuple[Any, ...]], None] | None, given: tuple[Any, ...]) -> None:
        context = multiprocessing.get_context("spawn")
        self._line, other = context.Pipe()
        self.process: BaseProcess = context.Process(target=_work, args=(other, prepare, given), daemon=True)
        self.process.start()
        other.close()
        self._ending, self._ended = threading.Lock(), False

    def greet(self) -> None:
        """Wait for the word that the worker is ready."""
        self._answer(START_SECONDS)

    def ask(
        self, task: Callable[..., object], args: tuple[object, ...], kwargs: dict[str, object], seconds: float
    ) -> object:
        """Give a task and wait for the answer."""
        try:
            self._line.send((task, args, kwargs))
        except OSError:
            raise WorkerDiedError from None
        return self._answer(seconds)

    def _answer(self, seconds: float) -> object:
        try:
            if not self._line.poll(seconds):
                raise WorkerDiedError
            return self._line.recv()
        except (EOFError, OSError):
            raise WorkerDiedError from None

    def alive(self) -> bool:
        """Whether the process is there."""
        with self._ending:
            return not self._ended and self.process.is_alive()

    def end(self) -> None:
        """End the process, whatever it does; a second time does nothing."""
        with self._ending:
            if self._ended:
                return
            self._ended = True
        with contextlib.suppress(OSError):
            self._line.close()
        self.process.terminate()
        self.process.join(END_SECONDS)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.process.close()


def _work(line: Connection, prepare: Callable[[tuple[Any, ...]], None] | None, given: tuple[Any, ...]) -> None:
    """Do tasks until the server's side of the line is closed, even by a kill."""
    import signal

    # Ctrl-C on the terminal reaches the whole group; the server ends its workers itself
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.umask(0o077)
    if prepare is not None:
        prepare(given)
    with contextlib.suppress(EOFError, OSError):
        line.send(None)
        while True:
            task, args, kwargs = line.recv()
            line.send(_done(task, args, kwargs))


def _done(task: Callable[..., object], args: tuple[object, ...], kwargs: dict[str, object]) -> object:
    try:
        return task(*args, **kwargs)
    except InputError as error:
        error.__cause__ = error.__context__ = None
        return error
    except MemoryError:
        return InputError("the memory does not suffice for this image", fix="Give a smaller one")
    except Exception as error:
        import traceback

        return Failure(type(error).__name__, "".join(traceback.format_list(traceback.extract_tb(error.__traceback__))))
