"""The image types against SimpleITK, PyWavelets, scikit-image and the formulas of pyradiomics."""

from __future__ import annotations

import numpy as np
import pytest
import pywt
import SimpleITK
from scipy.ndimage import gaussian_filter
from skimage.feature import local_binary_pattern

from sonoher2.config.radiomics import ImageFilter, RadiomicsConfig
from sonoher2.radiomics.filters import filtered_images, image_type_names

SHAPE = (41, 36)
WHOLE = (slice(0, SHAPE[0]), slice(0, SHAPE[1]))
PART = (slice(9, 30), slice(4, 25))


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    noise = gaussian_filter(np.random.default_rng(3).normal(size=SHAPE), 1.2)
    return np.round(255 * (noise - noise.min()) / np.ptp(noise))


def filtered(
    pixels: np.ndarray, *kinds: ImageFilter, box: tuple[slice, slice] = WHOLE, **config: object
) -> dict[str, np.ndarray]:
    settings = RadiomicsConfig(filters=list(kinds), **config)
    found = filtered_images(pixels, box, settings, (0.2, 0.1))
    # what SimpleITK rounds to float32 is marked so, and nothing else
    names = image_type_names(settings)
    assert [name.split("-")[0] in ("log", "gradient") for name in names] == found.single.tolist()
    return dict(zip(names, found.images, strict=True))


def test_pointwise_filters_are_the_formulas_of_pyradiomics(pixels: np.ndarray) -> None:
    # c = sqrt(largest), and the others are scaled back to the largest value; pyradiomics, imageoperations
    values = np.where(pixels > 200, -pixels, pixels)
    largest, size, sign = np.abs(values).max(), np.abs(values), np.sign(values)
    found = filtered(values, "original", "square", "squareroot", "logarithm", "exponential")
    np.testing.assert_array_equal(found["original"], values)
    np.testing.assert_allclose(found["square"], values**2 / largest)
    np.testing.assert_allclose(found["squareroot"], sign * np.sqrt(size * largest))
    np.testing.assert_allclose(found["logarithm"], sign * np.log(size + 1) * largest / np.log(largest + 1))
    np.testing.assert_allclose(found["exponential"], np.exp(values * np.log(largest) / largest))
    for name in ("squareroot", "logarithm", "square"):
        assert np.abs(found[name]).max() == pytest.approx(largest)


def test_wavelet_bands_are_those_of_pywavelets(pixels: np.ndarray) -> None:
    # the odd side repeats its first line; pyradiomics takes the second letter for the rows of a slice
    padded = np.pad(pixels, ((0, 1), (0, 0)), mode="wrap")
    bands = pywt.swtn(padded, "coif1", 1, axes=(0, 1))[0]
    found = filtered(pixels, "wavelet")
    assert list(found) == ["wavelet-LH", "wavelet-HL", "wavelet-HH", "wavelet-LL"]
    for name, (rows, columns) in {"LH": "da", "HL": "ad", "HH": "dd", "LL": "aa"}.items():
        np.testing.assert_allclose(found[f"wavelet-{name}"], bands[rows + columns][:41], atol=1e-9, err_msg=name)


@pytest.mark.parametrize("sigma", [1.0, 2.5])
def test_the_laplacian_is_simpleitks(pixels: np.ndarray, sigma: float) -> None:
    filter_ = SimpleITK.LaplacianRecursiveGaussianImageFilter()
    filter_.SetNormalizeAcrossScale(True)
    filter_.SetSigma(sigma)
    expected = SimpleITK.GetArrayFromImage(filter_.Execute(SimpleITK.GetImageFromArray(pixels)))
    name = f"log-sigma-{str(sigma).replace('.', '-')}-mm-3D"
    np.testing.assert_allclose(filtered(pixels, "log", log_sigma=[sigma])[name], expected, atol=1e-3)
    # sigma is in mm where pixels are resampled
    resampled = filtered(pixels, "log", log_sigma=[0.5 * sigma], resample_mm=0.5)
    np.testing.assert_allclose(next(iter(resampled.values())), expected, atol=1e-3)


@pytest.mark.parametrize(
    ("side", "sigma", "large_enough"), [(3, 1.0, False), (4, 1.0, True), (4, 3.5, False), (5, 4.0, True)]
)
def test_an_image_too_small_for_the_laplacian_has_none(side: int, sigma: float, large_enough: bool) -> None:
    pixels = np.arange(side * 9.0).reshape(side, 9)
    box = (slice(0, side), slice(0, 9))
    (found,) = filtered(pixels, "log", box=box, log_sigma=[sigma]).values()
    assert (np.isfinite(found).all(), np.isnan(found).all()) == (large_enough, not large_enough)


def test_the_gradient_is_simpleitks_with_the_spacing_of_the_pixels(pixels: np.ndarray) -> None:
    image = SimpleITK.GetImageFromArray(pixels)
    image.SetSpacing((0.1, 0.2))  # width, height
    expected = SimpleITK.GetArrayFromImage(SimpleITK.GradientMagnitude(image))
    np.testing.assert_allclose(filtered(pixels, "gradient")["gradient"], expected, rtol=1e-5)


def test_local_binary_patterns_are_scikit_images(pixels: np.ndarray) -> None:
    expected = local_binary_pattern(pixels.astype(np.uint8), P=8, R=1, method="uniform")
    np.testing.assert_array_equal(filtered(pixels, "lbp-2d")["lbp-2D"], expected)


def test_tissue_outside_the_image_counts_as_black() -> None:
    """No neighbour is darker than black: all eight bits are set, at the border too."""
    box = (slice(0, 4), slice(0, 5))
    np.testing.assert_array_equal(filtered(np.zeros((4, 5)), "lbp-2d", box=box)["lbp-2D"], np.full((4, 5), 8))
    # one grey pixel in the corner: of its eight neighbours only those outside and beside it are darker, which are all
    pixels = np.zeros((4, 5))
    pixels[0, 0] = 9
    assert filtered(pixels, "lbp-2d", box=box)["lbp-2D"][0, 0] == 0


def test_part_of_an_image_is_filtered_as_the_whole(pixels: np.ndarray) -> None:
    kinds: list[ImageFilter] = ["original", "square", "exponential", "wavelet", "gradient", "lbp-2d", "log"]
    whole, part = filtered(pixels, *kinds, log_sigma=[1.0]), filtered(pixels, *kinds, box=PART, log_sigma=[1.0])
    for name in whole:
        np.testing.assert_allclose(part[name], whole[name][PART], rtol=1e-6, atol=1e-4, err_msg=name)
