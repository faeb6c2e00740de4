"""Sizes of a pixel that no breast ultrasound image has."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from PIL import Image
from pydicom.dataset import Dataset

from images.dicom_writer import picture, write_dicom
from sonoher2.core.errors import InputError
from sonoher2.images.pixels.spacing import pixel_side, spacing_problem, usable_spacing
from sonoher2.images.pixels.us_regions import same_spacing
from sonoher2.images.read import read_image

SIZE = (220, 300)


@pytest.mark.parametrize("mm", [0.04, 0.1, 0.2, 0.5])
def test_sizes_that_can_be(mm: float) -> None:
    assert spacing_problem((mm, mm), SIZE) is None


@pytest.mark.parametrize("mm", [0.0, -0.1, float("nan"), float("inf"), 1e-5, 0.0078, 0.02, 0.51, 0.78, 1.0, 10.0])
def test_sizes_that_cannot_be(mm: float) -> None:
    assert spacing_problem((mm, mm), SIZE)
    assert spacing_problem((0.1, mm), SIZE) or mm in (0.02, 0.51)


def test_wider_than_any_breast_image() -> None:
    assert spacing_problem((0.4, 0.4), (600, 800)) == (
        "the picture would be 32 cm long, and breast images show 1 to 20 cm"
    )


def test_a_small_picture_may_be_a_crop_or_a_preview() -> None:
    assert spacing_problem((0.05, 0.05), (60, 60)) is None
    assert spacing_problem((0.9, 0.9), (60, 60)) is None
    assert spacing_problem((1.0, 1.0), (60, 60))


@pytest.mark.parametrize("centimetres", [1e-6, 0.078, 0.1, None])
def test_a_region_whose_scale_cannot_be_counts_for_nothing(tmp_path: Path, centimetres: float | None) -> None:
    region = Dataset()
    region.RegionSpatialFormat = region.RegionDataType = 1
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    region.RegionLocationMinX0, region.RegionLocationMinY0 = 0, 0
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = 299, 219
    region.PhysicalDeltaX = region.PhysicalDeltaY = centimetres
    pixels = picture(*SIZE).tobytes()
    path = write_dicom(tmp_path / "a.dcm", pixels, size=SIZE, SequenceOfUltrasoundRegions=[region])
    assert read_image(path).mm_per_pixel is None
    assert read_image(path, mm_per_pixel=0.1).mm_per_pixel == (0.1, 0.1)


@pytest.mark.parametrize("spacing", [[1, 1], [0.78, 0.78], [0.00001, 0.00001]])
def test_pixel_spacing_that_cannot_be_counts_for_nothing(tmp_path: Path, spacing: list[float]) -> None:
    path = write_dicom(tmp_path / "a.dcm", picture(*SIZE).tobytes(), size=SIZE, PixelSpacing=spacing)
    assert read_image(path).mm_per_pixel is None


def test_a_table_that_says_what_cannot_be_is_told_so(tmp_path: Path) -> None:
    Image.fromarray(picture(*SIZE)).save(tmp_path / "a.png")
    with pytest.raises(InputError, match=r"0\.78 mm per pixel is impossible"):
        read_image(tmp_path / "a.png", mm_per_pixel=0.78)


@pytest.mark.parametrize(("mm", "known"), [(0.07, True), (0.05, True), (0.0178, False)])
def test_a_crop_of_a_lesion_may_be_shorter_than_a_whole_picture(mm: float, known: bool) -> None:
    assert (spacing_problem((mm, mm), (128, 128)) is None) == known
    # the same length over many pixels is no breast image
    assert spacing_problem((mm / 4, mm / 4), (512, 512)) is not None


@pytest.mark.parametrize(
    ("mm", "shape", "can_be"),
    [
        # a small picture, a crop and a whole one
        ((0.9, 0.9), (127, 10), True), ((0.9, 0.9), (128, 10), False), ((0.03, 0.03), (255, 9), True),
        ((0.03, 0.03), (256, 9), False), ((0.02, 0.02), (250, 9), True), ((0.02, 0.02), (249, 9), False),
        ((0.02, 0.02), (500, 9), True), ((0.02, 0.02), (499, 9), False), ((0.5, 0.5), (400, 9), True),
        ((0.5, 0.5), (401, 9), False), ((0.01, 0.01), (20, 20), True), ((0.0099, 0.1), (20, 20), False),
        ((0.1, 0.0), (300, 300), False), ((0.02, 0.1), (300, 100), True),
    ],
)  # fmt: skip
def test_limits_of_sizes(mm: tuple[float, float], shape: tuple[int, int], can_be: bool) -> None:
    assert (spacing_problem(mm, shape) is None) == can_be
    assert usable_spacing(*mm, shape) == (mm if can_be else None)


def test_nothing_is_no_size() -> None:
    assert spacing_problem((0.1, 0.0), (300, 300)) == spacing_problem((-0.1, 0.1), (300, 300)) == "it must be above 0"


def test_the_side_of_a_pixel_and_sizes_that_agree() -> None:
    assert pixel_side((0.1, 0.4)) == pytest.approx(0.2)
    assert math.isnan(pixel_side(None))
    assert same_spacing((0.1, 0.2), (0.1009, 0.1985))
    assert not same_spacing((0.1, 0.2), (0.102, 0.2))
    assert not same_spacing((0.1, 0.2), (0.1, 0.204))


def test_both_sides_of_a_pixel_are_told(tmp_path: Path) -> None:
    Image.fromarray(picture(*SIZE)).save(tmp_path / "a.png")
    with pytest.raises(InputError, match=r"0\.78 x 0\.1 mm per pixel is impossible"):
        read_image(tmp_path / "a.png", mm_per_pixel=(0.78, 0.1))
    assert read_image(tmp_path / "a.png", mm_per_pixel=(0.2, 0.1)).mm_per_pixel == (0.2, 0.1)
