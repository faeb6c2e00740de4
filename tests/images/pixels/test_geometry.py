"""Masks brought onto images by their headers, and masks written where their images lie."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from sonoher2.core.errors import InputError
from sonoher2.images.formats.nifti import nifti_mask
from sonoher2.images.read import read_picture
from sonoher2.lesions.open import read_lesion

SHAPE = (30, 44)
GREY = np.random.default_rng(3).integers(20, 240, SHAPE).astype(np.uint8)
MASK = np.zeros(SHAPE, np.uint8)
MASK[5:16, 8:20] = 1
MASK[16:20, 8:12] = 1
STRAIGHT = np.eye(3)
TURN = np.array([[np.cos(0.4), -np.sin(0.4), 0], [np.sin(0.4), np.cos(0.4), 0], [0, 0, 1]])
TILT = np.array([[1, 0, 0], [0, np.cos(0.3), -np.sin(0.3)], [0, np.sin(0.3), np.cos(0.3)]])


def volume(values: np.ndarray, direction: np.ndarray = STRAIGHT) -> SimpleITK.Image:
    image = SimpleITK.GetImageFromArray(values[None])
    image.SetSpacing((0.11, 0.14, 1.0))
    image.SetDirection(direction.ravel().tolist())
    image.SetOrigin((3.0, -7.0, 11.0))
    return image


def written(path: Path, image: SimpleITK.Image) -> Path:
    SimpleITK.WriteImage(image, str(path))
    return path


def lesion_mask(folder: Path, image: SimpleITK.Image, mask: SimpleITK.Image, suffixes: tuple[str, str]) -> np.ndarray:
    image_file = written(folder / f"image.{suffixes[0]}", image)
    return read_lesion(image_file, [written(folder / f"mask.{suffixes[1]}", mask)]).mask


WAYS = [("nii.gz", "nii.gz"), ("nrrd", "nrrd"), ("nii", "nrrd"), ("nrrd", "nii")]


@pytest.mark.parametrize("suffixes", WAYS)
@pytest.mark.parametrize(
    "direction", [np.eye(3), TURN, TILT, TURN @ TILT, np.diag([-1.0, 1, -1]), np.diag([-1.0, -1, 1])]
)
@pytest.mark.parametrize(
    "flips", [(False, False, False), (True, False, False), (False, True, False), (True, True, False)]
)
@pytest.mark.parametrize("swapped", [False, True])
def test_a_mask_stored_in_another_order_lies_where_it_was_drawn(
    tmp_path: Path, suffixes: tuple[str, str], direction: np.ndarray, flips: tuple[bool, ...], swapped: bool
) -> None:
    # ITK's own filters store the same mask in another order and write what they did into its header
    mask = SimpleITK.Flip(volume(MASK, direction), flips)
    if swapped:
        mask = SimpleITK.PermuteAxes(mask, (1, 0, 2))
    np.testing.assert_array_equal(lesion_mask(tmp_path, volume(GREY, direction), mask, suffixes), MASK)


@pytest.mark.parametrize("suffixes", WAYS)
def test_a_cropped_mask_finds_its_place(tmp_path: Path, suffixes: tuple[str, str]) -> None:
    part = volume(MASK, TURN)[6:25, 3:22, :]
    np.testing.assert_array_equal(lesion_mask(tmp_path, volume(GREY, TURN), part, suffixes), MASK)


@pytest.mark.parametrize("axes", [(0, 2, 1), (2, 0, 1)])
def test_slices_along_other_axes(tmp_path: Path, axes: tuple[int, int, int]) -> None:
    image, mask = (SimpleITK.PermuteAxes(volume(values, TURN), axes) for values in (GREY, MASK))
    found = lesion_mask(tmp_path, image, SimpleITK.Flip(mask, (True, True, True)), ("nii.gz", "nii.gz"))
    along = np.expand_dims(MASK, 0).transpose([2 - axis for axis in axes[::-1]]).squeeze()
    np.testing.assert_array_equal(found, along)


def moved(change: str) -> SimpleITK.Image:
    mask = volume(MASK)
    match change:
        case "half a pixel":
            mask.SetOrigin((3.055, -7.0, 11.0))
        case "pixel size":
            mask.SetSpacing((0.1, 0.14, 1.0))
        case "slice":
            mask.SetOrigin((3.0, -7.0, 12.0))
        case "slant":
            mask.SetDirection(TURN.ravel().tolist())
        case "outside":
            mask.SetOrigin((3.0 + 0.11 * 30, -7.0, 11.0))
    return mask


@pytest.mark.parametrize("change", ["half a pixel", "pixel size", "slice", "slant", "outside"])
def test_grids_that_differ_are_refused(tmp_path: Path, change: str) -> None:
    with pytest.raises(InputError, match=r"mask.nii.gz: by the headers"):
        lesion_mask(tmp_path, volume(GREY), moved(change), ("nii.gz", "nii.gz"))


def test_a_header_without_a_place_and_one_with(tmp_path: Path) -> None:
    image, mask = written(tmp_path / "i.nii", volume(GREY)), written(tmp_path / "m.nii", volume(MASK))
    data = bytearray(mask.read_bytes())
    data[252:256] = bytes(4)  # qform_code and sform_code
    mask.write_bytes(data)
    with pytest.raises(InputError, match="header of the mask does not say where it lies"):
        read_lesion(image, [mask])


@pytest.mark.parametrize("space", ["scanner-xyz", "3D-right-handed", "of its own"])
def test_a_space_that_says_nothing_of_the_patient_is_no_place(tmp_path: Path, space: str) -> None:
    image, mask = written(tmp_path / "i.nrrd", volume(GREY)), written(tmp_path / "m.nrrd", volume(MASK))
    mask.write_bytes(mask.read_bytes().replace(b"left-posterior-superior", space.encode()))
    with pytest.raises(InputError, match="header of the mask does not say where it lies"):
        read_lesion(image, [mask])


def test_forms_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    image, mask = written(tmp_path / "i.nii", volume(GREY)), written(tmp_path / "m.nii", volume(MASK))
    data = bytearray(mask.read_bytes())
    data[268:272] = np.float32(-3.22).tobytes()  # qoffset_x: two pixels away
    mask.write_bytes(data)
    with pytest.raises(InputError, match="sform and qform"):
        read_lesion(image, [mask])


def test_a_mask_on_an_image_without_a_header(tmp_path: Path) -> None:
    from PIL import Image

    Image.fromarray(GREY).save(tmp_path / "i.png")
    same = written(tmp_path / "same.nii.gz", volume(MASK))
    np.testing.assert_array_equal(read_lesion(tmp_path / "i.png", [same]).mask, MASK)
    turned = written(tmp_path / "turned.nii.gz", SimpleITK.Flip(volume(MASK), (False, True, False)))
    with pytest.raises(InputError, match=r"turned.nii.gz: the mask's header turns or mirrors"):
        read_lesion(tmp_path / "i.png", [turned])
    # as `segment` writes it: pixels in the order of the image's
    Image.fromarray(MASK * 255).save(tmp_path / "m.png")
    image = written(tmp_path / "i.nii.gz", SimpleITK.Flip(volume(GREY), (True, False, False)))
    np.testing.assert_array_equal(read_lesion(image, [tmp_path / "m.png"]).mask, MASK)


@pytest.mark.parametrize("suffix", ["nii", "nii.gz", "nrrd"])
@pytest.mark.parametrize("direction", [np.eye(3), TURN @ TILT, np.diag([-1.0, 1, -1])])
def test_a_written_mask_lies_on_its_image(tmp_path: Path, suffix: str, direction: np.ndarray) -> None:
    given = written(tmp_path / f"image.{suffix}", volume(GREY, direction))
    picture = read_picture(given)
    (tmp_path / "mask.nii.gz").write_bytes(nifti_mask(MASK > 0, picture.geometry, picture.spacing))
    image, mask = SimpleITK.ReadImage(str(given)), SimpleITK.ReadImage(str(tmp_path / "mask.nii.gz"))
    assert mask.GetSize() == image.GetSize()
    for question in ("GetSpacing", "GetOrigin", "GetDirection"):
        np.testing.assert_allclose(getattr(mask, question)(), getattr(image, question)(), atol=1e-5)
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(mask)[0], MASK)
    np.testing.assert_array_equal(read_lesion(given, [tmp_path / "mask.nii.gz"]).mask, MASK)


def test_a_mask_of_an_image_without_a_place(tmp_path: Path) -> None:
    (tmp_path / "mask.nii.gz").write_bytes(nifti_mask(MASK > 0, None, (0.2, 0.1)))
    mask = SimpleITK.ReadImage(str(tmp_path / "mask.nii.gz"))
    np.testing.assert_allclose(mask.GetSpacing(), (0.1, 0.2), rtol=1e-6)
    np.testing.assert_allclose(mask.GetDirection(), (1, 0, 0, 1))
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(mask), MASK)
