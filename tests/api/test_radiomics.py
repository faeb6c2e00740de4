from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from PIL import Image

import sonoher2
from images.dicom_writer import region, write_dicom

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


@pytest.mark.parametrize("suffix", ["nrrd", "nii.gz"])
def test_a_mask_is_brought_onto_an_image_that_was_read(image: np.ndarray, tmp_path: Path, suffix: str) -> None:
    corner = np.zeros((1, 60, 80), np.uint8)
    corner[0, 5:25, 10:40] = 1
    picture, drawn = SimpleITK.GetImageFromArray(image[None]), SimpleITK.GetImageFromArray(corner)
    # the same mask stored from right to left, as its header says
    mirrored = SimpleITK.Flip(drawn, (True, False, False))
    for name, volume in (("image", picture), ("mask", mirrored)):
        SimpleITK.WriteImage(volume, str(tmp_path / f"{name}.{suffix}"))
    expected = sonoher2.extract_radiomics(image, corner[0] > 0, filters=["original"])["original_firstorder_Mean"]
    mask = tmp_path / f"mask.{suffix}"
    for given in (tmp_path / f"image.{suffix}", sonoher2.read_image(tmp_path / f"image.{suffix}")):
        features = sonoher2.extract_radiomics(given, mask, mm_per_pixel=0.1, filters=["original"])
        assert features["original_firstorder_Mean"] == pytest.approx(expected)


def test_a_crop_is_measured_with_the_mask_of_the_file_or_of_itself(image: np.ndarray, mask: np.ndarray) -> None:
    crop = sonoher2.read_image(image).cropped((slice(10, 50), slice(20, 75)))
    whole = sonoher2.extract_radiomics(image, mask, filters=["original"])
    for drawn in (mask, mask[10:50, 20:75]):
        assert sonoher2.extract_radiomics(crop, drawn, filters=["original"]).equals(whole)


def test_the_label_of_the_lesion_is_chosen(image: np.ndarray, mask: np.ndarray) -> None:
    labels = np.where(mask, 2, 0).astype(np.uint8)
    labels[:10, :10] = 1
    found = sonoher2.extract_radiomics(image, labels, mask_label="2", filters=["original"])
    assert found.equals(sonoher2.extract_radiomics(image, mask, filters=["original"]))
    assert sonoher2.extract_radiomics(image, labels, mask_label="1", filters=["original"])[AREA] == 100


def test_what_contradicts_an_image_that_was_read_is_refused(image: np.ndarray, mask: np.ndarray) -> None:
    opened = sonoher2.read_image(image)
    with pytest.raises(sonoher2.InputError, match="Give `frame` to `read_image`"):
        sonoher2.extract_radiomics(opened, mask, frame=7)
    stated = replace(opened, format="DICOM", mm_per_pixel=(0.1, 0.1))
    with pytest.raises(sonoher2.InputError, match=r"the table says 0\.2 mm per pixel and the DICOM file 0\.1"):
        sonoher2.extract_radiomics(stated, mask, mm_per_pixel=0.2)


def test_a_crop_that_cuts_the_lesion_is_refused(image: np.ndarray, mask: np.ndarray) -> None:
    opened = sonoher2.read_image(image)
    for box, lost in (((slice(0, 38), slice(0, 80)), 60), ((slice(0, 60), slice(31, 80)), 20)):
        with pytest.raises(sonoher2.InputError, match=f"cuts {lost} of the lesion's 600 pixels. Crop the image wider"):
            sonoher2.extract_radiomics(opened.cropped(box), mask)
    with pytest.raises(sonoher2.InputError, match="cuts 600 of the lesion's 600 pixels"):
        sonoher2.extract_radiomics(opened.cropped((slice(0, 15), slice(0, 80))), mask)


def regions(path: Path, image: np.ndarray, *scales: tuple[int, float]) -> Path:
    """Write a DICOM file whose columns from the first number on have the second as cm a pixel, 40 columns each."""
    items = [region((left, 0, left + 39, 59), centimetres) for left, centimetres in scales]
    return write_dicom(path, image.tobytes(), SequenceOfUltrasoundRegions=items)


def test_the_scale_of_a_region_is_that_of_lesions_within_it(image: np.ndarray, tmp_path: Path) -> None:
    left, right = np.zeros((2, 60, 80), bool)
    left[20:40, 5:25] = right[20:40, 45:65] = True
    half = regions(tmp_path / "half.dcm", image, (0, 0.01))
    two = regions(tmp_path / "two.dcm", image, (0, 0.01), (40, 0.02))
    # 400 pixels of 0.1 mm, of 0.2 mm, or of a side that is not known
    for path, mask, area in ((half, left, 4), (half, right, 400), (two, left, 4), (two, right, 16)):
        opened = sonoher2.read_image(path)
        crop = opened.cropped((slice(10, 50), slice(40, 80) if mask is right else slice(0, 40)))
        for given in (path, opened, crop):
            features = sonoher2.extract_radiomics(given, mask, filters=["original"])
            assert features[AREA] == pytest.approx(area)


def test_what_the_user_said_holds_where_the_file_says_nothing(image: np.ndarray, tmp_path: Path) -> None:
    right = np.zeros((60, 80), bool)
    right[20:40, 45:65] = True
    opened = sonoher2.read_image(regions(tmp_path / "half.dcm", image, (0, 0.01)), mm_per_pixel=0.1)
    assert sonoher2.extract_radiomics(opened, right, filters=["original"])[AREA] == pytest.approx(4)
    two = sonoher2.read_image(regions(tmp_path / "two.dcm", image, (0, 0.01), (40, 0.02)), mm_per_pixel=0.1)
    with pytest.raises(sonoher2.InputError, match=r"the table says 0\.1 mm per pixel and the DICOM file 0\.2"):
        sonoher2.extract_radiomics(two, right)


def test_a_label_is_a_number_or_text(image: np.ndarray, mask: np.ndarray) -> None:
    labels = np.where(mask, np.uint8(3), np.uint8(0))
    labels[:10, :10] = 2
    expected = sonoher2.extract_radiomics(image, mask, filters=["original"])
    for label in ("3", 3, np.int64(3)):
        found = sonoher2.extract_radiomics(image, labels, mask_label=label, filters=["original"])
        assert found.equals(expected)
    for wrong in (3.0, True, [3]):
        with pytest.raises(sonoher2.InputError, match="a label of a mask cannot be of type"):
            sonoher2.extract_radiomics(image, labels, mask_label=wrong, filters=["original"])  # type: ignore[arg-type]


def test_arrays_of_another_machines_byte_order_are_read(image: np.ndarray, mask: np.ndarray) -> None:
    expected = sonoher2.extract_radiomics(image.astype(np.uint16) * 257, mask, filters=["original"])
    turned = (image.astype(np.uint16) * 257).astype(">u2")
    assert sonoher2.extract_radiomics(turned, mask.astype(">u2"), filters=["original"]).equals(expected)
    before = turned.copy()
    assert turned.dtype.byteorder == ">"
    assert (turned == before).all()
