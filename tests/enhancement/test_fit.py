"""From image files to what an enhancer learns from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sonoher2.core.errors import InputError
from sonoher2.enhancement import fit
from sonoher2.enhancement.schedule import Schedule


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Sides of the pictures that are learned from, and of those that are only measured."""
    seen: list[Any] = []
    monkeypatch.setattr(
        fit,
        "train_enhancer",
        lambda *given: seen.append([[len(one) for one in given[0]], [len(one) for one in given[1]]]),
    )
    return seen


def images(folder: Path, sides: list[int]) -> list[fit.Picture]:
    found: list[fit.Picture] = []
    for number, side in enumerate(sides):
        path = folder / f"{number}.png"
        Image.fromarray(np.full((side, 90), 9 + number, np.uint8)).save(path)
        found.append((path, None))
    return found


@pytest.mark.parametrize(
    ("sides", "learned", "measured"),
    [
        # one in 25 is only measured
        ([64 + i for i in range(26)], [64 + i for i in range(1, 25)], [64, 89]),
        # those that are smaller than a patch teach nothing, wherever they stand
        ([40, 64, 65], [64, 65], [64, 65]),
        ([64, 40, 41], [64], [64]),
        ([64], [64], [64]),
    ],
)
def test_pictures_smaller_than_a_patch_are_left_out(
    tmp_path: Path, asked: list[Any], sides: list[int], learned: list[int], measured: list[int]
) -> None:
    fit.learn_enhancer(images(tmp_path, sides), Schedule(patch=64), tmp_path)
    assert asked == [[learned, measured]]


def test_pictures_that_are_all_smaller_than_a_patch_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none of 2 images is as large as a patch of 64 x 64 pixels"):
        fit.learn_enhancer(images(tmp_path, [40, 41]), Schedule(patch=64), tmp_path)
