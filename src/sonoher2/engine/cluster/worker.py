"""What runs in a process of a cluster: it is asked who it is, then it does chunks of work.

Work travels as Dask sends any function, pickled between processes that trust each other; it is wrapped by hand so that
each process gets a large one once. Nothing is ever unpickled from a file.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import cloudpickle
from distributed import Worker, get_worker
from threadpoolctl import threadpool_limits

from sonoher2.core.errors import InputError
from sonoher2.engine.cluster.environment import Environment, this_environment

_FUNCTIONS: dict[str, Callable[..., Any]] = {}


@dataclass(frozen=True)
class Terms:
    """What a process must fulfil before it is given work.

    Attributes
    ----------
    environment
        Of the process that gives the work.
    mark
        A file that it has made in the folder of results.
    patience
        A shared file system may take so many seconds to show it.
    """

    environment: Environment
    mark: str
    patience: float

    def __hash__(self) -> int:
        return hash(self.mark)


@dataclass(frozen=True)
class Parcel:
    """A function on its way.

    Attributes
    ----------
    key
        Hash of its bytes.
    data
        The bytes; None where the process should have it.
    """

    key: str
    data: bytes | None

    @classmethod
    def of(cls, function: Callable[..., Any]) -> Parcel:
        """Wrap a function."""
        data = cloudpickle.dumps(function)
        return cls(sha256(data).hexdigest(), data)


@dataclass(frozen=True)
class Done:
    """A chunk that is finished.

    Attributes
    ----------
    results
        One for each item, or None: the function was not here.
    seconds
        How long it took.
    """

    results: list[Any] | None
    seconds: float = 0.0


def do_chunk(terms: Terms, parcel: Parcel, items: bytes) -> Done:
    """Call a function with each item; one with a method `many` gets them all at once.

    Raises
    ------
    InputError
        This process does not fulfil the terms.
    """
    worker = get_worker()
    problem = refusal(terms, worker)
    if problem:
        raise InputError(problem, where=worker.address, fix=FIX)
    if parcel.key not in _FUNCTIONS:
        if parcel.data is None:
            return Done(None)
        # a function may hold a network: only the last one stays
        _FUNCTIONS.clear()
        _FUNCTIONS[parcel.key] = cloudpickle.loads(parcel.data)
    function, given = _FUNCTIONS[parcel.key], cloudpickle.loads(items)
    many = getattr(function, "many", None)
    start = monotonic()
    with threadpool_limits(limits=1):
        results = many(given) if many else [function(item) for item in given]
    return Done(results, monotonic() - start)


FIX = "Start scheduler and workers from the same installation, one thread each, on a file system that all share"


def refusal(terms: Terms, dask_worker: Worker) -> str:
    """Say why this process must not work; empty when it may.

    Parameters
    ----------
    terms
        What is asked.
    dask_worker
        This process; Dask gives it under this name.
    """
    _keep_kernels(dask_worker.local_directory)
    return _refusal(terms, dask_worker.state.nthreads)


@cache
def _refusal(terms: Terms, threads: int) -> str:
    here, asked = this_environment(), terms.environment
    told = here.differences(asked)
    if told:
        return f"this process has other code or libraries: {here.fingerprint} there, {asked.fingerprint} here ({told})"
    if threads != 1:
        return f"this process has {threads} threads, which would get into each other's way"
    last = monotonic() + terms.patience
    folder = Path(terms.mark).parent
    # asking for the list makes a network file system look again
    while not (folder.is_dir() and terms.mark in map(str, folder.iterdir())):
        if monotonic() > last:
            return f"this process does not see the results in {folder}"
        sleep(0.5)
    return "" if os.access(folder, os.W_OK) else f"this process cannot write into {folder}"


def _keep_kernels(local: str) -> None:
    """Have compiled kernels kept on this machine's own disk: many machines would write the same files elsewhere.

    What is kept there is run, so nobody else may be able to write it.
    """
    if "NUMBA_CACHE_DIR" in os.environ or "numba" in sys.modules:
        return
    place = Path(local).parent / f"sonoher2-kernels-{os.getuid() if hasattr(os, 'getuid') else 0}"
    try:
        place.mkdir(mode=0o700, exist_ok=True)
        about = place.lstat()
        own = not hasattr(os, "getuid") or (about.st_uid == os.getuid() and not about.st_mode & 0o077)
    except OSError:
        own = False
    if own and stat.S_ISDIR(about.st_mode):
        os.environ["NUMBA_CACHE_DIR"] = str(place)
