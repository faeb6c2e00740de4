"""The public face of the engine: names, invariances, resampling, rings, degenerate regions, bad input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import gaussian_filter

from sonoher2.config.radiomics import RadiomicsConfig, Ring
from sonoher2.core.errors import InputError
from sonoher2.radiomics.extract import extract, feature_names, grey_levels

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


def test_lengths_are_in_millimetres_where_the_pixel_size_is_known():
    """A circle of 6 mm radius in pixels that are twice as high as wide."""
    rows, columns = np.indices((80, 160))
    circle = ((rows - 40) * 0.2) ** 2 + ((columns - 80) * 0.1) ** 2 <= 6**2
    pixels = 100 + 50 * np.sin(rows / 6) + 30 * np.cos(columns / 9)
    found = extract(pixels, circle, ORIGINAL, (0.2, 0.1))
    assert found["original_shape2D_PixelSurface"] == pytest.approx(np.pi * 6**2, rel=0.005)
    assert found["original_shape2D_MeshSurface"] == pytest.approx(np.pi * 6**2, rel=0.005)
    assert found["original_shape2D_MaximumDiameter"] == pytest.approx(12, abs=0.25)
    assert found["original_shape2D_MajorAxisLength"] == pytest.approx(12, rel=0.01)
    assert found["original_shape2D_MinorAxisLength"] == pytest.approx(12, rel=0.01)
    assert found["original_shape2D_Elongation"] == pytest.approx(1, abs=0.01)
    in_pixels = extract(pixels, circle, RadiomicsConfig(filters=["original"], unit="pixels"), (0.2, 0.1))
    assert in_pixels["original_shape2D_PixelSurface"] == circle.sum()
    assert in_pixels == extract(pixels, circle, ORIGINAL)


def test_shape_of_a_rectangle_of_pixels_that_are_not_square():
    """Four rows of 0.3 mm and six columns of 0.1 mm; the contour cuts the corners halfway between pixels."""
    mask = np.zeros((10, 12), bool)
    mask[3:7, 2:8] = True
    found = extract(np.arange(120.0).reshape(10, 12), mask, ORIGINAL, (0.3, 0.1))
    area = 24 * 0.03 - 4 * 0.125 * 0.03
    perimeter = 2 * 3 * 0.3 + 2 * 5 * 0.1 + 4 * np.hypot(0.15, 0.05)
    high, wide = 4 * np.sqrt(15 / 12) * 0.3, 4 * np.sqrt(35 / 12) * 0.1
    for name, expected in {
        "PixelSurface": 24 * 0.03,
        "MeshSurface": area,
        "Perimeter": perimeter,
        "PerimeterSurfaceRatio": perimeter / area,
        "Sphericity": 2 * np.sqrt(np.pi * area) / perimeter,
        "MaximumDiameter": np.hypot(4 * 0.3, 5 * 0.1),
        "MajorAxisLength": high,
        "MinorAxisLength": wide,
        "Elongation": wide / high,
    }.items():
        assert found[f"original_shape2D_{name}"] == pytest.approx(expected, rel=1e-12), name


@pytest.mark.parametrize("spacing", [(0.1, 0.1), (0.2, 0.1), (0.07, 0.13)])
def test_what_else_depends_on_the_spacing(mask: np.ndarray, spacing: tuple[float, float]):
    """Total energy takes the area of a pixel and the gradient is per mm; nothing else knows the spacing."""
    config = RadiomicsConfig(filters=["original", "gradient", "log", "wavelet", "lbp-2d"])
    rows, columns = np.indices(mask.shape)
    ramp = 3.0 * rows + 4.0 * columns
    plain, found = extract(ramp, mask, config), extract(ramp, mask, config, spacing)
    slope = np.hypot(3 / spacing[0], 4 / spacing[1])
    assert found["gradient_firstorder_Mean"] == pytest.approx(slope, rel=1e-6)
    assert plain["gradient_firstorder_Mean"] == pytest.approx(5, rel=1e-6)
    for name, value in found.items():
        if name.endswith("TotalEnergy"):
            energy = found[name.replace("TotalEnergy", "Energy")]
            assert value == pytest.approx(spacing[0] * spacing[1] * energy)
        elif "shape2D" not in name and not name.startswith("gradient"):
            np.testing.assert_equal(value, plain[name], err_msg=name)


@settings(deadline=None, max_examples=50)
@given(
    mask=arrays(bool, (7, 9)),
    height=st.sampled_from([0.05, 0.11, 1.0]),
    width=st.sampled_from([0.05, 0.08, 1.0]),
    scale=st.sampled_from([0.5, 3.0]),
)
def test_shape_turns_and_grows_with_its_pixels(mask: np.ndarray, height: float, width: float, scale: float):
    assume(mask.any())
    config = RadiomicsConfig(filters=["original"])
    pixels = np.arange(63.0).reshape(7, 9)
    power = {"Elongation": 0, "Sphericity": 0, "MeshSurface": 2, "PixelSurface": 2, "PerimeterSurfaceRatio": -1}
    found = extract(pixels, mask, config, (height, width))
    turned = extract(pixels.T, mask.T, config, (width, height))
    grown = extract(pixels, mask, config, (scale * height, scale * width))
    for name in (name for name in found if "shape2D" in name):
        factor = scale ** power.get(name.rsplit("_", 1)[1], 1)
        near = {"rel": 1e-9, "abs": 1e-6, "nan_ok": True}
        assert turned[name] == pytest.approx(found[name], **near)
        assert grown[name] == pytest.approx(factor * found[name], **near)


def test_ring_in_mm_is_as_wide_in_both_directions():
    mask = np.zeros((60, 60), bool)
    mask[30, 30] = True
    pixels = np.zeros((60, 60))
    # only what lies within 2.05 mm is bright: 10 rows of 0.2 mm, or 20 columns of 0.1 mm
    rows, columns = np.indices(mask.shape)
    inside = np.hypot(0.2 * (rows - 30), 0.1 * (columns - 30)) <= 2.05
    pixels[inside] = 200.0
    for unit in ("mm", "pixels", None):
        config = RadiomicsConfig(filters=["original"], ring=Ring(mm=2.05), unit=unit)
        found = extract(pixels, mask, config, (0.2, 0.1))
        assert found["ring_original_firstorder_Minimum"] == 200
        area = 0.02 if unit != "pixels" else 1.0
        energy = 200**2 * (inside.sum() - 1)
        assert found["ring_original_firstorder_TotalEnergy"] == pytest.approx(energy * area)


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
        (np.zeros((4, 5)), np.ones((4, 5), bool), RadiomicsConfig(unit="mm"), "mm per pixel is not known"),
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
