"""How long the page lets its user wait, and whether the server's memory stays flat.

    python benchmarks/serve.py RUN/bundle --images ../shared/data/BUS-BRA/Images --mm 0.1

A real server is started with a home of its own. One user opens 20 images, one after the other: from the file sent to
the outline, and from Apply to the result with its pictures. Then twenty users work on one case each, all at once. In
the end 200 cases are opened, outlined and predicted, and the memory of server and workers is compared with what it
was after the first 20. Prints a table and writes JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx
import numpy as np

STARTING = 180.0


@dataclass
class Waits:
    """Seconds by what was waited for, and what went wrong."""

    outline: list[float] = field(default_factory=list)
    result: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def add(self, other: Waits) -> None:
        """Join what another user waited for."""
        self.outline += other.outline
        self.result += other.result
        self.errors += other.errors

    def summary(self) -> dict[str, object]:
        """Median and 95th percentile."""
        return {
            name: {"n": len(waits), "median": round(float(np.median(waits)), 3), "p95": round(p95(waits), 3)}
            for name, waits in (("file to outline", self.outline), ("Apply to result", self.result))
            if waits
        } | {"errors": self.errors}


def p95(waits: Sequence[float]) -> float:
    """95th percentile."""
    return float(np.percentile(waits, 95))


@dataclass(frozen=True)
class Server:
    """A running server, as a script of the same user sees it."""

    process: subprocess.Popen[bytes]
    url: str
    token: str

    def client(self) -> httpx.Client:
        """One user's connection."""
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.token}"}, timeout=300)

    def memory(self) -> int:
        """Bytes of the server and its workers; what they share counts once."""
        return sum(proportional(pid) for pid in [self.process.pid, *children(self.process.pid)])


def children(pid: int) -> list[int]:
    """Find the processes that a process started, and theirs."""
    found: list[int] = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == pid:
            child = int(path.parent.name)
            found += [child, *children(child)]
    return found


def proportional(pid: int) -> int:
    """Proportional set size, bytes (Linux)."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def start(bundle: Path, home: Path, jobs: int) -> Server:
    """Start a server on a free port and wait until it is warm."""
    command = [sys.executable, "-m", "sonoher2", "serve", str(bundle), "--home", str(home), "--port", "0", "--no-open"]
    process = subprocess.Popen([*command, "--jobs", str(jobs)], stdout=subprocess.DEVNULL)
    address, end = home / "address.json", monotonic() + STARTING
    while not (address.is_file() and address.stat().st_size):
        if process.poll() is not None or monotonic() > end:
            sys.exit("the server did not start")
        sleep(0.1)
    facts = json.loads(address.read_text())
    server = Server(process, facts["url"], facts["token"])
    while True:
        try:
            server.client().get("/api/v1/server").raise_for_status()
        except httpx.ConnectError:
            sleep(0.1)
        else:
            return server


def one_case(client: httpx.Client, bundle: str, image: Path, mm: float) -> Waits:
    """Open, outline and predict one image, as the page does."""
    waits, data = Waits(), image.read_bytes()
    begin = monotonic()
    case = _asked(waits, client.post("/api/v1/cases", files={"image": (image.name, data)}, data={"bundle": bundle}))
    address = f"/api/v1/cases/{case.get('id')}"
    client.get(f"{address}/frames/1.png")
    case = _asked(waits, client.post(f"{address}/outline", json={}))
    client.get(f"{address}/mask.png")
    waits.outline.append(monotonic() - begin)
    if case.get("finding") or waits.errors:
        return waits
    patch = {"clinical": {"age": "52"}, "mm_per_pixel": mm}
    _asked(waits, client.patch(address, json=patch, headers={"If-Match": f'"{case["version"]}"'}))
    begin = monotonic()
    found = _asked(waits, client.post(f"{address}/predictions"))
    for picture in found.get("images", []):
        client.get(picture["view"])
        if picture["heat"]:
            client.get(picture["heat"])
    waits.result.append(monotonic() - begin)
    return waits


def _asked(waits: Waits, answer: httpx.Response) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    if answer.is_error:
        waits.errors.append(f"{answer.status_code} {body}")
    return body


def one_user(server: Server, bundle: str, images: Sequence[Path], mm: float) -> Waits:
    """Work through images, one after the other."""
    waits = Waits()
    with server.client() as client:
        for image in images:
            waits.add(one_case(client, bundle, image, mm))
    return waits


def main() -> None:
    """Start, measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--mm", type=float, default=0.1, help="Side of a pixel.")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "serve.json")
    given = parser.parse_args()
    found = sorted(path for path in given.images.iterdir() if path.suffix == ".png")
    if not found:
        sys.exit(f"{given.images} holds no PNG file")
    images = [found[(place * 37) % len(found)] for place in range(max(given.cases, 20))]
    with tempfile.TemporaryDirectory() as folder:
        begin = monotonic()
        server = start(given.bundle.resolve(), Path(folder) / "home", given.jobs)
        started = monotonic() - begin
        try:
            result = measured(server, images, given)
        finally:
            server.process.terminate()
            server.process.wait(30)
    result |= {"processors": os.cpu_count(), "workers": given.jobs, "seconds to start": round(started, 1)}
    given.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    show(result)


def measured(server: Server, images: Sequence[Path], given: argparse.Namespace) -> dict[str, object]:
    """Measure one user, many users at once, and the memory."""
    with server.client() as client:
        bundle = client.get("/api/v1/server").json()["bundles"][0]["id"]
    fresh = server.memory()
    alone = one_user(server, bundle, images[:20], given.mm)
    after_20, begin = server.memory(), monotonic()
    with ThreadPoolExecutor(given.users) as users:
        each = users.map(lambda image: one_user(server, bundle, [image], given.mm), images[: given.users])
        together = Waits()
        for waits in each:
            together.add(waits)
    crowd = monotonic() - begin
    rest = one_user(server, bundle, images[20 : given.cases], given.mm)
    after_all = server.memory()
    return {
        "one user": alone.summary(),
        f"{given.users} users at once": together.summary() | {"seconds in all": round(crowd, 1)},
        "memory MB": {
            "fresh": fresh >> 20, "after 20 cases": after_20 >> 20, f"after {given.cases} cases": after_all >> 20,
            "change": round(after_all / after_20 - 1, 3),
        },
        "errors in all": len(alone.errors + together.errors + rest.errors),
    }  # fmt: skip


def show(result: dict[str, object]) -> None:
    """Print the figures as a table."""
    for name, figures in result.items():
        if not isinstance(figures, dict):
            print(f"{name}: {figures}")
            continue
        print(name)
        for key, value in figures.items():
            shown = (
                ", ".join(f"{word} {number}" for word, number in value.items()) if isinstance(value, dict) else value
            )
            print(f"  {key}: {shown}")


if __name__ == "__main__":
    main()
