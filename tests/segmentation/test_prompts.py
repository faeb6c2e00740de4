"""The channels of a prompt, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sonoher2.segmentation.prompts import CHANNELS, prompt_maps


def test_a_click_is_a_spot_that_is_brightest_there() -> None:
    click, box = prompt_maps(100, at=(30, 70))
    assert not box.any()
    assert np.unravel_index(click.argmax(), click.shape) == (30, 70)
    assert click[30, 70] == 1
    # a standard deviation is two of a hundred pixels
    assert click[32, 70] == click[30, 72] == pytest.approx(np.exp(-0.5))
    assert click[34, 72] == pytest.approx(np.exp(-0.5 * (4 + 1)))
    between, _ = prompt_maps(100, at=(29.5, 70))
    assert between[29, 70] == between[30, 70] == pytest.approx(np.exp(-0.5 / 16))


def test_a_box_is_one_inside_and_nothing_outside() -> None:
    click, box = prompt_maps(10, box=(slice(2, 5), slice(6, 10)))
    assert not click.any()
    assert box[2:5, 6:10].all()
    assert box.sum() == 12


def test_without_a_prompt_there_is_nothing() -> None:
    maps = prompt_maps(8)
    assert (maps.shape, maps.dtype) == ((2, 8, 8), np.float32)
    assert not maps.any()
    assert len(maps) + 1 == CHANNELS
