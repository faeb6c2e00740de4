"""The frozen models that cases may be predicted by."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path

from sonoher2.core.errors import InputError
from sonoher2.server.work.models import BundleFacts, BundlePlace
from sonoher2.server.work.pool import Pool
from sonoher2.server.work.tasks import bundle_facts

MANIFEST = "manifest.json"


def place_of(folder: Path, trust: Path | None = None) -> BundlePlace:
    """Say where a model lies, and which it is now.

    Raises
    ------
    InputError
        The folder is no bundle.
    """
    folder = Path(folder).resolve()
    try:
        sha256 = hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
    except OSError:
        raise InputError(
            "this is no bundle", where=str(folder), fix="Give the folder `bundle` of a finished run"
        ) from None
    return BundlePlace(str(folder), str(trust) if trust else "", sha256)


class Bundles:
    """Models by id; an id is the sha256 of the model's manifest, as records name it.

    Parameters
    ----------
    pool
        Opens them.
    folders
        Of the models that are there from the start.
    trust
        Public key of whoever must have signed those.
    """

    def __init__(self, pool: Pool, folders: Sequence[Path] = (), trust: Path | None = None) -> None:
        self._pool, self._lock = pool, threading.Lock()
        self._places: dict[str, BundlePlace] = {}
        self._facts: dict[str, BundleFacts] = {}
        for folder in folders:
            self.add(folder, trust)

    def add(self, folder: Path, trust: Path | None = None) -> str:
        """Offer a model and give its id; it is opened when first asked for.

        Raises
        ------
        InputError
            The folder is no bundle.
        """
        place = place_of(folder, trust)
        with self._lock:
            self._places.setdefault(place.sha256, place)
        return place.sha256

    def place(self, key: str) -> BundlePlace:
        """Where a model lies, and which it must be.

        Raises
        ------
        KeyError
            There is none of this id.
        """
        with self._lock:
            return self._places[key]

    def facts(self, key: str) -> BundleFacts:
        """Give what a model says of itself; KeyError as in `place`, InputError where it cannot be opened."""
        with self._lock:
            known = self._facts.get(key)
        if known is None:
            known = self._pool.run(bundle_facts, self.place(key))
            with self._lock:
                self._facts[key] = known
        return known

    def all(self) -> list[str]:
        """Ids, in the order in which the models were added."""
        with self._lock:
            return list(self._places)
