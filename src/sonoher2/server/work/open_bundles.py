"""The models that a worker keeps open."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sonoher2.bundle.load import Bundle

MOST_BUNDLES = 4


@lru_cache(MOST_BUNDLES)
def opened_bundle(folder: str, trust: str = "") -> Bundle:
    """Read a model, once in each worker."""
    # heavy: the server only needs the name
    from sonoher2.bundle.load import load_bundle

    return load_bundle(folder, Path(trust) if trust else None)
