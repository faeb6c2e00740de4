from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from sonoher2.enhancement.degrade import (
    SPECKLE_SPREAD,
    Degradation,
    averaged_blocks,
    compressed,
    decompressed,
    degrade,
    draw_degradation,
    speckle,
)

NOTHING = Degradation(1, 60.0, 0.0, 0.0, 0.0, 10**4, 0.5, 0.5, None)


@pytest.fixture
def picture() -> NDArray[np.float64]:
    rows, columns = np.mgrid[:64, :48]
    return 120 + 80 * np.sin(rows / 7) * np.cos(columns / 5)


def test_log_compression_is_undone() -> None:
    grey = np.linspace(0, 255, 256, dtype=np.float32)
    assert compressed(decompressed(grey, 60), 60) == pytest.approx(grey, abs=0.01)


def test_log_compression_shows_equal_ratios_as_equal_steps() -> None:
    grey = compressed(np.float32([0.01, 0.1, 1]), 60)
    # 40 dB of 60 are two thirds of the scale, up to the 1 within the logarithm
    assert grey == pytest.approx([255 / 3, 255 * 2 / 3, 255], abs=4)


@pytest.mark.parametrize("looks", [1, 4, 9])
@pytest.mark.parametrize("grain", [(0.5, 0.5), (0.9, 1.8)])
def test_speckle_has_the_spread_of_theory(looks: int, grain: tuple[float, float]) -> None:
    field = speckle((256, 256), looks, grain, np.random.default_rng(0))
    assert field.mean() == pytest.approx(1, abs=0.03)
    assert field.std() == pytest.approx(SPECKLE_SPREAD / np.sqrt(looks), rel=0.05)


def test_speckle_is_longer_across_than_down() -> None:
    field = speckle((256, 256), 1, (0.7, 1.5), np.random.default_rng(0)) - 1
    down, across = (field[1:] * field[:-1]).mean(), (field[:, 1:] * field[:, :-1]).mean()
    assert across > 1.5 * down > 0


def test_averaged_blocks_keep_the_mean(picture: NDArray[np.float64]) -> None:
    small = averaged_blocks(picture.astype(np.float32), 2)
    assert small.shape == (32, 24)
    assert small[0, 0] == pytest.approx(picture[:2, :2].mean())


def test_no_degradation_changes_next_to_nothing(picture: NDArray[np.float64]) -> None:
    few = replace(NOTHING, looks=500)
    degraded, clean = degrade(picture, few, np.random.default_rng(0))
    assert clean == pytest.approx(picture, abs=0.01)
    assert np.abs(degraded - picture).mean() < 1.5


def test_gain_is_of_both_images(picture: NDArray[np.float64]) -> None:
    degraded, clean = degrade(picture, replace(NOTHING, looks=500, gain_db=6.0), np.random.default_rng(0))
    # 6 dB of 60 are a tenth of the scale
    assert np.median(clean - picture) == pytest.approx(25, abs=3)
    assert np.abs(degraded - clean).mean() < 1.5


@pytest.mark.parametrize(("gain", "factor"), [(20.0, 10.0), (-20.0, 0.1)])
def test_twenty_decibels_are_ten_times_the_amplitude(gain: float, factor: float) -> None:
    _, clean = degrade(np.full((8, 8), 100.0), replace(NOTHING, looks=1, gain_db=gain), np.random.default_rng(0))
    # grey is the logarithm of 1 + 1000 times the amplitude, in parts of that of 1001
    amplified = 1 + factor * (1001 ** (100 / 255) - 1)
    assert clean == pytest.approx(np.full((8, 8), 255 * np.log(amplified) / np.log(1001)), abs=1e-3)


def test_blur_is_wider_across_than_down() -> None:
    point = np.zeros((33, 33))
    point[16, 16] = 255
    degraded, _ = degrade(
        point, replace(NOTHING, looks=500, axial_blur=0.5, lateral_blur=1.5), np.random.default_rng(0)
    )
    assert degraded[16, 19] > 2 * degraded[19, 16]


def test_black_stays_black() -> None:
    degraded, clean = degrade(np.zeros((16, 16)), replace(NOTHING, looks=1), np.random.default_rng(0))
    assert not degraded.any()
    assert not clean.any()


@pytest.mark.parametrize("scale", [1, 2])
def test_a_seed_gives_the_same_degradation(scale: int, picture: NDArray[np.float64]) -> None:
    pairs = []
    for _ in range(2):
        generator = np.random.default_rng(5)
        pairs.append(degrade(picture, draw_degradation(scale, generator), generator))
    assert np.array_equal(pairs[0][0], pairs[1][0])
    assert pairs[0][0].shape == (64 // scale, 48 // scale)
    assert pairs[0][1].shape == (64, 48)


def test_drawn_parameters_differ_and_are_wider_across() -> None:
    generator = np.random.default_rng(0)
    drawn = [draw_degradation(1, generator) for _ in range(50)]
    assert len(set(drawn)) == 50
    assert all(one.lateral_blur > one.axial_blur and one.lateral_grain > one.axial_grain for one in drawn)
    assert any(one.jpeg_quality is None for one in drawn)
    assert any(one.jpeg_quality for one in drawn)


def test_jpeg_leaves_its_traces(picture: NDArray[np.float64]) -> None:
    quiet = replace(NOTHING, looks=500)
    without, _ = degrade(picture, quiet, np.random.default_rng(0))
    worse, _ = degrade(picture, replace(quiet, jpeg_quality=5), np.random.default_rng(0))
    assert np.abs(worse - without).mean() > 1


def test_parameters_are_drawn_within_the_levels_of_clinics() -> None:
    generator = np.random.default_rng(1)
    drawn = [draw_degradation(2, generator) for _ in range(600)]
    qualities = [one.jpeg_quality for one in drawn if one.jpeg_quality is not None]
    assert 0.64 < len(qualities) / 600 < 0.76
    ends = {
        "range": [one.dynamic_range_db for one in drawn],
        "gain": [one.gain_db for one in drawn],
        "blur": [one.axial_blur for one in drawn],
        "grain": [one.axial_grain for one in drawn],
        "wider blur": [one.lateral_blur / one.axial_blur for one in drawn],
        "wider grain": [one.lateral_grain / one.axial_grain for one in drawn],
    }
    limits = {"range": (50, 80), "gain": (-4, 4), "blur": (0.3, 1), "grain": (0.4, 1), "wider blur": (1.2, 2.2)}
    limits["wider grain"] = (1.2, 2.2)
    for name, (low, high) in limits.items():
        near = (high - low) / 50
        assert low <= min(ends[name]) < low + near, name
        assert high - near < max(ends[name]) <= high, name
    assert {one.looks for one in drawn} == set(range(3, 13))
    assert (min(qualities), max(qualities)) == (60, 95)
    assert {one.scale for one in drawn} == {2}
