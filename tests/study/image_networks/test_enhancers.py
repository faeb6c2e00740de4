"""What the settings of a study mean for the training of an enhancer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sonoher2.config.image_networks import EnhancerTraining
from sonoher2.study.image_networks.enhancers import ENHANCERS

IMAGES = [(Path("a.png"), None), (Path("b.dcm"), 3)]


@pytest.mark.parametrize(("epochs", "warm_up"), [(10, 8), (9, 7), (2, 1)])
def test_four_of_five_epochs_are_not_adversarial(
    epochs: int, warm_up: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}

    def learn(images: object, schedule: Any, out: Path) -> Path:
        given.update(vars(schedule), images=images, out=out)
        (tmp_path / "weights").write_bytes(b"weights")
        return tmp_path / "weights"

    monkeypatch.setattr("sonoher2.enhancement.fit.learn_enhancer", learn)
    training = EnhancerTraining(epochs=epochs, steps=7, patch=64, adversarial=0.5)
    assert ENHANCERS.function(IMAGES, training, 11, scratch=tmp_path / "own") == b"weights"
    wanted = {
        "images": IMAGES, "out": tmp_path / "own", "seed": 11, "epochs": epochs, "warm_up": warm_up, "steps": 7,
        "patch": 64, "adversarial": 0.5,
    }  # fmt: skip
    assert {name: given[name] for name in wanted} == wanted


def test_weights_are_kept_as_a_file_of_their_kind_and_a_killed_training_goes_on() -> None:
    assert ENHANCERS.codec.suffix == ".safetensors"
    assert ENHANCERS.codec.decode(ENHANCERS.codec.encode(b"weights")) == b"weights"
    assert ENHANCERS.scratch
