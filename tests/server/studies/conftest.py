"""Studies of a server without a web page, and with commands that only pretend."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sonoher2.server.context.services import Services
from sonoher2.server.storage.base import now
from sonoher2.server.storage.tables_studies import StudyRow
from sonoher2.server.studies.jobs.studies import add_job
from sonoher2.server.studies.jobs.supervisor import Supervisor
from sonoher2.server.studies.processes import process as module

PRETEND = """
import json, os, pathlib, signal, sys, time
def line(**facts):
    with open(os.environ["SONOHER2_PROGRESS"], "a") as stream:
        stream.write(json.dumps({"time": time.time(), **facts}) + "\\n")
def stop(*_):
    line(kind="end", code=4)
    sys.exit(4)
study = next(pathlib.Path(one) for one in sys.argv if one.endswith(".yaml"))
out = pathlib.Path(sys.argv[sys.argv.index("--out") + 1])
out.mkdir(parents=True, exist_ok=True)
what = study.read_text().strip()
signal.signal(signal.SIGTERM, signal.SIG_IGN if what == "deaf" else stop)
print(*sys.argv[1:], flush=True)
line(kind="begin", pid=os.getpid())
line(kind="stage", name="models", number=6, total=13)
line(kind="step", label="Fitting", done=0, total=4, ended=False)
(out / "begun").write_text("")
while what in ("long", "deaf") and not (out / "go").exists():
    time.sleep(0.02)
if what == "fails":
    print("Error: t.csv: there is no column 'age'. Name it.", flush=True)
    line(kind="end", code=3)
    sys.exit(3)
(out / "results").mkdir(exist_ok=True)
(out / "results" / "results.json").write_text("{}")
line(kind="end", code=0)
"""


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands do what the text of their study file says: quick, long, deaf (to signals) or fails."""
    monkeypatch.setattr(module, "_command", lambda arguments: [sys.executable, "-c", PRETEND, *arguments])


class Bench:
    """Studies to be supervised by turns."""

    def __init__(self, services: Services, folder: Path) -> None:
        self.services, self.folder = services, folder
        self.supervisor = Supervisor(services)

    def add(self, key: str, what: str) -> Path:
        """Queue a study of this id and give its folder of results."""
        file, out = self.folder / f"{key}.yaml", self.folder / key
        file.write_text(what, encoding="utf-8")
        row = StudyRow(
            id=key, owner="local", created=now(), title=key, kind="study", study_file=str(file), out=str(out), draft="",
            parent=None, bundle="",
        )  # fmt: skip
        with self.services.database.session() as session:
            session.add(row)
            session.flush()
            add_job(session, row, "run", {})
        return out


@pytest.fixture
def bench(services: Services, tmp_path: Path, pretended: None) -> Iterator[Bench]:
    """Without a thread: each test takes the turns itself."""
    bench = Bench(services, tmp_path)
    yield bench
    for child in bench.supervisor._children.values():
        module.kill(child.pid)
        child.wait()
