"""A heat map laid on the picture that its window was cut from."""

from __future__ import annotations

import numpy as np
import pytest

from sonoher2.predict.heat import HeatMap
from sonoher2.server.work.pictures import heat_layer


def heat_of(values: list[list[float]]) -> HeatMap:
    heat = np.array(values)
    return HeatMap(np.zeros(heat.shape, np.uint8), np.zeros(heat.shape, bool), heat)


def test_each_pixel_has_the_heat_of_its_place() -> None:
    # a window of the size of the map, one row down and two columns to the right
    layer = heat_layer(heat_of([[0.0, 1.0], [0.5, 0.2]]), (1, 2, 2), (4, 5))
    assert layer.shape == (4, 5, 4)
    # 255 · 0.65 · heat
    np.testing.assert_array_equal(layer[1:3, 2:4, 3], [[0, 166], [83, 33]])
    assert layer[..., 3].sum() == 166 + 83 + 33
    # from yellow to red: the hottest has no green
    assert layer[1, 3].tolist() == [230, 0, 0, 166]
    assert layer[2, 2].tolist() == [230, 100, 0, 83]


def test_a_larger_window_is_interpolated_between_the_middles_of_pixels() -> None:
    # four rows and columns for two: middles at a quarter and three quarters of a pixel of the map
    layer = heat_layer(heat_of([[0.0, 1.0], [0.0, 1.0]]), (0, 0, 4), (4, 4))
    # columns at -0.25, 0.25, 0.75 and 1.25 of the map; beyond its middles there is none
    # 255 · 0.65 · heat of 0.25 and 0.75
    assert layer[1, :, 3].tolist() == [0, 41, 124, 0]


@pytest.mark.parametrize(("window", "shape"), [((-1, 0, 2), (3, 3)), ((0, -1, 2), (3, 3))])
def test_a_window_may_reach_beyond_the_picture(window: tuple[float, float, float], shape: tuple[int, int]) -> None:
    layer = heat_layer(heat_of([[1.0, 1.0], [1.0, 1.0]]), window, shape)
    inside = np.zeros(shape, bool)
    inside[: 2 + int(window[0]), : 2 + int(window[1])] = True
    np.testing.assert_array_equal(layer[..., 3] > 0, inside)
