"""What the segmenter is shown and told, and where its outline lies in the picture."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sonoher2.core.errors import InputError
from sonoher2.segmentation.choose import Segmentation
from sonoher2.segmentation.shipped import SHIPPED_PROMPTED_SHA256, SHIPPED_SHA256
from sonoher2.server.work.models import Outline, Prompt, made_as
from sonoher2.server.work.tasks import outline

PART = (slice(20, 100), slice(30, 130))


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the segmenter was given; it finds the pixel in row 5 and column 6 of what it sees. B-mode is `PART`."""
    given: dict[str, Any] = {}

    def found(segmenter: Any, pixels: np.ndarray, **prompt: Any) -> Segmentation:
        given.update(prompt, sha256=segmenter.sha256, shape=pixels.shape)
        mask = np.zeros(pixels.shape, dtype=bool)
        mask[5, 6] = True
        return Segmentation(mask, mask.astype(np.float32), 0.75, found=True)

    monkeypatch.setattr("sonoher2.segmentation.choose.segment_lesion", found)
    monkeypatch.setattr("sonoher2.images.read.b_mode_box", lambda picture, at: PART)
    return given


@pytest.fixture
def image(tmp_path: Path) -> str:
    grey = np.random.default_rng(0).integers(0, 256, (120, 160), dtype=np.uint8)
    Image.fromarray(grey).save(tmp_path / "a.png")
    return str(tmp_path / "a.png")


def outlined(image: str, prompt: Prompt, crop_to_b_mode: bool) -> Outline:
    return outline(image, "a.png", 1, prompt, None, crop_to_b_mode)


@pytest.mark.parametrize(
    ("prompt", "crop", "shape", "at", "box", "place", "made"),
    [
        (Prompt(), False, (120, 160), None, None, (5, 6), f"{SHIPPED_SHA256}:whole"),
        (Prompt(), True, (80, 100), None, None, (25, 36), f"{SHIPPED_SHA256}:b-mode"),
        # column and row of the page, row and column of the array; within the B-mode part counted from its corner
        (Prompt(at=(40, 50)), False, (120, 160), (50, 40), None, (5, 6), f"{SHIPPED_PROMPTED_SHA256}:click"),
        (Prompt(at=(40, 50)), True, (80, 100), (30, 10), None, (25, 36), f"{SHIPPED_PROMPTED_SHA256}:click"),
        (Prompt(at=(30, 20)), True, (80, 100), (0, 0), None, (25, 36), f"{SHIPPED_PROMPTED_SHA256}:click"),
        (Prompt(at=(130, 50)), True, (120, 160), (50, 130), None, (5, 6), f"{SHIPPED_PROMPTED_SHA256}:click"),
        (
            Prompt(box=(40, 30, 60, 70)), True, (80, 100), None, (slice(10, 50), slice(10, 30)), (25, 36),
            f"{SHIPPED_PROMPTED_SHA256}:box",
        ),
        (
            Prompt(box=(40, 30, 131, 70)), True, (120, 160), None, (slice(30, 70), slice(40, 131)), (5, 6),
            f"{SHIPPED_PROMPTED_SHA256}:box",
        ),
    ],
)  # fmt: skip
def test_the_prompt_lies_where_the_user_sees_it(
    image: str, told: dict[str, Any], prompt: Prompt, crop: bool, shape: tuple[int, int], at: Any, box: Any,
    place: tuple[int, int], made: str,
) -> None:  # fmt: skip
    found = outlined(image, prompt, crop)
    assert (told["shape"], told["at"], told["box"], told["sha256"]) == (shape, at, box, made[:64])
    with Image.open(io.BytesIO(found.png)) as mask:
        assert np.argwhere(np.asarray(mask)).tolist() == [list(place)]
        assert mask.size == (160, 120)
    assert (found.area, found.confidence, found.centre, found.segmenter) == (1, 0.75, place, made)


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        (Prompt(at=(160, 0)), r"the click lies outside the picture\. Click on the picture"),
        (Prompt(at=(0, 120)), r"the click lies outside the picture\. Click on the picture"),
        (Prompt(box=(0, 0, 161, 120)), r"the box lies outside the picture\. Draw it on the picture"),
        (Prompt(box=(50, 10, 50, 60)), r"the box lies outside the picture\. Draw it on the picture"),
    ],
)
def test_a_prompt_outside_the_picture_is_refused(image: str, told: dict[str, Any], prompt: Prompt, said: str) -> None:
    with pytest.raises(InputError, match=said):
        outlined(image, prompt, False)
    assert not told


@pytest.mark.parametrize(
    ("made", "asked", "same"),
    [
        ("", "a:whole", True),
        ("a:whole", "a:whole", True),
        ("a:whole", "a:b-mode", False),
        ("a:box", "a:b-mode", True),
        ("a:click", "a:whole", True),
        ("a:click", "b:whole", False),
        (f"{SHIPPED_PROMPTED_SHA256}:click", f"{SHIPPED_SHA256}:b-mode", True),
        (f"{SHIPPED_PROMPTED_SHA256}:box", f"{SHIPPED_SHA256}:whole", True),
        (f"{SHIPPED_PROMPTED_SHA256}:box", "b:whole", False),
        (f"{SHIPPED_PROMPTED_SHA256}:whole", f"{SHIPPED_SHA256}:whole", False),
    ],
)
def test_whose_outline_it_is(made: str, asked: str, same: bool) -> None:
    assert made_as(made, asked) == same
