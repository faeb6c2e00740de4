"""How many processes work, which of them, and in what order results come."""

from __future__ import annotations

import os

import numpy as np
import pytest
from joblib import parallel_config

from engine_steps import process_of
from sonoher2.core.errors import InputError
from sonoher2.engine import JoblibExecutor, SerialExecutor
from sonoher2.engine.executors import SERIAL, default_workers, local_executor


def test_nothing_of_this_machine_is_far() -> None:
    assert not SERIAL.far
    assert not JoblibExecutor(2).far


def test_one_after_another_here() -> None:
    here = os.getpid()
    assert list(SERIAL.run(process_of, [3, 1])) == [(0, (30, here)), (1, (10, here))]


@pytest.mark.parametrize(("items", "sent"), [(0, False), (1, False), (2, True)])
def test_a_single_item_is_not_worth_a_process(items: int, sent: bool) -> None:
    found = dict(JoblibExecutor(2).run(process_of, list(range(items))))
    assert {position: value for position, (value, _) in found.items()} == {i: 10 * i for i in range(items)}
    assert all((process != os.getpid()) is sent for _, process in found.values())


def test_no_more_processes_than_items(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    class Parallel:
        def __init__(self, n_jobs: int, return_as: str) -> None:
            asked.append(n_jobs)

        def __call__(self, calls: object) -> list[tuple[int, int]]:
            return []

    monkeypatch.setattr("joblib.Parallel", Parallel)
    for items in (2, 3, 7):
        assert list(JoblibExecutor(3).run(process_of, list(range(items)))) == []
    assert asked == [2, 3, 3]


def test_another_backend_may_be_chosen() -> None:
    with parallel_config(backend="threading"):
        found = dict(JoblibExecutor(2).run(process_of, [1, 2, 3]))
    assert found == {i: (10 * (i + 1), os.getpid()) for i in range(3)}


def test_as_many_processes_as_may_be_used_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 3, 5} if process == 0 else set(), raising=False)
    assert default_workers() == 3
    assert local_executor() == local_executor(None) == JoblibExecutor(3)
    assert local_executor(2) == JoblibExecutor(2)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {4}, raising=False)
    assert local_executor() is SERIAL


@pytest.mark.parametrize(("counted", "workers"), [(6, 6), (None, 1)])
def test_where_nobody_says_which_may_be_used_all_count(
    monkeypatch: pytest.MonkeyPatch, counted: int | None, workers: int
) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: counted)
    assert default_workers() == workers


def test_an_executor_that_was_made_before_stays() -> None:
    made = JoblibExecutor(5)
    assert local_executor(made) is made
    assert local_executor(SERIAL) is SERIAL
    assert local_executor(1) == SerialExecutor()


@pytest.mark.parametrize("workers", [0, -1, np.int64(-2)])
def test_less_than_one_process_is_refused(workers: int) -> None:
    with pytest.raises(InputError, match="processes cannot work"):
        local_executor(workers)


def test_a_number_of_numpy_is_a_number_of_processes() -> None:
    assert local_executor(np.int64(1)) is local_executor(1)  # type: ignore[arg-type]
    assert local_executor(np.int64(2)) == local_executor(2)  # type: ignore[arg-type]
