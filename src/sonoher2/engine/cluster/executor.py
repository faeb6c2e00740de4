"""The executor on a Dask cluster: chunks sized by time, sent as fast as they are done."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from statistics import median
from time import monotonic
from typing import Any, ClassVar, TypeVar
from uuid import uuid4

import cloudpickle
from distributed import Client, Future, as_completed

from sonoher2.core.errors import InputError
from sonoher2.engine.cluster.worker import Done, Parcel, Terms, do_chunk

Item = TypeVar("Item")
Result = TypeVar("Result")

CHUNK_SECONDS = 2.0
"""A chunk takes about so long: much longer than sending it, and little is lost with a process."""
SMALL = 64 << 10
"""Bytes of a function that travels with every chunk; a larger one goes to each process once."""
MOST_TRIES = 4
"""A chunk is given up when its process was lost so often."""
COUNT_SECONDS = 2.0
"""Processes are counted so often: they come and go."""


@dataclass
class Pace:
    """Decides how many items a chunk has."""

    size: int = 1
    rates: deque[float] = field(default_factory=lambda: deque(maxlen=16))

    def told(self, items: int, seconds: float) -> None:
        """Learn from a chunk that is done."""
        self.rates.append(seconds / items)
        wanted = CHUNK_SECONDS / max(median(self.rates), 1e-6)
        self.size = max(1, min(int(wanted), 4 * self.size))

    def next(self, left: int, workers: int) -> int:
        """Items of the next chunk; towards the end they are fewer, so that all processes end together."""
        return max(1, min(self.size, -(-left // (2 * workers))))


@dataclass
class _Chunk:
    """Positions of some items that are under way, and how often they were sent."""

    positions: range
    items: bytes
    tries: int = 0


class DaskExecutor:
    """Processes of a Dask cluster.

    Parameters
    ----------
    client
        Connected.
    terms
        What each process must fulfil.
    """

    far: ClassVar[bool] = True

    def __init__(self, client: Client, terms: Terms) -> None:
        self.client = client
        self.terms = terms
        self._workers, self._counted = 1, 0.0

    def run(self, function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[tuple[int, Result]]:
        """See `Executor.run`.

        Raises
        ------
        InputError
            A process was refused, a chunk was lost again and again, or the scheduler is gone.
        """
        parcel, pace, start = Parcel.of(function), Pace(), 0
        running: dict[Future[Any], _Chunk] = {}
        completed = as_completed(loop=self.client.loop)

        def send(chunk: _Chunk, parcel: Parcel, worker: str | None = None) -> None:
            future = self._submit(parcel, chunk.items, worker)
            running[future] = chunk
            completed.add(future)

        small = Parcel(parcel.key, parcel.data if len(parcel.data or b"") <= SMALL else None)
        try:
            while start < len(items) or running:
                workers = self._count()
                while start < len(items) and len(running) < 2 * workers:
                    stop = start + pace.next(len(items) - start, workers)
                    positions, start = range(start, min(stop, len(items))), stop
                    send(_Chunk(positions, cloudpickle.dumps([items[i] for i in positions])), small)
                future = next(completed)
                chunk = running.pop(future)
                done, worker = self._outcome(future, chunk)
                if done is None or done.results is None:
                    # the process was lost, or had not been given the function yet
                    send(chunk, small if done is None else parcel, worker)
                    continue
                pace.told(len(chunk.positions), done.seconds)
                yield from zip(chunk.positions, done.results, strict=True)
        finally:
            # what a process has begun it ends, and keeps
            with suppress(Exception):
                self.client.cancel(list(running))

    def _submit(self, parcel: Parcel, items: bytes, worker: str | None) -> Future[Any]:
        where: dict[str, object] = {"workers": [worker], "allow_other_workers": True} if worker else {}
        name = f"sonoher2-{uuid4().hex}"
        return self.client.submit(do_chunk, self.terms, parcel, items, key=name, pure=False, **where)

    def _outcome(self, future: Future[Any], chunk: _Chunk) -> tuple[Done | None, str | None]:
        """Tell what became of a chunk (None: it was lost on its way), and who did it."""
        if future.status == "finished":
            done = future.result()
            holders = self.client.who_has([future]).get(future.key, ()) if done.results is None else ()
            return done, next(iter(holders), None)
        if self.client.status != "running":
            raise InputError("the scheduler of the cluster is gone", fix=RESUME)
        if future.status == "error":
            _raise(future)
        chunk.tries += 1
        if chunk.tries == MOST_TRIES:
            raise InputError("a piece of work was lost on its way again and again", where="cluster", fix=RESUME)
        return None, None

    def _count(self) -> int:
        if monotonic() - self._counted > COUNT_SECONDS:
            self._workers = max(1, len(self.client.nthreads()))
            self._counted = monotonic()
        return self._workers


RESUME = "What is finished is kept: run it again when the cluster is well"


def _raise(future: Future[Any]) -> None:
    error = future.exception()
    if type(error).__name__ == "KilledWorker":
        raise InputError(
            "several processes of the cluster ended while they did the same piece of work, often for want of memory",
            fix="Give each process more memory; what is finished is kept",
        ) from None
    if isinstance(error, ImportError | RuntimeError) and "deserializ" in str(error).lower():
        raise InputError(
            "the cluster cannot read the work that it is sent",
            fix="Start scheduler and workers from the same installation as this command",
        ) from error
    raise error
