"""One lesion of an image: which part of the picture the network sees, and where its mask lies."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sonoher2.core.errors import InputError
from sonoher2.networks.own import Weights
from sonoher2.segmentation import segment as module
from sonoher2.segmentation.segment import segment_file, segment_picture

GREY = np.random.default_rng(0).integers(0, 256, (40, 60), dtype=np.uint8)
OWN = Weights("own.safetensors", "sha", "")


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Note what the network is given, and find the upper left quarter of it."""
    given: list[Any] = []

    def found(segmenter: object, pixels: np.ndarray) -> SimpleNamespace:
        given.append((segmenter, pixels))
        mask = np.zeros(pixels.shape, dtype=bool)
        mask[: pixels.shape[0] // 2, : pixels.shape[1] // 2] = True
        return SimpleNamespace(mask=mask, confidence=0.7, found=True)

    def b_mode(picture: Any, at: object) -> tuple[slice, slice]:
        assert (picture.shape, at) == ((40, 60), None)
        return slice(10, 30), slice(20, 60)

    monkeypatch.setattr(module, "load_segmenter", lambda: "shipped")
    monkeypatch.setattr(module, "load_own_segmenter", lambda weights: weights)
    monkeypatch.setattr(module, "segment_lesion", found)
    monkeypatch.setattr(module, "b_mode_box", b_mode)
    return given


def test_the_whole_picture_goes_to_the_shipped_network(seen: list[Any]) -> None:
    result = segment_file(GREY)
    ((segmenter, pixels),) = seen
    assert segmenter == "shipped"
    np.testing.assert_array_equal(pixels, GREY)
    assert (result.mask[:20, :30].all(), result.mask.sum()) == (True, 600)
    assert (result.confidence, result.found) == (0.7, True)


def test_the_b_mode_part_alone_goes_to_a_network_of_ones_own(seen: list[Any]) -> None:
    result = segment_file(GREY, crop_to_b_mode=True, weights=OWN)
    ((segmenter, pixels),) = seen
    assert segmenter == OWN
    np.testing.assert_array_equal(pixels, GREY[10:30, 20:60])
    # the mask is one of the whole picture
    assert (result.mask.shape, result.mask[10:20, 20:40].all(), result.mask.sum()) == ((40, 60), True, 200)


def test_an_error_names_the_image(seen: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise InputError("it cannot be", fix="Try")

    monkeypatch.setattr(module, "segment_lesion", refuse)
    with pytest.raises(InputError, match=r"^array: it cannot be\. Try\.$"):
        segment_picture(module.read_picture(GREY))
