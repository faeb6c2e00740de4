"""A process of the command line that leads a group of its own and outlives whoever started it.

It is known again by its number together with the name of its own file of progress, which it has from its environment:
a number alone may be another process by now.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from sonoher2.core.progress_lines import VARIABLE


def start(arguments: Sequence[str], log: Path, progress: Path) -> subprocess.Popen[bytes]:
    """Start ``sonoher2`` in a session and process group of its own.

    Parameters
    ----------
    arguments
        As typed, without the program's name.
    log
        File for all that it prints; what it holds already stays.
    progress
        File for its lines of progress, used by this process alone.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, VARIABLE: str(progress), "PYTHONUNBUFFERED": "1", "COLUMNS": "200"}
    # wherever this package was found, the new process finds it too
    environment["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(path for path in sys.path if path))
    with log.open("ab") as stream:
        return subprocess.Popen(
            _command(arguments),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )


def option(name: str, *values: str) -> list[str]:
    """Write an option as the command line takes it."""
    return [f"--{name}", *values]


def _command(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "sonoher2", *arguments]


def runs(pid: int, progress: Path) -> bool:
    """Whether the process of this number is there, and is the one that writes this file of progress."""
    try:
        found = Path(f"/proc/{pid}/environ").read_bytes() if Path("/proc/self/environ").exists() else _environment(pid)
    except OSError:
        return False
    # the environment of a process that has ended and waits to be noticed is empty
    return f"{VARIABLE}={progress}".encode() in found.replace(b"\0", b" ")


def _environment(pid: int) -> bytes:
    """Command and environment of a process, where there is no /proc."""
    shown = subprocess.run(["ps", "-wwE", "-o", "command=", "-p", str(pid)], capture_output=True, check=False)
    return shown.stdout


def interrupt(pid: int) -> None:
    """Ask a process and its group to stop: what is finished is kept."""
    _signal(pid, signal.SIGTERM)


def kill(pid: int) -> None:
    """End a process group at once; its leader is known to be there."""
    _signal(pid, signal.SIGKILL)


def end_left(pid: int, progress: Path) -> None:
    """End the workers that a process left in its group when it ended.

    The number may belong to another group by now, as after a restart of the machine: each worker is known by the file
    of progress, as its leader was.
    """
    for worker in _members(pid):
        if runs(worker, progress):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(worker, signal.SIGKILL)


def _members(group: int) -> list[int]:
    """Numbers of the processes of a group."""
    if not Path("/proc/self/stat").exists():
        shown = subprocess.run(["ps", "-A", "-o", "pid=,pgid="], capture_output=True, check=False, text=True).stdout
        pairs = [line.split() for line in shown.splitlines()]
        return [int(pid) for pid, of in pairs if int(of) == group]
    found = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # after the name, which may hold spaces and brackets: state, parent, group
            if int(place.read_text().rpartition(")")[2].split()[2]) == group:
                found.append(int(place.parent.name))
    return found


def _signal(pid: int, number: signal.Signals) -> None:
    # of a group nobody may be left, and 0 or 1 would reach far more than one
    if pid > 1:
        try:
            os.killpg(pid, number)
        except (ProcessLookupError, PermissionError):
            return
