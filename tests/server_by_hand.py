"""Talking to the server in tests."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from fastapi.testclient import TestClient
from PIL import Image

from sonoher2.server.app import create_app
from sonoher2.server.base.settings import ServerSettings
from sonoher2.server.context.services import Services

START_SECONDS = 120


def browser(settings: ServerSettings, services: Services) -> TestClient:
    """A browser without a session; its requests say, as a browser's do, that a page of the server makes them."""
    headers = {"Origin": settings.origin, "Sec-Fetch-Site": "same-origin"}
    return TestClient(create_app(settings, services), base_url=settings.origin, headers=headers)


def png_of(values: np.ndarray) -> bytes:
    """Write pixels as PNG."""
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "PNG")
    return buffer.getvalue()


@dataclass(frozen=True)
class RunningServer:
    """A server in a process of its own.

    Attributes
    ----------
    url, token
        Where it is; `start` opens a session.
    home
        Its folder.
    process
        `sonoher2 serve`.
    """

    url: str
    token: str
    home: Path
    process: subprocess.Popen[bytes]

    @property
    def start(self) -> str:
        """Address that opens a session."""
        return f"{self.url}/?token={self.token}"


def start_server(home: Path, *arguments: str) -> RunningServer:
    """Start `sonoher2 serve` on a free port and wait until it answers."""
    address = home / "address.json"
    address.unlink(missing_ok=True)
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    command = [sys.executable, "-m", "sonoher2", "serve", "--home", str(home), "--port", "0", "--no-open"]
    with (home / "log.txt").open("ab") as log:
        # of a second start, the words of the first one say nothing
        before = log.tell()
        process = subprocess.Popen([*command, *arguments], stdout=log, stderr=log)
    end = time.monotonic() + START_SECONDS
    while not (address.is_file() and address.stat().st_size and "is at" in (home / "log.txt").read_text()[before:]):
        assert process.poll() is None, (home / "log.txt").read_text()
        assert time.monotonic() < end, "the server did not start"
        time.sleep(0.1)
    facts = json.loads(address.read_text())
    return RunningServer(facts["url"], facts["token"], home, process)
