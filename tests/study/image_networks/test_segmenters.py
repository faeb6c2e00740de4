"""What the settings of a study mean for the training of a segmenter."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sonoher2.config.image_networks import SegmenterTraining
from sonoher2.study.image_networks.segmenters import SEGMENTERS


@pytest.mark.parametrize(
    ("size", "smaller", "epochs", "warm_up"), [(224, 192, 30, 6), (128, 96, 14, 2), (32, 32, 2, 1), (64, 32, 9, 1)]
)
def test_the_first_fifth_is_supervised_on_smaller_pictures(
    size: int, smaller: int, epochs: int, warm_up: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six sevenths of the side, down to a multiple of 32, which the network needs."""
    given: dict[str, Any] = {}

    def learn(cases: object, schedule: Any, out: Path, *, validation: float, reading: object) -> Path:
        given.update(vars(schedule), cases=cases, out=out, validation=validation, reading=reading)
        (tmp_path / "weights").write_bytes(b"weights")
        return tmp_path / "weights"

    monkeypatch.setattr("sonoher2.segmentation.training.fit.learn_segmenter", learn)
    training = SegmenterTraining(
        network="EfficientNet-Lite2", weights="none", size=size, epochs=epochs, adversarial=0.5, batch=3
    )
    cases, reading = [SimpleNamespace(image="a.png")], SimpleNamespace(mask_label="1")
    assert SEGMENTERS.function(cases, training, reading, 11, scratch=tmp_path / "own") == b"weights"
    wanted = {
        "cases": cases, "out": tmp_path / "own", "reading": reading, "seed": 11, "size": size, "warm_up_size": smaller,
        "epochs": epochs, "warm_up": warm_up, "adversarial": 0.5, "batch": 3, "network": "EfficientNet-Lite2",
        "weights": "none",
    }  # fmt: skip
    assert {name: given[name] for name in wanted} == wanted
    # all training patients teach; none is held back to choose an epoch by
    assert given["validation"] == 0


def test_weights_are_kept_as_a_file_of_their_kind_and_a_killed_training_goes_on() -> None:
    assert SEGMENTERS.codec.suffix == ".safetensors"
    assert SEGMENTERS.codec.decode(SEGMENTERS.codec.encode(b"weights")) == b"weights"
    assert SEGMENTERS.scratch
