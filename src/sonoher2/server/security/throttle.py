"""Slowing down who guesses passwords."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Literal, NamedTuple

LONGEST = 300.0
"""The longest wait, seconds."""
MOST_DOUBLINGS = 20
MOST_KEPT = 10_000


class Key(NamedTuple):
    """What attempts are counted by: a name at an address, an address with any name, or a name at any address."""

    kind: Literal["pair", "address", "name"]
    text: str


FREE = {"pair": 3, "address": 30, "name": 30}
"""Attempts that cost nothing. Many people may share an address, and one of them must not lock out the others."""


def keys_of(name: str, address: str) -> tuple[Key, ...]:
    """All that an attempt counts for."""
    return Key("pair", f"{address} {name}"), Key("address", address), Key("name", name)


class Throttle:
    """Counts attempts; each one after the first few doubles the wait.

    Parameters
    ----------
    clock
        Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._attempts: dict[Key, tuple[int, float]] = {}

    def begin(self, keys: tuple[Key, ...]) -> float:
        """Count an attempt before it is looked at, so that many at once are as slow as one after the other.

        Returns
        -------
        Seconds until the next attempt is listened to; 0 for now, and only then it is counted.
        """
        with self._lock:
            wait = max(self._wait(key) for key in keys)
            if wait:
                return wait
            if len(self._attempts) > MOST_KEPT:
                self._attempts = {key: kept for key, kept in self._attempts.items() if self._wait(key)}
            for key in keys:
                self._attempts[key] = (self._attempts.get(key, (0, 0.0))[0] + 1, self._clock())
            return 0.0

    def _wait(self, key: Key) -> float:
        count, last = self._attempts.get(key, (0, 0.0))
        free = FREE[key.kind]
        if count < free:
            return 0.0
        return max(0.0, last + min(2.0 ** min(count - free, MOST_DOUBLINGS), LONGEST) - self._clock())

    def succeeded(self, keys: tuple[Key, ...]) -> None:
        """Forget the attempts of a name; those of its address with other names stay."""
        with self._lock:
            for key in keys:
                count, last = self._attempts.pop(key, (0, 0.0))
                if key.kind == "address" and count > 1:
                    self._attempts[key] = (count - 1, last)
