"""Settings of a training, and which images train."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sonoher2.core.errors import UsageError
from sonoher2.enhancement import fit
from sonoher2.enhancement.schedule import Schedule


def test_usual_settings() -> None:
    found = Schedule()
    assert (found.epochs, found.warm_up, found.steps, found.batch, found.patch) == (30, 24, 125, 8, 128)
    assert (found.rate, found.adversarial, found.bf16, found.seed) == (1e-3, 0.002, False, 0)


def test_a_patch_fills_the_grid_of_the_network() -> None:
    assert Schedule(patch=64).patch == 64
    with pytest.raises(UsageError, match="a patch of 60 pixels is not a multiple of 8") as caught:
        Schedule(patch=60)
    assert caught.value.hint == "patch"


@pytest.mark.parametrize(("count", "checked"), [(1, [0]), (25, [0]), (26, [0, 25]), (51, [0, 25, 50])])
def test_one_image_in_25_is_only_measured(
    count: int, checked: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[list[int], list[int]]] = []
    marked: list[list[int]] = []

    def train(learned: list[np.ndarray], measured: list[np.ndarray], schedule: Schedule, out: Path) -> None:
        given.append(([int(one[0, 0]) for one in learned], [int(one[0, 0]) for one in measured]))

    monkeypatch.setattr(fit, "_grey", lambda path, frame: np.full((128, 128), int(path.stem), np.uint8))
    monkeypatch.setattr(fit, "train_enhancer", train)
    monkeypatch.setattr(fit, "fingerprint", lambda picture: int(picture[0, 0]))
    monkeypatch.setattr(fit, "write_training_images", lambda path, found: marked.append([path.name, *found]))
    images = [(Path(f"{i}.png"), None) for i in range(count)]
    assert fit.fit_enhancer(images, Schedule(), tmp_path) == tmp_path / "enhancer.safetensors"
    learned = [i for i in range(count) if i not in checked] or checked
    assert given == [(learned, checked)]
    # the images that are only measured were seen too
    assert marked == [["enhancer.safetensors", *range(count)]]
