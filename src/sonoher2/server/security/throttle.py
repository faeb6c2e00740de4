"""Slowing down who guesses passwords."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Literal, NamedTuple

LONGEST = 300.0
"""The longest wait, seconds."""
REMEMBERED = 3600.0
"""Seconds after which an attempt counts no more."""
MOST_COUNTED = 100
MOST_KEPT = 10_000


class Key(NamedTuple):
    """What attempts are counted by: a name at an address, an address with any name, or a name at any address."""

    kind: Literal["pair", "address", "name"]
    text: str


FREE = {"pair": 3, "address": 30, "name": 30}
"""Attempts that cost nothing: many people may share an address, and one of them should not lock out the others."""


def keys_of(name: str, address: str) -> tuple[Key, ...]:
    """All that an attempt counts for."""
    return Key("pair", f"{address} {name}"), Key("address", address), Key("name", name)


class Throttle:
    """Counts attempts of the last hour; each one after the first few doubles the wait.

    Parameters
    ----------
    clock
        Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._attempts: dict[Key, list[float]] = {}

    def begin(self, keys: tuple[Key, ...]) -> float:
        """Count an attempt before it is looked at, so that many at once are as slow as one after the other.

        Returns
        -------
        Seconds until the next attempt is listened to; 0 for now, and only then it is counted.
        """
        with self._lock:
            clock = self._clock()
            wait = max(self._wait(key, clock) for key in keys)
            if wait:
                return wait
            if len(self._attempts) > MOST_KEPT:
                self._attempts = {key: kept for key in list(self._attempts) if (kept := self._counted(key, clock))}
            for key in keys:
                self._attempts[key] = [*self._counted(key, clock), clock][-MOST_COUNTED:]
            return 0.0

    def _counted(self, key: Key, clock: float) -> list[float]:
        return [moment for moment in self._attempts.get(key, ()) if clock - moment < REMEMBERED]

    def _wait(self, key: Key, clock: float) -> float:
        counted = self._counted(key, clock)
        further = len(counted) - FREE[key.kind]
        return max(0.0, counted[-1] + min(2.0**further, LONGEST) - clock) if further >= 0 else 0.0

    def succeeded(self, keys: tuple[Key, ...]) -> None:
        """Forget the attempts of a name at its address; elsewhere this one alone."""
        with self._lock:
            for key in keys:
                counted = self._attempts.pop(key, [])
                if key.kind != "pair" and counted[:-1]:
                    self._attempts[key] = counted[:-1]
