"""The shipped networks on one image: what reaches them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sonoher2
from sonoher2.api import images

GREY = np.random.default_rng(0).integers(0, 256, (40, 50), dtype=np.uint8)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    seen: list[Any] = []
    monkeypatch.setattr(images, "load_segmenter", lambda weights, prompted: ("segmenter", weights, prompted))
    monkeypatch.setattr(images, "load_enhancer", lambda weights: ("enhancer", weights))
    monkeypatch.setattr(images, "segment_lesion", lambda *given, **more: seen.append((*given, more)) or "found")
    monkeypatch.setattr(images, "enhanced", lambda *given: seen.append(given) or "clearer")
    return seen


def test_what_the_segmenter_is_given(asked: list[Any]) -> None:
    box = (slice(1, 5), slice(2, 9))
    assert sonoher2.segment_image(GREY, at=(3, 4), weights=Path("w")) == "found"
    sonoher2.segment_image(sonoher2.read_image(GREY), box=box)
    sonoher2.segment_image(GREY)
    (segmenter, pixels, more), (shipped, again, other), (alone, _, nothing) = asked
    assert (segmenter, more) == (("segmenter", Path("w"), True), {"at": (3, 4), "box": None})
    assert (alone, nothing) == (("segmenter", None, False), {"at": None, "box": None})
    np.testing.assert_array_equal(pixels, GREY)
    assert (shipped, other) == (("segmenter", None, True), {"at": None, "box": box})
    np.testing.assert_array_equal(again, GREY)


def test_what_the_enhancer_is_given(asked: list[Any]) -> None:
    opened = sonoher2.read_image(GREY)
    assert sonoher2.enhance_image(opened, weights=Path("w")) == "clearer"
    sonoher2.enhance_image(GREY)
    assert asked[0] == (opened, ("enhancer", Path("w")))
    np.testing.assert_array_equal(asked[1][0].pixels, GREY)
    assert asked[1][1] == ("enhancer", None)


def test_weights_may_be_text(asked: list[Any]) -> None:
    sonoher2.segment_image(GREY, weights="w")
    sonoher2.enhance_image(GREY, weights="w")
    assert [given[0] for given in asked[:1]] + [given[1] for given in asked[1:]] == [
        ("segmenter", Path("w"), False), ("enhancer", Path("w")),
    ]  # fmt: skip


@pytest.mark.parametrize("function", [sonoher2.segment_image, sonoher2.enhance_image])
def test_a_frame_of_an_image_that_was_read_is_refused(asked: list[Any], function: Any) -> None:
    with pytest.raises(sonoher2.InputError, match="was read before, and is one frame"):
        function(sonoher2.read_image(GREY), frame=2)
    assert asked == []


def test_frame_and_place_reach_the_file(asked: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Any] = []
    opened = sonoher2.read_image(GREY)
    monkeypatch.setattr(images, "read_image", lambda path, **given: read.append((path, given)) or opened)
    sonoher2.segment_image("a.dcm", frame=3, at=(1, 2))
    sonoher2.enhance_image("b.dcm", frame=4)
    assert read == [("a.dcm", {"frame": 3, "at": (1, 2)}), ("b.dcm", {"frame": 4, "at": None})]


@pytest.mark.parametrize("box", [(0, 0, 10, 10), (slice(0, 5.0), slice(0, 5)), (slice(None, 5), slice(0, 5)), "box"])
def test_what_is_no_box_is_refused(asked: list[Any], box: Any) -> None:
    with pytest.raises(sonoher2.InputError, match=r"the box is not one of rows and columns\. Give two slices"):
        sonoher2.segment_image(GREY, box=box)
    assert asked == []
    sonoher2.segment_image(GREY, box=(slice(np.int64(1), 5), slice(2, np.uint8(9))))
    assert asked[0][2]["box"] == (slice(1, 5), slice(2, 9))
