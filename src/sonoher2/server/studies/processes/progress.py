"""How far a process of the command line is, from the lines that it has written."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

TAIL = 256 << 10
"""Bytes of the end of a file that are read: some thousand lines."""


@dataclass(frozen=True)
class Progress:
    """How far a process is.

    Attributes
    ----------
    pid
        Its number, if the beginning of the file was read.
    stage, number, stages
        Name of the part of the study that is under way; which of how many.
    label, done, total
        Piece of work in it, and how far that is; empty and 0 between two of them.
    seconds_left
        Of that piece of work, at its pace so far; None where nothing is finished yet.
    code
        Exit code; None while it runs, and where it was killed.
    """

    pid: int | None = None
    stage: str = ""
    number: int = 0
    stages: int = 0
    label: str = ""
    done: int = 0
    total: int = 0
    seconds_left: float | None = None
    code: int | None = None


def read_progress(path: Path) -> Progress:
    """Read a file of progress; one that is not there yet says nothing."""
    facts: dict[str, object] = {}
    begun = 0.0
    for line in _lines(path):
        kind = line.get("kind")
        if kind == "begin":
            facts["pid"] = line.get("pid")
        elif kind == "stage":
            facts |= {"stage": line.get("name"), "number": line.get("number"), "stages": line.get("total"), **_IDLE}
        elif kind == "step":
            if line.get("done") == 0 or line.get("label") != facts.get("label"):
                begun = _number(line.get("time"))
            facts |= _IDLE if line.get("ended") else _step(line, begun)
        elif kind == "end":
            facts |= {"code": line.get("code"), **_IDLE}
    return Progress(**facts)  # type: ignore[arg-type]


_IDLE: dict[str, object] = {"label": "", "done": 0, "total": 0, "seconds_left": None}


def _step(line: dict[str, object], begun: float) -> dict[str, object]:
    done, total = int(_number(line.get("done"))), int(_number(line.get("total")))
    passed = _number(line.get("time")) - begun
    left = round(passed / done * (total - done), 1) if done and passed > 0 else None
    return {"label": line.get("label"), "done": done, "total": total, "seconds_left": left}


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _lines(path: Path) -> list[dict[str, object]]:
    """Whole lines of the beginning and the end of a file."""
    try:
        with path.open("rb") as stream:
            first = stream.readline(4096)
            size = stream.seek(0, 2)
            stream.seek(max(len(first), size - TAIL))
            rest = stream.read()
    except OSError:
        return []
    found = []
    for text in (first, *rest.split(b"\n")):
        try:
            line = json.loads(text)
        except ValueError:
            # cut at the beginning of the tail, or not yet written to its end
            continue
        if isinstance(line, dict):
            found.append(line)
    return found


def last_lines(path: Path, most: int) -> tuple[str, int]:
    """Give the end of a log as text, and the size of the whole in bytes.

    Parameters
    ----------
    path
        Of the log; one that is not there is empty.
    most
        Bytes that are given.
    """
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(max(0, size - most))
            data = stream.read()
    except OSError:
        return "", 0
    text = data.decode("utf-8", errors="replace")
    return (text if size <= most else text.partition("\n")[2]), size
