"""The public face of the engine: names, invariances, resampling, rings, degenerate regions, bad input."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from sonoher2.config import RadiomicsConfig, Ring
from sonoher2.errors import InputError
from sonoher2.features.radiomics import extract, feature_names, grey_levels

ORIGINAL = RadiomicsConfig(filters=["original"])
# these turn and move with the image, pixel by pixel and in every bit; a wavelet's bands change places
POINTWISE = RadiomicsConfig(filters=["original", "square", "squareroot", "logarithm", "exponential"])


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    noise = np.random.default_rng(7).random((60, 72))
    smooth = gaussian_filter(noise, 1.5)
    return np.round(255 * (smooth - smooth.min()) / np.ptp(smooth))


@pytest.fixture(scope="module")
def mask() -> np.ndarray:
    rows, columns = np.indices((60, 72))
    ellipse = ((rows - 28) / 14) ** 2 + ((columns - 33) / 19) ** 2 <= 1
    ellipse[24:30, 30:36] = False  # a hole
    return ellipse


def assert_same(one: dict[str, float], other: dict[str, float]) -> None:
    assert list(one) == list(other)
    np.testing.assert_allclose(list(one.values()), list(other.values()), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("turn", [np.fliplr, np.flipud, np.transpose, np.rot90])
def test_features_do_not_depend_on_orientation(pixels: np.ndarray, mask: np.ndarray, turn):
    assert_same(extract(turn(pixels), turn(mask), POINTWISE), extract(pixels, mask, POINTWISE))


def test_features_do_not_depend_on_position(pixels: np.ndarray, mask: np.ndarray):
    margin = ((9, 4), (3, 17))
    assert_same(extract(np.pad(pixels, margin), np.pad(mask, margin), POINTWISE), extract(pixels, mask, POINTWISE))


def test_bin_count_does_not_depend_on_brightness_and_contrast(pixels: np.ndarray, mask: np.ndarray):
    # a power of two and a whole number, so that no value is rounded
    changed = extract(4 * pixels + 64, mask, ORIGINAL)
    texture = [name for name in changed if "firstorder" not in name]
    unchanged = extract(pixels, mask, ORIGINAL)
    assert_same({name: changed[name] for name in texture}, {name: unchanged[name] for name in texture})


def test_pixels_outside_the_lesion_do_not_count(pixels: np.ndarray, mask: np.ndarray):
    outside = np.where(mask, pixels, np.random.default_rng(3).integers(0, 256, pixels.shape))
    assert extract(outside, mask, ORIGINAL) == extract(pixels, mask, ORIGINAL)


def test_names_are_those_of_the_features(pixels: np.ndarray, mask: np.ndarray):
    config = RadiomicsConfig(filters=["log", "original"], log_sigma=[1.5, 2], ring=Ring(share=0.2))
    names = feature_names(config)
    assert list(extract(pixels, mask, config)) == names
    assert len(names) == 9 + 2 * 3 * 93
    assert names[9] == "log-sigma-1-5-mm-3D_firstorder_10Percentile"
    assert names[-1] == "ring_original_ngtdm_Strength"
    assert len(set(names)) == len(names)


def test_ring_is_a_region_of_its_own(pixels: np.ndarray, mask: np.ndarray):
    found = extract(np.where(mask, 50.0, pixels), mask, RadiomicsConfig(filters=["original"], ring=Ring(share=0.3)))
    assert found["original_firstorder_Variance"] == 0
    assert found["ring_original_firstorder_Variance"] > 0
    assert not any(name.startswith("ring_original_shape2D") for name in found)


def test_ring_leaves_the_lesion_features_alone(pixels: np.ndarray, mask: np.ndarray):
    plain = extract(pixels, mask, RadiomicsConfig())
    with_ring = extract(pixels, mask, RadiomicsConfig(ring=Ring(share=0.3)))
    # the wider box changes how far the Laplacian's tail reaches, by less than its own rounding
    same = [name for name in plain if not name.startswith("log-")]
    assert_same({name: plain[name] for name in same}, {name: with_ring[name] for name in same})


def test_resampling_measures_in_millimetres():
    rows, columns = np.indices((80, 160))
    circle = ((rows - 40) * 0.2) ** 2 + ((columns - 80) * 0.1) ** 2 <= 6**2
    pixels = 100 + 50 * np.sin(rows / 6) + 30 * np.cos(columns / 9)
    found = extract(pixels, circle, RadiomicsConfig(filters=["original", "log"], resample_mm=0.1), (0.2, 0.1))
    assert found["original_shape2D_PixelSurface"] == pytest.approx(np.pi * 6**2, rel=0.01)
    assert found["original_shape2D_MaximumDiameter"] == pytest.approx(12, abs=0.25)
    assert found["original_shape2D_Elongation"] == pytest.approx(1, abs=0.01)
    assert found["original_firstorder_Mean"] == pytest.approx(pixels[circle].mean(), rel=0.005)


def test_sigma_is_in_millimetres_after_resampling():
    """The scale-normalised response to a Gaussian blob is strongest at the blob's own width."""
    rows, columns = np.indices((101, 101))
    pixels = 200 * np.exp(-((rows - 50) ** 2 + (columns - 50) ** 2) / (2 * 8**2))
    mask = np.hypot(rows - 50, columns - 50) <= 2
    config = RadiomicsConfig(filters=["log"], log_sigma=[0.4, 0.8, 1.6], resample_mm=0.1)
    found = extract(pixels, mask, config, (0.1, 0.1))
    response = [-found[f"log-sigma-{sigma}-mm-3D_firstorder_Minimum"] for sigma in ("0-4", "0-8", "1-6")]
    assert response[1] == max(response)
    # sigma^2 laplacian of a blob of height h and width s at its centre: 2 h sigma^2 s^2 / (s^2 + sigma^2)^2
    assert response[1] == pytest.approx(2 * 200 / 4, rel=0.01)


