"""The step that keeps which images a network was trained on, as the file beside its weights."""

from __future__ import annotations

from dataclasses import replace

from sonoher2.engine import BYTES, Step


def _written(text: str) -> bytes:
    return text.encode()


TRAINING_IMAGES = Step("training images", _written, replace(BYTES, suffix=".json"))
