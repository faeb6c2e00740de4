"""Dice of outlines that are kept, each pair computed once while the server runs."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from itertools import combinations

from sonoher2.server.cohorts.outlines.models import ReadImage, by_image
from sonoher2.server.cohorts.outlines.tasks import overlaps
from sonoher2.server.storage.blobs import Blobs
from sonoher2.server.work.pool import Pool

MOST_KEPT = 200_000
AT_A_TIME = 200
"""Pairs that a worker compares before it is free for somebody else."""
_known: dict[tuple[str, str], float] = {}
_lock = threading.Lock()


class Overlaps:
    """Dice of the outlines of a cohort; of equal ones 1.

    Parameters
    ----------
    pool
        Whose workers compare them.
    blobs
        Where they are.
    """

    def __init__(self, pool: Pool, blobs: Blobs) -> None:
        self._pool, self._blobs = pool, blobs

    def prepare(self, read: Sequence[ReadImage]) -> None:
        """Compare all that readers have of one image and that was not compared yet."""
        pairs = {
            _key(first.mask, second.mask)
            for readers in by_image(read).values()
            for first, second in combinations(readers, 2)
            if first.mask and second.mask and first.mask != second.mask
        }
        waiting = sorted(pairs - _known.keys())
        for start in range(0, len(waiting), AT_A_TIME):
            part = waiting[start : start + AT_A_TIME]
            files = [(str(self._blobs.path(one)), str(self._blobs.path(other))) for one, other in part]
            found = dict(zip(part, self._pool.run(overlaps, files), strict=True))
            with _lock:
                if len(_known) > MOST_KEPT:
                    _known.clear()
                _known.update(found)

    def __call__(self, first: str, second: str) -> float:
        """Give the Dice of two outlines."""
        if first == second:
            return 1.0
        key = _key(first, second)
        with _lock:
            known = _known.get(key)
        if known is None:
            files = [(str(self._blobs.path(first)), str(self._blobs.path(second)))]
            known = self._pool.run(overlaps, files)[0]
        return known


def _key(first: str, second: str) -> tuple[str, str]:
    return min(first, second), max(first, second)
