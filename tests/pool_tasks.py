"""Tasks for workers in tests: they are imported by name in another process."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from sonoher2.core.errors import Finding, FindingsError, InputError


def process() -> int:
    return os.getpid()


def meet(folder: str, name: str, other: str) -> str:
    (Path(folder) / name).touch()
    end = time.monotonic() + 15
    while not (Path(folder) / other).exists():
        assert time.monotonic() < end
        time.sleep(0.01)
    return name


def refuse(what: str, where: str) -> None:
    raise InputError(what, where=where, fix="Mend it")


def find() -> None:
    raise FindingsError([Finding("error", "one", "x", "fix"), Finding("error", "two", "y", "fix")])


def fail(patient: str) -> None:
    raise ZeroDivisionError(patient)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_once(mark: str) -> str:
    if not Path(mark).exists():
        Path(mark).touch()
        die()
    return "done"


def sleep(seconds: float) -> None:
    time.sleep(seconds)


def prepare(given: tuple[str, ...]) -> None:
    (Path(given[0]) / str(os.getpid())).touch()


def die_at_start(given: tuple[str, ...]) -> None:
    die()


def die_at_first_start(given: tuple[str, ...]) -> None:
    die_once(given[0])
