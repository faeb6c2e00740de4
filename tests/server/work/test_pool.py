"""Workers that die, fail and take too long."""

from __future__ import annotations

import errno
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import pool_tasks as tasks
from server_studies import until
from sonoher2.core.errors import Finding, FindingsError, InputError
from sonoher2.server.work import pool as module
from sonoher2.server.work.pool import Pool, TaskFailedError


@pytest.fixture
def quick() -> Iterator[Pool]:
    pool = Pool(2, 20.0)
    yield pool
    pool.close()


def test_a_task_is_done_elsewhere_and_workers_are_used_again(quick: Pool) -> None:
    found = {quick.run(tasks.process) for _ in range(6)}
    assert os.getpid() not in found
    assert found <= set(quick.pids())


def test_two_tasks_are_done_at_a_time(quick: Pool, tmp_path: Path) -> None:
    # each waits for the other
    with ThreadPoolExecutor(2) as threads:
        done = [threads.submit(quick.run, tasks.meet, str(tmp_path), name, other) for name, other in ("ab", "ba")]
        assert [one.result() for one in done] == ["a", "b"]


def test_an_error_of_ours_comes_back_as_it_was_raised(quick: Pool) -> None:
    with pytest.raises(InputError) as raised:
        quick.run(tasks.refuse, "the image is dark", "a.png")
    assert (raised.value.what, raised.value.where, raised.value.fix) == ("the image is dark", "a.png", "Mend it")
    with pytest.raises(FindingsError) as several:
        quick.run(tasks.find)
    assert several.value.findings == [Finding("error", "one", "x", "fix"), Finding("error", "two", "y", "fix")]


def test_an_unforeseen_error_says_where_and_not_what(quick: Pool) -> None:
    with pytest.raises(TaskFailedError) as raised:
        quick.run(tasks.fail, "patient Anna")
    assert str(raised.value) == "ZeroDivisionError"
    assert "pool_tasks.py" in raised.value.places
    assert "Anna" not in raised.value.places
    assert quick.run(tasks.process) in quick.pids()


def test_a_task_whose_worker_dies_is_done_by_another(quick: Pool, tmp_path: Path) -> None:
    assert quick.run(tasks.die_once, str(tmp_path / "died")) == "done"


def test_a_task_that_kills_every_worker_is_given_up_and_the_pool_lives_on(quick: Pool) -> None:
    with pytest.raises(InputError, match="ended twice"):
        quick.run(tasks.die)
    assert quick.run(tasks.process) in quick.pids()


def test_a_worker_that_is_killed_between_tasks_is_not_noticed(quick: Pool) -> None:
    for _ in range(2):
        os.kill(quick.run(tasks.process), signal.SIGKILL)
    assert quick.run(tasks.process) in quick.pids()


def test_workers_that_all_end_while_idle_are_replaced_and_the_task_is_done(quick: Pool) -> None:
    quick.wait()
    until(lambda: quick._free.qsize() == 2)
    workers = [worker.process for worker in quick._all]
    for worker in workers:
        os.kill(worker.pid or 0, signal.SIGKILL)
    until(lambda: not any(worker.is_alive() for worker in workers))
    assert quick.run(tasks.process) in quick.pids()


def test_a_process_that_cannot_be_had_is_said_and_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError(errno.EAGAIN, "no more processes")

    monkeypatch.setattr(module, "_Worker", refused)
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.0)
    pool = Pool(1, 20.0)
    try:
        with pytest.raises(InputError, match="no worker process could be started"):
            pool.run(tasks.process)
    finally:
        pool.close()


def test_a_task_that_takes_too_long_is_given_up() -> None:
    pool = Pool(1, 0.3)
    try:
        pool.wait()
        with pytest.raises(InputError, match="too long"):
            pool.run(tasks.sleep, 60.0)
    finally:
        pool.close()


def test_every_new_worker_is_prepared(tmp_path: Path) -> None:
    pool = Pool(1, 20.0, tasks.prepare, (str(tmp_path),))
    try:
        first = pool.run(tasks.process)
        os.kill(first, signal.SIGKILL)
        second = pool.run(tasks.process)
        assert {path.name for path in tmp_path.iterdir()} == {str(first), str(second)}
    finally:
        pool.close()


def test_workers_end_with_the_pool(quick: Pool) -> None:
    quick.run(tasks.process)
    pids = quick.pids()
    quick.close()
    end = time.monotonic() + 10
    while time.monotonic() < end and any(Path(f"/proc/{pid}").exists() for pid in pids):
        time.sleep(0.05)
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
    with pytest.raises(InputError, match="no worker"):
        quick.run(tasks.process)


def test_a_pool_whose_workers_cannot_start_says_so() -> None:
    pool = Pool(2, 20.0, tasks.die_at_start, ("",))
    try:
        with pytest.raises(InputError, match="no worker"):
            pool.run(tasks.process)
    finally:
        pool.close()


def test_a_worker_that_fails_to_start_once_is_replaced(tmp_path: Path) -> None:
    pool = Pool(1, 20.0, tasks.die_at_first_start, (str(tmp_path / "died"),))
    try:
        assert pool.run(tasks.process) in pool.pids()
    finally:
        pool.close()
