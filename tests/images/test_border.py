"""The black border of pictures that are built with one."""

from __future__ import annotations

import numpy as np
import pytest

from sonoher2.images.border import black_border


def picture(top: int, left: int) -> np.ndarray:
    grey = np.random.default_rng(0).uniform(30, 90, (100, 200))
    grey[:top], grey[:, :left] = 0, 0
    return grey


@pytest.mark.parametrize(("top", "left", "share"), [(0, 0, 0.0), (20, 0, 0.2), (0, 50, 0.25), (20, 50, 0.4)])
def test_share_outside_the_bright_box(top: int, left: int, share: float) -> None:
    assert black_border(picture(top, left)) == pytest.approx(share)


def test_a_character_in_the_border_and_a_dark_row_within_change_nothing() -> None:
    grey = picture(20, 0)
    grey[5, 3], grey[60] = 255, 0
    assert black_border(grey) == pytest.approx(0.2)


def test_a_black_picture_is_all_border() -> None:
    assert black_border(np.zeros((4, 4))) == 1.0


@pytest.mark.parametrize(("grey", "share"), [(4.0, 1.0), (4.5, 0.0)])
def test_a_mean_of_four_is_empty(grey: float, share: float) -> None:
    assert black_border(np.full((5, 7), grey)) == share
