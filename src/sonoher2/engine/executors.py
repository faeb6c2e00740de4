"""Where the items of a step are worked on: in this process, or in several side by side."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import cache
from math import inf
from numbers import Integral
from typing import ClassVar, Protocol, TypeAlias, TypeVar, cast

from sonoher2.core.errors import InputError

Item = TypeVar("Item")
Result = TypeVar("Result")


class Executor(Protocol):
    """Runs one function on many items; knows nothing of keys, files and progress.

    Function, items and results can be pickled.
    """

    @property
    def far(self) -> bool:  # pragma: no cover
        """Whether it works on other machines; there a `Work` keeps its values itself."""
        ...

    def run(
        self, function: Callable[[Item], Result], items: Sequence[Item]
    ) -> Iterator[tuple[int, Result]]:  # pragma: no cover
        """Start the items in their order; yield (position, result) in the order of completion."""
        ...


Workers: TypeAlias = int | Executor | None
"""Where work is done: so many processes of this machine (None: as many as it has processors), or an executor's."""


@dataclass(frozen=True)
class SerialExecutor:
    """One item after another, in this process."""

    far: ClassVar[bool] = False

    def run(self, function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[tuple[int, Result]]:
        """See `Executor.run`."""
        for position, item in enumerate(items):
            yield position, function(item)


SERIAL = SerialExecutor()


@dataclass(frozen=True)
class JoblibExecutor:
    """Processes of this machine, by joblib; `joblib.parallel_config` chooses another backend.

    Attributes
    ----------
    workers
        How many processes.
    """

    workers: int
    far: ClassVar[bool] = False

    def run(self, function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[tuple[int, Result]]:
        """See `Executor.run`.

        Raises
        ------
        InputError
            A process was ended from outside.
        """
        if len(items) < 2:
            yield from SERIAL.run(function, items)
            return
        # it takes a while to import, and a run that finds all its entries needs none of it
        from joblib import Parallel, delayed

        parallel = Parallel(n_jobs=min(self.workers, len(items)), return_as="generator_unordered")
        results = parallel(delayed(_numbered)(function, i, item) for i, item in enumerate(items))
        try:
            yield from results
        except BrokenProcessPool:
            raise InputError(
                "a process was ended from outside, or the memory did not suffice",
                fix="Run it again with fewer processes; what is finished is kept",
                hint="processes",
            ) from None


def _numbered(function: Callable[[Item], Result], position: int, item: Item) -> tuple[int, Result]:
    _let_grow()
    return position, function(item)


@cache
def _let_grow() -> None:
    """Have this process live on when it has grown by 300 MB, which loky takes for a leak where psutil is installed.

    It grows so once, by libraries and compiled kernels. Loky has no setting for it.
    """
    from joblib.externals.loky import process_executor

    process_executor._MAX_MEMORY_LEAK_SIZE = inf


def default_workers() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def local_executor(workers: Workers = None) -> Executor:
    """Choose the executor for this many processes of this machine; as many as it has processors unless told.

    An executor that was made before stays.

    Raises
    ------
    InputError
        There is less than one process.
    """
    if workers is None:
        count = default_workers()
    elif not isinstance(workers, Integral):
        # an executor; numbers of NumPy are no int
        return cast("Executor", workers)
    else:
        count = int(workers)
    if count < 1:
        raise InputError(f"{count} processes cannot work", fix="Give 1 or more, or nothing for all processors")
    return SERIAL if count == 1 else JoblibExecutor(count)
