"""The models that a worker keeps open."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from sonoher2.core.errors import InputError
from sonoher2.server.work.models import BundlePlace

if TYPE_CHECKING:
    from sonoher2.bundle.load import Bundle

MOST_BUNDLES = 4


@lru_cache(MOST_BUNDLES)
def opened_bundle(place: BundlePlace) -> Bundle:
    """Read a model, once in each worker.

    Raises
    ------
    InputError
        It cannot be read, or is another model than when it was offered.
    """
    # heavy: the server only needs the name
    from sonoher2.bundle.load import load_bundle

    bundle = load_bundle(place.folder, Path(place.trust) if place.trust else None)
    if bundle.sha256 != place.sha256:
        raise InputError(
            "the folder of the model holds another model since the server was started or the model was chosen",
            fix="Put the former one back; or offer the new one by starting the server again",
        )
    return bundle
