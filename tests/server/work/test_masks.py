"""Masks as PNG and as runs of pixels."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from sonoher2.core.errors import InputError
from sonoher2.server.work.masks import grey_png, mask_of, mask_of_runs, mask_png, runs_of, sent_mask

MASK = np.array([[0, 0, 1, 1], [1, 0, 0, 1], [0, 0, 0, 0]], bool)


def as_png(image: Image.Image, **more: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **more)
    return buffer.getvalue()


def test_runs_along_rows_begin_with_background() -> None:
    assert runs_of(MASK) == [2, 3, 2, 1, 4]
    assert runs_of(~MASK) == [0, 2, 3, 2, 1, 4]
    assert runs_of(np.zeros((2, 3), bool)) == [6]
    assert runs_of(np.ones((2, 3), bool)) == [0, 6]
    for mask in (MASK, ~MASK, np.zeros((3, 4), bool), np.ones((3, 4), bool)):
        np.testing.assert_array_equal(mask_of_runs(runs_of(mask), 3, 4, (3, 4)), mask)


@pytest.mark.parametrize("runs", [[], [11], [13], [-1, 13], [2, 3, 2, 1, 3], [0, 13], [6, -1, 7]])
def test_runs_that_do_not_fill_the_picture_are_refused(runs: list[int]) -> None:
    with pytest.raises(InputError, match="do not fill"):
        mask_of_runs(runs, 3, 4, (3, 4))


def test_a_mask_of_another_size_is_refused() -> None:
    with pytest.raises(InputError, match="the mask has 4 rows x 3 columns and its image 3 x 4"):
        mask_of_runs([12], 4, 3, (3, 4))
    with pytest.raises(InputError, match="the mask has 3 rows x 4 columns and its image 4 x 3"):
        sent_mask(mask_png(MASK), (4, 3))


def test_a_mask_is_written_as_0_and_255() -> None:
    with Image.open(io.BytesIO(mask_png(MASK))) as image:
        np.testing.assert_array_equal(np.asarray(image), np.where(MASK, 255, 0))
    np.testing.assert_array_equal(mask_of(mask_png(MASK)), MASK)
    np.testing.assert_array_equal(sent_mask(mask_png(MASK), (3, 4)), MASK)


def test_grey_values_are_rounded() -> None:
    with Image.open(io.BytesIO(grey_png(np.array([[0.4, 0.6], [254.5, 255.0]])))) as image:
        np.testing.assert_array_equal(np.asarray(image), [[0, 1], [254, 255]])


def test_what_was_sent_is_a_mask_of_two_values() -> None:
    two = Image.fromarray(MASK)
    assert two.mode == "1"
    np.testing.assert_array_equal(sent_mask(as_png(two), (3, 4)), MASK)
    for grey, colours in ((Image.fromarray(np.full((3, 4), 254, np.uint8)), False), (Image.new("RGB", (4, 3)), True)):
        with pytest.raises(InputError, match="colours or opacity" if colours else "between 0 and 255"):
            sent_mask(as_png(grey), (3, 4))
    with pytest.raises(InputError, match="colours or opacity"):
        sent_mask(as_png(Image.new("L", (4, 3)), transparency=0), (3, 4))
    for damaged in (b"", b"GIF89a", mask_png(MASK)[:40]):
        with pytest.raises(InputError, match="cannot be read"):
            sent_mask(damaged, (3, 4))
