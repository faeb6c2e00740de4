"""Outlines as run lengths and as PNG."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from sonoher2.core.errors import InputError
from sonoher2.segmentation.mask_files import mask_png
from sonoher2.server.cohorts.outlines.drawn import drawn_from_png, drawn_from_runs, runs_of_png

MASK = np.array([[0, 0, 1], [1, 0, 1]], dtype=bool)


def test_runs_go_along_rows_and_begin_with_background() -> None:
    drawn = drawn_from_runs(2, 3, [2, 2, 1, 1])
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(drawn.png))), np.where(MASK, 255, 0))
    assert drawn.area == 3
    assert runs_of_png(drawn.png) == [2, 2, 1, 1]
    assert runs_of_png(drawn_from_runs(2, 3, [0, 6]).png) == [0, 6]
    assert runs_of_png(drawn_from_runs(2, 3, [6]).png) == [6]


def test_the_same_pixels_are_the_same_bytes_whichever_way_they_came() -> None:
    assert drawn_from_runs(2, 3, [2, 2, 1, 1]).png == mask_png(MASK) == drawn_from_png(mask_png(MASK), 2, 3).png


@pytest.mark.parametrize("runs", [[], [5], [7], [7, -1], [2, 5, -1]])
def test_runs_that_do_not_fill_the_picture_are_refused(runs: list[int]) -> None:
    with pytest.raises(InputError, match="do not fill"):
        drawn_from_runs(2, 3, runs)


def test_what_is_no_png_of_the_pictures_size_is_refused() -> None:
    with pytest.raises(InputError, match="2 rows x 3 columns, and the picture 3 rows x 2 columns"):
        drawn_from_png(mask_png(MASK), 3, 2)
    with pytest.raises(InputError, match="no PNG"):
        drawn_from_png(b"GIF89a", 2, 3)
    with pytest.raises(InputError, match="no PNG"):
        drawn_from_png(mask_png(MASK)[:40], 2, 3)
