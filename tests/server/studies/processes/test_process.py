"""Processes are known again, and end with all that they have started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from server_studies import until
from sonoher2.server.studies.processes import process as module
from sonoher2.server.studies.processes.process import end_left, interrupt, kill, runs, start

WORKER = """
import subprocess, sys, time
print(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]).pid, flush=True)
time.sleep(60)
"""


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_command_writes_its_number_its_output_and_its_end(tmp_path: Path) -> None:
    log, progress = tmp_path / "l" / "a.log", tmp_path / "a.jsonl"
    child = start(["check", str(tmp_path / "none.yaml")], log, progress)
    assert child.wait(120) == 3
    assert "none.yaml: cannot read the study file" in log.read_text()
    first, *_, last = progress.read_text().splitlines()
    assert f'"kind": "begin", "pid": {child.pid}' in first
    assert last.endswith('"kind": "end", "code": 3}')
    assert not runs(child.pid, progress)


@pytest.fixture
def long_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """`start` starts a process with a worker of its own instead of a command."""
    monkeypatch.setattr(module, "_command", lambda arguments: [sys.executable, "-c", WORKER])


@pytest.mark.usefixtures("long_command")
@pytest.mark.parametrize("end", [interrupt, kill])
def test_the_whole_group_ends(end: object, tmp_path: Path) -> None:
    log, progress = tmp_path / "a.log", tmp_path / "a.jsonl"
    child = start([], log, progress)
    until(lambda: log.is_file() and log.read_text().endswith("\n"))
    worker = int(log.read_text())
    assert os.getpgid(worker) == os.getpgid(child.pid) == child.pid
    assert os.getsid(child.pid) == child.pid != os.getsid(0)
    assert runs(child.pid, progress)
    # the number alone is not enough: it may be another process by now
    assert not runs(child.pid, tmp_path / "b.jsonl")
    assert not runs(os.getpid(), progress)
    end(child.pid)  # type: ignore[operator]
    child.wait(30)
    until(lambda: gone(worker))
    assert not runs(child.pid, progress)


def test_nobody_is_ended_by_a_number_that_is_no_process() -> None:
    for pid in (0, 1, -1):
        kill(pid)
    ended = subprocess.Popen([sys.executable, "-c", "pass"], start_new_session=True)
    ended.wait()
    kill(ended.pid)
    end_left(ended.pid, Path("none"))


@pytest.mark.usefixtures("long_command")
def test_workers_that_outlive_their_leader_end_and_another_group_of_its_number_does_not(tmp_path: Path) -> None:
    log, progress = tmp_path / "a.log", tmp_path / "a.jsonl"
    child = start([], log, progress)
    until(lambda: log.is_file() and log.read_text().endswith("\n"))
    worker = int(log.read_text())
    os.kill(child.pid, signal.SIGKILL)
    child.wait(30)
    end_left(child.pid, tmp_path / "b.jsonl")
    assert not gone(worker)
    end_left(child.pid, progress)
    until(lambda: gone(worker))
    # after a restart of the machine the number may lead a group that has nothing to do with it
    other = subprocess.Popen([sys.executable, "-c", WORKER], start_new_session=True, stdout=subprocess.DEVNULL)
    try:
        end_left(other.pid, progress)
        assert other.poll() is None
    finally:
        kill(other.pid)
        other.wait(30)
