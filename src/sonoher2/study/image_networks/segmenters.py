"""The step that trains a segmenter; the module is small, because its code is part of a key that takes long."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sonoher2.config.image_networks import SegmenterTraining
from sonoher2.config.images import FileReading
from sonoher2.engine import BYTES, Step

if TYPE_CHECKING:
    from sonoher2.segmentation.training.cases import Case

SHARE_OF_SIZE = 6 / 7
"""Side of the warm-up's pictures, as a share of the later ones'."""


def _train(cases: list[Case], training: SegmenterTraining, reading: FileReading, seed: int, scratch: Path) -> bytes:
    """Train on these images and no others; a killed training goes on in its folder after the last finished epoch."""
    # networks are slow to import
    from sonoher2.networks.device import one_thread
    from sonoher2.segmentation.training.fit import learn_segmenter
    from sonoher2.segmentation.training.state import Schedule

    schedule = Schedule(
        network=training.network,
        weights=training.weights,
        size=training.size,
        warm_up_size=max(32, int(training.size * SHARE_OF_SIZE) // 32 * 32),
        epochs=training.epochs,
        warm_up=max(1, training.epochs // 5),
        adversarial=training.adversarial,
        batch=training.batch,
        seed=seed,
    )
    with one_thread():
        return learn_segmenter(cases, schedule, scratch, validation=0.0, reading=reading).read_bytes()


SEGMENTERS = Step(
    "segmenters", _train, replace(BYTES, suffix=".safetensors"), "Training segmenters by folds", scratch=True
)
