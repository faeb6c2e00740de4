"""Making a new worker ready: what the first task would have to wait for is done before."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sonoher2.core.errors import InputError
from sonoher2.segmentation.choose import segment_lesion
from sonoher2.segmentation.segmenter import load_segmenter
from sonoher2.server.work.tasks import opened_bundle


def warm(bundles: Sequence[str]) -> None:
    """Load the segmenter and the models, and use each once.

    Parameters
    ----------
    bundles
        Folders.
    """
    # a model that cannot be opened is an error of whoever asks for it
    for folder in bundles:
        try:
            opened_bundle(folder)
        except InputError:
            continue
    random = np.random.default_rng(0)
    segment_lesion(load_segmenter(), random.uniform(0, 255, (200, 260)))
