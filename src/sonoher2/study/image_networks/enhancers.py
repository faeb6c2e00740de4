"""The step that trains an enhancer; the module is small, because its code is part of a key that takes long."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sonoher2.config.image_networks import EnhancerTraining
from sonoher2.engine import BYTES, Step


def _train(images: list[tuple[Path, int | None]], training: EnhancerTraining, seed: int, scratch: Path) -> bytes:
    """Train on these images and no others; a killed training goes on in its folder after the last finished epoch."""
    # networks are slow to import
    from sonoher2.enhancement.fit import learn_enhancer
    from sonoher2.enhancement.schedule import Schedule
    from sonoher2.networks.device import one_thread

    schedule = Schedule(
        epochs=training.epochs,
        warm_up=max(1, training.epochs * 4 // 5),
        steps=training.steps,
        patch=training.patch,
        adversarial=training.adversarial,
        seed=seed,
    )
    with one_thread():
        return learn_enhancer(images, schedule, scratch).read_bytes()


ENHANCERS = Step(
    "enhancers", _train, replace(BYTES, suffix=".safetensors"), "Training enhancers by folds", scratch=True
)
