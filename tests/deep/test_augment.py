from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sonoher2.deep.augment import Augmentation, augmented

STILL = Augmentation(mirror=False, gain=0, attenuation=0, dynamic_range=0, speckle=0, scale=0, shift=0)


@pytest.fixture
def crop() -> np.ndarray:
    """Bright above, dark below, a lesion left of the middle, black edge on the right."""
    grey = np.repeat(np.linspace(220, 60, 32), 32).reshape(32, 32)
    grey[:, 28:] = 0
    mask = np.zeros((32, 32))
    mask[10:20, 6:14] = 255
    return np.stack([grey, mask]).astype(np.uint8)


def test_nothing_changes_when_all_limits_are_zero(crop: np.ndarray) -> None:
    np.testing.assert_array_equal(augmented(crop, np.random.default_rng(0), STILL), crop)


def test_the_same_seed_gives_the_same_variant(crop: np.ndarray) -> None:
    one, same, other = (augmented(crop, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_never_upside_down_but_mirrored_half_the_time(crop: np.ndarray) -> None:
    variants = [augmented(crop, np.random.default_rng(seed)) for seed in range(200)]
    for variant in variants:
        seen = variant[0] > 0
        assert variant[0, :8][seen[:8]].mean() > variant[0, -8:][seen[-8:]].mean()
    left = [variant[1, :, :16].sum() > variant[1, :, 16:].sum() for variant in variants]
    assert 70 < sum(left) < 130


def test_gain_moves_grey_values_but_neither_mask_nor_black(crop: np.ndarray) -> None:
    limits = Augmentation(mirror=False, gain=30, attenuation=30, dynamic_range=0.2, speckle=10, scale=0, shift=0)
    variant = augmented(crop, np.random.default_rng(3), limits)
    np.testing.assert_array_equal(variant[1], crop[1])
    assert not variant[0, :, 28:].any()
    assert (variant[0, :, :28] != crop[0, :, :28]).mean() > 0.5


def test_shift_moves_image_and_mask_together(crop: np.ndarray) -> None:
    crop[0] = crop[1]
    limits = Augmentation(mirror=False, gain=0, attenuation=0, dynamic_range=0, speckle=0, scale=0.2, shift=0.2)
    variant = augmented(crop, np.random.default_rng(4), limits)
    assert (variant[1] != crop[1]).any()
    np.testing.assert_array_equal(variant[0], variant[1])


def test_zoom_keeps_the_centre_and_scales_the_area() -> None:
    mask = np.zeros((64, 64), np.uint8)
    mask[24:40, 24:40] = 255
    limits = Augmentation(mirror=False, gain=0, attenuation=0, dynamic_range=0, speckle=0, scale=0.5, shift=0)
    rng = np.random.default_rng(5)
    zoom = 1 + np.random.default_rng(5).uniform(-0.5, 0.5)
    variant = augmented(np.stack([mask, mask]), rng, limits)[1] / 255
    assert variant.sum() == pytest.approx(16 * 16 * zoom**2, rel=0.05)
    rows, columns = np.mgrid[:64, :64]
    assert np.average(rows, weights=variant) == pytest.approx(31.5, abs=0.1)
    assert np.average(columns, weights=variant) == pytest.approx(31.5, abs=0.1)


def only(**limits: float) -> Augmentation:
    return replace(STILL, **limits)


def grey(level: float = 100, size: int = 41) -> np.ndarray:
    return np.full((1, size, size), level, np.uint8)


def drawn(seed: int, limit: float, before: int) -> float:
    """What the generator gives for one limit, after the draws of those before it."""
    rng = np.random.default_rng(seed)
    rng.uniform(size=3)  # scale and two shifts
    rng.standard_normal((41, 41), dtype=np.float32)
    rng.uniform(size=1 + before)  # speckle, then attenuation, dynamic range and gain
    return rng.uniform(-limit, limit)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_gain_shifts_attenuation_tilts_and_the_range_stretches_about_mid_grey(seed: int) -> None:
    shifted = augmented(grey(), np.random.default_rng(seed), only(gain=30))[0].astype(float)
    assert shifted == pytest.approx(100 + drawn(seed, 30, 2), abs=0.51)
    tilted = augmented(grey(), np.random.default_rng(seed), only(attenuation=40))[0].astype(float)
    tilt = drawn(seed, 40, 0)
    assert tilted[0] == pytest.approx(100 - tilt / 2, abs=0.51)
    assert tilted[20] == pytest.approx(100, abs=0.51)
    assert tilted[40] == pytest.approx(100 + tilt / 2, abs=0.51)
    stretch = 1 + drawn(seed, 0.5, 1)
    for level in (100, 128, 160):
        found = augmented(grey(level), np.random.default_rng(seed), only(dynamic_range=0.5))[0].astype(float)
        assert found == pytest.approx(128 + (level - 128) * stretch, abs=0.51)


def test_speckle_has_a_deviation_up_to_its_limit() -> None:
    spreads = [augmented(grey(120), np.random.default_rng(seed), only(speckle=20))[0].std() for seed in range(40)]
    assert max(spreads) == pytest.approx(19.5, abs=0.7)
    assert max(spreads) < 20.1
    assert min(spreads) < 2


def test_largest_changes() -> None:
    assert Augmentation() == Augmentation(True, 20.0, 20.0, 0.15, 10.0, 0.12, 0.06)
