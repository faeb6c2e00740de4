"""Slowing down who guesses passwords."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

FREE, LONGEST = 3, 300.0
"""Failures that cost nothing, and the longest wait, seconds."""
MOST_DOUBLINGS = 20
MOST_KEPT = 10_000


class Throttle:
    """Counts failures by name and by address; each one after the first few doubles the wait.

    Parameters
    ----------
    clock
        Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._failures: dict[str, tuple[int, float]] = {}

    def wait(self, *keys: str) -> float:
        """Seconds until the next attempt is listened to; 0 for now."""
        with self._lock:
            return max((self._until(key) for key in keys), default=0.0)

    def _until(self, key: str) -> float:
        count, last = self._failures.get(key, (0, 0.0))
        if count < FREE:
            return 0.0
        return max(0.0, last + min(2.0 ** min(count - FREE, MOST_DOUBLINGS), LONGEST) - self._clock())

    def failed(self, *keys: str) -> None:
        """Count a failure."""
        with self._lock:
            if len(self._failures) > MOST_KEPT:
                self._failures = {key: kept for key, kept in self._failures.items() if self._until(key)}
            for key in keys:
                self._failures[key] = (self._failures.get(key, (0, 0.0))[0] + 1, self._clock())

    def succeeded(self, *keys: str) -> None:
        """Forget failures."""
        with self._lock:
            for key in keys:
                self._failures.pop(key, None)