def test_resampling_to_the_own_size_changes_nothing(pixels: np.ndarray, mask: np.ndarray):
    same = extract(pixels, mask, RadiomicsConfig(filters=["original"], resample_mm=0.5, bin_width=10), (0.5, 0.5))
    plain = extract(pixels, mask, RadiomicsConfig(filters=["original"], bin_width=10))
    assert same["original_shape2D_MeshSurface"] == pytest.approx(plain["original_shape2D_MeshSurface"] * 0.25)
    assert same["original_firstorder_Median"] == pytest.approx(plain["original_firstorder_Median"])


@pytest.mark.parametrize("value", [0.0, 100.0, 100.1])
def test_flat_lesion_has_defined_values(mask: np.ndarray, value: float):
    found = extract(np.full(mask.shape, value), mask, ORIGINAL)
    assert all(np.isfinite(list(found.values())))
    for name, expected in {
        "firstorder_Variance": 0, "firstorder_Kurtosis": 0, "firstorder_Entropy": 0, "firstorder_Uniformity": 1,
        "glcm_Correlation": 1, "glcm_MCC": 1, "glcm_JointEnergy": 1, "glcm_Imc1": 0,
        "glszm_ZonePercentage": 1 / mask.sum(), "ngtdm_Coarseness": 1e6, "ngtdm_Contrast": 0,
    }.items():  # fmt: skip
        assert found[f"original_{name}"] == pytest.approx(expected, abs=1e-12), name


def test_single_pixel_has_no_neighbours():
    mask = np.zeros((20, 20), bool)
    mask[4, 7] = True
    found = extract(np.arange(400.0).reshape(20, 20), mask, ORIGINAL)
    missing = {name.split("_")[1] for name, value in found.items() if np.isnan(value)}
    assert missing == {"glcm", "glrlm", "shape2D"}
    assert found["original_firstorder_Mean"] == 87
    assert found["original_glszm_SmallAreaEmphasis"] == 1


def test_black_image_has_no_rescaled_filters():
    found = extract(np.zeros((20, 20)), np.ones((20, 20), bool), RadiomicsConfig())
    missing = {name.split("_")[0] for name, value in found.items() if np.isnan(value)}
    assert missing == {"square", "logarithm", "exponential"}


def test_grey_levels_counts_those_that_occur():
    pixels = np.array([[0.0, 0.0, 10.0], [20.0, 20.0, 31.0]])
    inside = np.ones((2, 3), bool)
    assert grey_levels(pixels, inside, RadiomicsConfig(bin_count=4)) == 4
    assert grey_levels(pixels, inside, RadiomicsConfig(bin_width=15)) == 3
    assert grey_levels(pixels, pixels == 20, RadiomicsConfig()) == 1


@pytest.mark.parametrize(
    ("pixels", "mask", "config", "message"),
    [
        (np.zeros((4, 5)), np.ones((5, 4), bool), ORIGINAL, "the image is (4, 5) and its mask (5, 4)"),
        (np.zeros((4, 5)), np.zeros((4, 5), bool), ORIGINAL, "the mask is empty"),
        (np.zeros((4, 5)), np.ones((4, 5), np.uint8), ORIGINAL, "the mask is of type uint8"),
        (np.full((4, 5), np.nan), np.ones((4, 5), bool), ORIGINAL, "not finite"),
        (np.zeros((4, 5)), np.ones((4, 5), bool), RadiomicsConfig(resample_mm=0.1), "mm per pixel is not known"),
        (np.zeros((4, 5)), np.ones((4, 5), bool), RadiomicsConfig(ring=Ring(mm=1)), "size of a pixel"),
        (
            np.arange(20.0).reshape(4, 5),
            np.ones((4, 5), bool),
            RadiomicsConfig(bin_width=0.001),
            "over 2048 grey levels",
        ),
    ],
)
def test_bad_input_is_named(pixels: np.ndarray, mask: np.ndarray, config: RadiomicsConfig, message: str):
    with pytest.raises(InputError) as error:
        extract(pixels, mask, config)
    assert message in str(error.value)


def test_lesion_lost_in_resampling_is_named():
    mask = np.zeros((30, 30), bool)
    mask[0, 0] = True
    with pytest.raises(InputError, match="no pixel of the lesion is left"):
        extract(np.zeros((30, 30)), mask, RadiomicsConfig(resample_mm=1), (0.1, 0.1))
