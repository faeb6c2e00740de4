"""Running independent jobs side by side, each result handed over as soon as it is there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from joblib import Parallel, delayed

from sonoher2.core.errors import InputError
from sonoher2.core.progress import track

Job = TypeVar("Job")


def default_jobs() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def run_jobs(
    function: Callable[[Job], Any], jobs: Sequence[Job], *, workers: int, label: str
) -> Iterator[tuple[int, Any]]:
    """Run `function` on each job in `workers` processes, with progress.

    The caller keeps each result as it comes, so that a kill loses at most the jobs under way. joblib's
    `parallel_config` chooses another backend.

    Yields
    ------
    (position of the job, its result), in the order of completion.
    """
    if not jobs:
        return
    if workers == 1 or len(jobs) == 1:
        yield from track(((i, function(job)) for i, job in enumerate(jobs)), label, len(jobs))
        return
    parallel = Parallel(n_jobs=min(workers, len(jobs)), return_as="generator_unordered")
    results = parallel(delayed(_numbered)(function, i, job) for i, job in enumerate(jobs))
    try:
        yield from track(results, label, len(jobs))
    except BrokenProcessPool:
        raise InputError(
            f"a process was ended from outside, or the memory did not suffice ({label.lower()})",
            fix="Run it again with fewer processes; what is finished is kept",
            hint="processes",
        ) from None


def _numbered(function: Callable[[Job], Any], position: int, job: Job) -> tuple[int, Any]:
    return position, function(job)
