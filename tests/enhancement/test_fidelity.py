from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage.metrics import peak_signal_noise_ratio

from sonoher2.enhancement.degrade import speckle
from sonoher2.enhancement.fidelity import (
    contrast_to_noise,
    gradient_similarity,
    psnr,
    speckle_snr,
    ssim,
)


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (64, 80))


def test_equal_images(picture: np.ndarray) -> None:
    assert psnr(picture, picture) == math.inf
    assert ssim(picture, picture) == pytest.approx(1)
    assert gradient_similarity(picture, picture) == pytest.approx(1)


def test_psnr_is_that_of_scikit_image(picture: np.ndarray) -> None:
    noisy = picture + np.random.default_rng(1).normal(0, 5, picture.shape)
    assert psnr(noisy, picture) == pytest.approx(peak_signal_noise_ratio(picture, noisy, data_range=255))


def test_psnr_of_a_shift() -> None:
    flat = np.full((16, 16), 100.0)
    assert psnr(flat + 25.5, flat) == pytest.approx(20)


def test_gradient_similarity_falls_with_blur_and_not_with_brightness(picture: np.ndarray) -> None:
    blurred = [gradient_similarity(gaussian_filter(picture, sigma), picture) for sigma in (0.5, 1, 2)]
    assert 1 > blurred[0] > blurred[1] > blurred[2]
    assert gradient_similarity(picture + 20, picture) == pytest.approx(1)


def test_gradient_similarity_of_two_ramps_by_hand() -> None:
    ramp = 2.0 * np.arange(8) * np.ones((8, 1))
    # at half size the ramp is 0, 3, 7, 11; its steps to both sides, the border repeated, are 3, 7, 8 and 4
    steps = np.array([3.0, 7, 8, 4])
    for one in (ramp, ramp.T):
        against_flat = gradient_similarity(one, np.full((8, 8), 90.0))
        assert against_flat == pytest.approx((170 / (steps**2 + 170)).mean())
        # the other ramp is twice as steep
        between = gradient_similarity(one, 2 * one)
        assert between == pytest.approx(((4 * steps**2 + 170) / (5 * steps**2 + 170)).mean())


def test_similarity_of_one_window_by_hand() -> None:
    rng = np.random.default_rng(2)
    found, clean = rng.uniform(0, 255, (11, 11)), rng.uniform(0, 255, (11, 11))
    # the borders do not count: of eleven by eleven pixels only that in the middle does
    across = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    weight = np.outer(across, across) / across.sum() ** 2
    means = [(weight * one).sum() for one in (found, clean)]
    variances = [(weight * one**2).sum() - mean**2 for one, mean in zip((found, clean), means, strict=True)]
    covariance = (weight * found * clean).sum() - means[0] * means[1]
    light, contrast = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    expected = (2 * means[0] * means[1] + light) * (2 * covariance + contrast)
    expected /= (means[0] ** 2 + means[1] ** 2 + light) * (variances[0] + variances[1] + contrast)
    assert ssim(found, clean) == pytest.approx(expected)


def test_contrast_to_noise_of_two_normal_regions() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.normal(100, 10, (200, 200))
    lesion = np.zeros(pixels.shape, bool)
    lesion[:, :100] = True
    pixels[lesion] -= 40
    assert contrast_to_noise(pixels, lesion, ~lesion) == pytest.approx(40 / math.hypot(10, 10), rel=0.02)
    assert math.isnan(contrast_to_noise(np.ones((4, 4)), lesion[:4, 98:102], ~lesion[:4, 98:102]))


@pytest.mark.parametrize("looks", [1, 4])
def test_speckle_snr_of_fully_developed_speckle(looks: int) -> None:
    field = speckle((256, 256), looks, (0.4, 0.4), np.random.default_rng(0)).astype(np.float64)
    everywhere = np.ones(field.shape, bool)
    assert speckle_snr(100 * field, everywhere) == pytest.approx(1.91 * math.sqrt(looks), rel=0.06)


def test_speckle_snr_sees_only_the_region() -> None:
    field = speckle((64, 64), 4, (0.4, 0.4), np.random.default_rng(0)).astype(np.float64)
    region = np.zeros(field.shape, bool)
    region[20:45, 20:45] = True
    spoilt = np.where(region, field, 1000)
    assert speckle_snr(spoilt, region) == pytest.approx(speckle_snr(field, region))


def test_speckle_snr_where_it_cannot_be_told() -> None:
    small = np.zeros((32, 32), bool)
    small[:5, :5] = True
    assert math.isnan(speckle_snr(np.random.default_rng(0).uniform(size=(32, 32)), small))
    assert math.isnan(speckle_snr(np.full((32, 32), 7.0), np.ones((32, 32), bool)))
