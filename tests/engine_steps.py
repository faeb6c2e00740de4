"""Steps for the tests of the engine; here, because worker processes must be able to import them."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from sonoher2.core.errors import InputError
from sonoher2.engine import ARRAY, FRAME, JSON, Step, record_codec

CALLS: list[object] = []
"""What was computed in this process, in order."""


def square(x: float, plus: float = 0.0) -> np.ndarray:
    CALLS.append(x)
    if x < 0:
        raise InputError("it is negative", where=f"item {x}", fix="Leave it out")
    return np.array([x * x + plus, 0.1 + x])


def squares(xs: list[float]) -> list[np.ndarray | InputError]:
    CALLS.append(tuple(xs))
    return [InputError("it is negative", where=str(x)) if x < 0 else np.array([x * x]) for x in xs]


def table(x: float) -> pd.DataFrame:
    return pd.DataFrame({("a", "b"): [x, np.nan], ("a", "c"): ["x", None]}, index=["p", "q"])


def process_of(item: int) -> tuple[int, int]:
    """Ten times the number, and the process."""
    return 10 * item, os.getpid()


@dataclass(frozen=True)
class Record:
    name: str
    size: float | None


def record(name: str) -> Record:
    CALLS.append(name)
    return Record(name, None if name == "none" else 1.5)


def ended(x: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return x


def where(x: int) -> int:
    time.sleep(0.01)
    return os.getpid()


def resumed(x: int, scratch: Path) -> list[str]:
    """Leave a part behind and fail the first time; find it the second time."""
    found = sorted(one.name for one in scratch.iterdir()) if scratch.is_dir() else []
    scratch.mkdir(parents=True, exist_ok=True)
    (scratch / f"part {x}").write_text("")
    if not found:
        raise InputError("interrupted")
    return found


SQUARE = Step("square", square, ARRAY, "Squaring")
PACKED = Step("packed", square, ARRAY, "Squaring", packed=True)
SQUARES = Step("squares", squares, ARRAY, "Squaring, some at a time", chunk=3)
TABLE = Step("table", table, FRAME)
RECORD = Step("record", record, record_codec(Record), packed=True)
ENDED = Step("ended", ended, JSON, "Ending")
WHERE = Step("where", where, JSON)
RESUMED = Step("resumed", resumed, JSON, scratch=True)


def ended_once(x: int, mark: str) -> int:
    if x == 5 and not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return x


def total(x: float, given: np.ndarray) -> float:
    return float(given.sum()) + x


def refuse() -> None:
    raise InputError("it was changed", fix="Leave it alone")


HELD: list[bytes] = []


def grown(x: int) -> int:
    """Grow by 400 MB once, after a small first item."""
    time.sleep(0.3)
    if x > 3 and not HELD:
        HELD.append(b"x" * 400_000_000)
    return os.getpid()


GROWN = Step("grown", grown, JSON)
CHANGED = Step("changed", square, ARRAY)
ENDED_ONCE = Step("ended once", ended_once, JSON, "Ending once")
SUM = Step("sum", total, JSON)
