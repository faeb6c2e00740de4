"""A real server, a real study: whatever is killed, nothing is lost and the result is the same to the byte."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from server_studies import QUICK, LightServer, light_server, messy_folder, until
from sonoher2.config.load import load_study
from sonoher2.core.files import file_sha256
from sonoher2.study.run import run_study

pytestmark = pytest.mark.slow
SAME = ("signatures.csv", "predictions.csv", "split.json", "bundle/manifest.json", "bundle/model.skops")
SECONDS = 400


class Client:
    """A browser of a running server."""

    def __init__(self, server: LightServer) -> None:
        headers = {"Origin": server.url, "Sec-Fetch-Site": "same-origin"}
        self.http = httpx.Client(base_url=server.url, headers=headers, timeout=120, follow_redirects=True)
        self.http.get(server.start)

    def get(self, path: str) -> dict[str, Any]:
        return dict(self.http.get(f"/api/v1{path}").raise_for_status().json())

    def post(self, path: str, **body: object) -> dict[str, Any]:
        return dict(self.http.post(f"/api/v1{path}", json=body).raise_for_status().json())

    def has_read_the_cohort(self, study: str) -> bool:
        """Whether a study is past its beginning, so that something is kept and something is left to do."""
        return self.get(f"/studies/{study}/progress")["stage"] not in ("", "image networks", "cohort")

    def state(self, study: str) -> str:
        return str(self.get(f"/studies/{study}/progress")["state"])


def kill(server: LightServer) -> None:
    server.process.kill()
    server.process.wait()


def group(pid: int) -> list[int]:
    """Processes of a group that still run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == pid and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Study file of a folder as a hospital has it."""
    messy_folder(tmp_path / "data")
    text = "clinical: {table: 登记.csv, encoding: gb18030, header_row: 2, patient_id: 住院号, columns:"
    text += (
        " {age: {column: 年龄, kind: number, timing: pre-biopsy}}}\ntarget: {ihc: HER2免疫组化, rule: ASCO/CAP 2023}\n"
    )
    path = tmp_path / "data" / "study.yaml"
    path.write_text(text + QUICK, encoding="utf-8")
    return path


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    home = tmp_path / "home"
    yield home
    log = (home / "log.txt").read_text()
    assert "Traceback" not in log, log


def test_nothing_is_lost(study: Path, home: Path, tmp_path: Path) -> None:
    undisturbed = tmp_path / "undisturbed"
    run_study(load_study(study), undisturbed, jobs=1)
    wanted = {name: file_sha256(undisturbed / name) for name in SAME}

    server = light_server(home)
    client = Client(server)
    first = client.post("/studies", study=str(study), out=str(tmp_path / "first"))["id"]
    second = client.post("/studies", study=str(study), out=str(tmp_path / "second"))["id"]
    until(lambda: client.has_read_the_cohort(first), SECONDS)
    pid = pid_of(home, first)
    client.http.close()
    kill(server)
    assert group(pid)

    # the study went on by itself; the next server watches it to its end, and starts the one that waited
    server = light_server(home)
    client = Client(server)
    assert [job["state"] for job in client.get(f"/studies/{first}")["jobs"]] != ["interrupted"]
    until(lambda: client.state(first) == "finished", SECONDS)
    assert {name: file_sha256(tmp_path / "first" / name) for name in SAME} == wanted
    assert not group(pid)

    # a study that is killed itself is interrupted, and resumes from what it had kept
    until(lambda: client.has_read_the_cohort(second), SECONDS)
    pid = pid_of(home, second)
    os.killpg(pid, signal.SIGKILL)
    until(lambda: client.state(second) == "interrupted", SECONDS)
    client.post(f"/studies/{second}/resume")
    until(lambda: client.state(second) == "finished", SECONDS)
    assert {name: file_sha256(tmp_path / "second" / name) for name in SAME} == wanted
    assert [job["state"] for job in client.get(f"/studies/{second}")["jobs"]] == ["interrupted", "finished"]
    client.http.close()
    server.end()


def pid_of(home: Path, study: str) -> int:
    """Number of the process of a study's only job."""
    (file,) = (home / "studies" / study).glob("*.jsonl")
    first = json.loads(file.read_text().splitlines()[0])
    assert first["kind"] == "begin"
    return int(first["pid"])


def test_stop_ends_every_process(study: Path, home: Path, tmp_path: Path) -> None:
    server = light_server(home)
    client = Client(server)
    key = client.post("/studies", study=str(study), out=str(tmp_path / "run"))["id"]
    until(lambda: client.has_read_the_cohort(key), SECONDS)
    pid = pid_of(home, key)
    client.post(f"/studies/{key}/cancel")
    until(lambda: client.state(key) == "cancelled", 60)
    assert group(pid) == []
    # the lock of the folder is free: the command line may go on
    client.post(f"/studies/{key}/resume")
    until(lambda: client.state(key) == "running", 60)
    client.post(f"/studies/{key}/cancel")
    until(lambda: client.state(key) == "cancelled", 60)
    client.http.close()
    server.end()
