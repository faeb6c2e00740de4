"""A small messy folder of a hospital, and what becomes of its study: for tests of the server's studies."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HEADER = "住院号,姓名,年龄,绝经,备注,HER2免疫组化,HER2_FISH"
QUICK = """
models: [logistic, naive-bayes]
validation: {outer_folds: 3, inner_folds: 3}
evaluation: {bootstrap: 100}
"""


def messy_rows(patients: int = 72, odd: int = 0) -> list[str]:
    """Half are 3+, and these are older by six years; the first `odd` others have a score that nobody can read."""
    rows = []
    for i in range(patients):
        positive = i % 2
        age = 40 + (i * 7) % 30 + 6 * positive
        name = "张王李赵陈"[i % 5] + "芳丽敏静娟"[i // 5 % 5]
        menopause = "是" if (i * 5 + positive * 2) % 3 else "否"
        score = "3+" if positive else ("HER2+" if i < 2 * odd else ("0", "1+")[i % 4 // 2])
        rows.append(f"{100200 + i},{name},{age},{menopause},电话13800{100000 + i},{score},")
    return rows


def messy_folder(folder: Path, patients: int = 72, odd: int = 0) -> Path:
    """A CSV file in GBK with Chinese headers below a title, as a hospital's registry writes it."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["某医院乳腺超声登记表,,,,,,", HEADER, *messy_rows(patients, odd)]
    (folder / "登记.csv").write_bytes("\n".join(lines).encode("gb18030"))
    return folder


def until(holds: Callable[[], bool], seconds: float = 240) -> None:
    """Wait for something that other processes bring about."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.05)


SERVER = """
import sys
from pathlib import Path
import uvicorn
from sonoher2.server.app import create_app
from sonoher2.server.base.settings import ServerSettings
settings = ServerSettings(Path(sys.argv[1]), port=int(sys.argv[2]), token="token")
uvicorn.run(create_app(settings), port=settings.port, log_level="warning", timeout_graceful_shutdown=2)
"""


@dataclass(frozen=True)
class LightServer:
    """A server in a process of its own that loads no network: studies need none, and it starts at once.

    Attributes
    ----------
    url
        Where it is; `start` opens a session.
    process
        Its process.
    """

    url: str
    process: subprocess.Popen[bytes]

    @property
    def start(self) -> str:
        """Address that opens a session."""
        return f"{self.url}/?token=token"

    def end(self) -> None:
        """Ask it to stop, as Ctrl-C does."""
        self.process.terminate()
        self.process.wait(60)


def light_server(home: Path) -> LightServer:
    """Start a server and wait until it listens."""
    home.mkdir(parents=True, exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (home / "log.txt").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-c", SERVER, str(home), str(port)], stdout=log, stderr=log)

    def listens() -> bool:
        assert process.poll() is None, (home / "log.txt").read_text()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return True
        return False

    until(listens, 120)
    return LightServer(f"http://127.0.0.1:{port}", process)
