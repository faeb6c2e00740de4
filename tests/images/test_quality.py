from __future__ import annotations

from math import isnan, sqrt

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage.measure import blur_effect

from sonoher2.images.quality import blur, image_quality, problem_codes, quality_problems


@pytest.fixture
def speckle():
    return np.random.default_rng(0).rayleigh(40, size=(120, 160)).clip(0, 254)


@pytest.fixture
def mask():
    rows, columns = np.indices((120, 160))
    return (rows - 60) ** 2 + (columns - 80) ** 2 < 30**2


def test_a_sharp_full_picture_has_no_problem(speckle, mask):
    quality = image_quality(speckle, mask)
    assert quality_problems(quality) == []
    assert quality["diameter"] == pytest.approx(2 * sqrt(mask.sum() / np.pi))
    assert (quality["rows"], quality["columns"]) == (120, 160)


def test_blur_rises_with_blurring_and_follows_the_measure_of_scikit_image(speckle):
    pictures = [gaussian_filter(speckle, sigma) for sigma in (0, 1, 2, 3, 5)]
    found = [blur(picture) for picture in pictures]
    assert found == sorted(found)
    np.testing.assert_allclose(found, [blur_effect(picture / 255) for picture in pictures], atol=0.12)


def test_blur_depends_neither_on_brightness_nor_on_contrast(speckle):
    assert blur(speckle / 2 + 30) == pytest.approx(blur(speckle), abs=1e-4)


@pytest.mark.parametrize("picture", [np.full((50, 50), 7.0), np.ones((9, 50))])
def test_blur_of_nothing_is_unknown(picture):
    assert isnan(blur(picture))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda picture: gaussian_filter(picture, 5), "blurred"),
        (lambda picture: np.where(picture > 70, 255, picture), "white"),
        (lambda picture: picture // 16 * 16, "grey levels"),
    ],
)
def test_poor_pictures_are_named(speckle, mask, change, words):
    assert any(words in problem for problem in quality_problems(image_quality(change(speckle), mask)))


def test_small_lesions_are_named(speckle):
    mask = np.zeros((120, 160), dtype=bool)
    mask[50:60, 50:60] = True
    assert quality_problems(image_quality(speckle, mask)) == ["the lesion is smaller than 16 pixels"]


def test_twenty_pixels_around_the_lesion_are_looked_at():
    pixels, mask = np.zeros((100, 120)), np.zeros((100, 120), dtype=bool)
    mask[40:50, 60:70] = True
    pixels[20, 40] = pixels[69, 89] = 255
    # just outside the 50 rows and 50 columns
    pixels[19, 60] = pixels[70, 60] = pixels[45, 39] = pixels[45, 90] = 255
    quality = image_quality(pixels, mask)
    assert quality["saturated"] == pytest.approx(2 / 2500)
    assert quality["levels"] == 2


def test_a_limit_itself_is_no_problem():
    at = {"diameter": 16.0, "levels": 32.0, "saturated": 0.05, "blur": 0.75}
    assert problem_codes(at) == []
    beyond = {"diameter": 15.9, "levels": 31.0, "saturated": 0.051, "blur": 0.751}
    for name, code in zip(at, ("small lesion", "few grey levels", "white", "blurred"), strict=True):
        assert problem_codes(at | {name: beyond[name]}) == [code]
