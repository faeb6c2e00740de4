"""Progress for programs: one JSON object per line, in the file that the variable SONOHER2_PROGRESS names.

Each line has `time` (seconds since 1970) and `kind`: first ``begin`` (`pid`: of the process); ``stage`` (`name`,
`number`, `total`: which part of a study is under way); ``step`` (`label`, `done`, `total`, `ended`: how far a piece of
work has come); last ``end`` (`code`: of the exit), which a process that is killed cannot write.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from pathlib import Path

VARIABLE = "SONOHER2_PROGRESS"


def write_line(kind: str, **facts: str | int | bool) -> None:
    """Add a line to the file, where one is named; a file that cannot be written stops no study."""
    path = os.environ.get(VARIABLE)
    if not path:
        return
    line = json.dumps({"time": round(time.time(), 3), "kind": kind, **facts}, ensure_ascii=False)
    with contextlib.suppress(OSError), Path(path).open("a", encoding="utf-8") as stream:
        stream.write(f"{line}\n")
