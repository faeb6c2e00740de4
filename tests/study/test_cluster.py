"""A study on a scheduler and workers that were started by hand: the same bytes, also when a worker is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sonoher2.cli.app import run

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::ResourceWarning")]

SAME = (
    "signatures.csv",
    "predictions.csv",
    "features.csv",
    "split.json",
    "bundle/model.skops",
    "bundle/reference.parquet",
)
NO_PAGE = ("--no-dashboard", "--dashboard-address", "127.0.0.1:0")


def wait_for(what: Path, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 120
    while not what.exists():
        assert time.monotonic() < end
        assert process.poll() is None
        time.sleep(0.05)


@pytest.fixture
def started(tmp_path: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """A scheduler, then two workers of one process each."""
    told = ["--scheduler-file", str(tmp_path / "scheduler.json"), *NO_PAGE]
    worker = ["--nthreads", "1", "--no-nanny", "--local-directory", str(tmp_path / "scratch")]
    calls = [
        ["distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", *told],
        *[["distributed.cli.dask_worker", *told, *worker]] * 2,
    ]
    # kernels are taken from where the tests have them already
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "NUMBA_CACHE_DIR": ""}
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for call in calls:
            log = (tmp_path / f"log{len(processes)}").open("wb")
            processes.append(subprocess.Popen([sys.executable, "-m", *call], env=environment, stdout=log, stderr=log))
            log.close()
            wait_for(tmp_path / "scheduler.json", processes[0])
        yield processes
    finally:
        for process in processes[::-1]:
            process.kill()
            process.wait()


def address(tmp_path: Path) -> str:
    return json.loads((tmp_path / "scheduler.json").read_text())["address"]


KILL = """
import os, signal, sys, time
from pathlib import Path

cache, worker = Path(sys.argv[1]), int(sys.argv[2])
while not any(cache.glob("features/*.zip")):
    time.sleep(0.01)
os.kill(worker, signal.SIGKILL)
"""


def test_the_same_bytes_though_a_worker_is_killed(finished, started, tmp_path: Path) -> None:
    out = tmp_path / "run"
    killer = subprocess.Popen([sys.executable, "-c", KILL, str(out / "cache"), str(started[1].pid)])
    try:
        assert run(["run", str(finished.file), "--out", str(out), "--cluster", address(tmp_path)]) == 0
        assert killer.wait(timeout=10) == 0
    finally:
        killer.kill()
        killer.wait()
    assert started[1].poll() == -9
    assert started[2].poll() is None
    joblib = tmp_path / "joblib"
    assert run(["run", str(finished.file), "--out", str(joblib), "--jobs", "2"]) == 0
    for name in SAME:
        assert (out / name).read_bytes() == (joblib / name).read_bytes(), name
    # no mark of this run is left, and another finds all its work
    assert list(out.glob(".cluster*")) == []
    before = written(out / "cache")
    assert run(["run", str(finished.file), "--out", str(out), "--jobs", "1"]) == 0
    assert written(out / "cache") == before
    # nor is what the worker was writing when it was killed
    assert list((out / "cache").rglob("*.part*")) == []


def written(cache: Path) -> dict[Path, int]:
    files = (path for path in cache.rglob("*") if path.is_file() and ".part" not in path.name)
    return {path: path.stat().st_mtime_ns for path in files}


def test_an_interrupted_extraction_is_continued(finished, started, tmp_path: Path) -> None:
    images, out = finished.file.with_name("images.csv"), tmp_path / "features.csv"
    cluster = ["--cluster", address(tmp_path)]
    call = [sys.executable, "-m", "sonoher2", "extract", str(images), "--out", str(out), *cluster]
    command = subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    while not any(tmp_path.glob(".features-cache/*/[!.]*.zip")):
        assert command.poll() is None
        time.sleep(0.002)
    command.send_signal(signal.SIGINT)
    said, _ = command.communicate(timeout=60)
    assert command.returncode == 4
    assert "the same command resumes" in said
    assert not out.exists()
    assert run(["extract", str(images), "--out", str(out), *cluster]) == 0
    assert run(["extract", str(images), "--out", str(tmp_path / "here.csv"), "--jobs", "1"]) == 0
    assert out.read_bytes() == (tmp_path / "here.csv").read_bytes()
