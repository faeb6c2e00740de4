from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import sonoher2

AREA = "original_shape2D_PixelSurface"


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (60, 80), dtype=np.uint8)


@pytest.fixture
def mask() -> np.ndarray:
    """Twenty rows by thirty columns."""
    drawn = np.zeros((60, 80), bool)
    drawn[20:40, 30:60] = True
    return drawn


def test_figures_are_those_of_the_pixels_within_the_mask(image: np.ndarray, mask: np.ndarray) -> None:
    features = sonoher2.extract_radiomics(image, mask, filters=["original"])
    assert features["original_firstorder_Mean"] == pytest.approx(image[mask].mean())
    assert features["original_firstorder_Maximum"] == image[mask].max()
    assert features[AREA] == 600


def test_lengths_are_in_mm_where_the_pixel_is_known(image: np.ndarray, mask: np.ndarray) -> None:
    features = sonoher2.extract_radiomics(image, mask, mm_per_pixel=(0.2, 0.1), filters=["original"])
    assert features[AREA] == pytest.approx(600 * 0.02)
    told = sonoher2.extract_radiomics(image, mask, mm_per_pixel=(0.2, 0.1), filters=["original"], unit="pixels")
    assert told[AREA] == 600


def test_paths_arrays_and_opened_images_give_the_same(image: np.ndarray, mask: np.ndarray, tmp_path: Path) -> None:
    Image.fromarray(image).save(tmp_path / "image.png")
    Image.fromarray(np.uint8(255 * mask)).save(tmp_path / "mask.png")
    of_arrays = sonoher2.extract_radiomics(image, mask, mm_per_pixel=0.1, filters=["original"])
    of_files = sonoher2.extract_radiomics(
        tmp_path / "image.png", tmp_path / "mask.png", mm_per_pixel=0.1, filters=["original"]
    )
    opened = sonoher2.read_image(tmp_path / "image.png", mm_per_pixel=0.1)
    assert of_files.equals(of_arrays)
    assert sonoher2.extract_radiomics(opened, mask, filters=["original"]).equals(of_arrays)


def test_wrong_settings_are_all_named(image: np.ndarray, mask: np.ndarray) -> None:
    with pytest.raises(sonoher2.InputError, match=r"(?s)bin_count.*colour"):
        sonoher2.extract_radiomics(image, mask, bin_count=1, colour="red")
