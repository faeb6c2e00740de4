"""An image is the same whether its file is on disk, in memory, a DICOM dataset or an array."""

from __future__ import annotations

import gzip
import io
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK
from PIL import Image
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless

from images.dicom_writer import picture, write_dicom
from sonoher2.core.errors import InputError
from sonoher2.images.dicom.file import written
from sonoher2.images.read import read_image, read_picture
from sonoher2.lesions.mask import read_mask
from sonoher2.lesions.open import read_lesion

GREY = picture()


def raster(kind: str, folder: Path) -> Path:
    path = folder / f"image.{kind}"
    Image.fromarray(GREY).save(path)
    return path


def volume(kind: str, folder: Path) -> Path:
    path = folder / f"image.{kind}"
    image = SimpleITK.GetImageFromArray(GREY)
    image.SetSpacing((0.2, 0.3))
    SimpleITK.WriteImage(image, str(path))
    return path


WRITERS: dict[str, Callable[[str, Path], Path]] = {
    **dict.fromkeys(("png", "jpg", "bmp", "tif"), raster),
    **dict.fromkeys(("nii", "nii.gz", "nrrd"), volume),
    "dcm": lambda kind, folder: write_dicom(folder / f"image.{kind}", GREY.tobytes()),
}


@pytest.mark.parametrize("kind", WRITERS)
def test_bytes_are_read_as_their_file(tmp_path: Path, kind: str) -> None:
    path = WRITERS[kind](kind, tmp_path)
    of_file, of_bytes = read_image(path), read_image(path.read_bytes(), name="left view")
    np.testing.assert_array_equal(of_bytes.pixels, of_file.pixels)
    assert (of_bytes.format, of_bytes.mm_per_pixel) == (of_file.format, of_file.mm_per_pixel)
    assert (of_file.provenance.name, of_bytes.provenance.name) == (path.name, "left view")
    if kind.startswith(("nii", "nrrd")):
        assert of_bytes.mm_per_pixel == pytest.approx((0.3, 0.2))
        assert read_lesion(path.read_bytes(), [mask_bytes(path, tmp_path)]).mask.sum() == 200


def mask_bytes(image: Path, folder: Path) -> bytes:
    """A mask with the header of a volume."""
    found = SimpleITK.ReadImage(str(image))
    values = np.zeros(GREY.shape, np.uint8)
    values[20:30, 30:50] = 1
    mask = SimpleITK.GetImageFromArray(values)
    mask.CopyInformation(found)
    path = folder / f"mask.{'nrrd' if image.suffix == '.nrrd' else 'nii'}"
    SimpleITK.WriteImage(mask, str(path))
    return path.read_bytes()


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, RLELossless])
def test_a_dataset_is_read_as_its_file_whatever_its_syntax(tmp_path: Path, syntax: str) -> None:
    plain = syntax if syntax != RLELossless else ExplicitVRLittleEndian
    dataset = pydicom.dcmread(write_dicom(tmp_path / "image.dcm", GREY.tobytes(), plain))
    if syntax == RLELossless:
        dataset.compress(RLELossless)
    np.testing.assert_array_equal(read_image(dataset).pixels, GREY)


def test_a_dataset_without_file_meta_and_of_several_frames(tmp_path: Path) -> None:
    two = np.stack([GREY, GREY[::-1]])
    dataset = pydicom.dcmread(write_dicom(tmp_path / "image.dcm", two.tobytes(), NumberOfFrames=2))
    del dataset.file_meta
    image = read_image(dataset, frame=2)
    np.testing.assert_array_equal(image.pixels, GREY[::-1])
    assert (image.provenance.frame, image.provenance.frames) == (2, 2)
    with pytest.raises(InputError, match="DICOM dataset: the file has 2 frames"):
        read_image(dataset)


def test_of_a_dataset_only_what_an_image_needs_is_taken(tmp_path: Path) -> None:
    dataset = pydicom.dcmread(write_dicom(tmp_path / "image.dcm", GREY.tobytes(), PatientName="Doe^Jane"))
    assert b"Doe" in (tmp_path / "image.dcm").read_bytes()
    assert b"Doe" not in written(dataset)


@pytest.mark.parametrize("wrong", ["1.2.x", "1" * 65, ""])
def test_identifiers_that_cannot_be_are_not_kept(tmp_path: Path, wrong: str) -> None:
    path = write_dicom(tmp_path / "image.dcm", GREY.tobytes())
    assert read_image(path).provenance.dicom.sop_instance == "1.2.3"
    dataset = pydicom.dcmread(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset.SOPInstanceUID = wrong
    assert read_image(dataset).provenance.dicom is None


def test_arrays_have_white_at_255_or_at_65535() -> None:
    np.testing.assert_array_equal(read_image(GREY).pixels, GREY)
    np.testing.assert_array_equal(read_image(GREY.astype(np.float32)).pixels, GREY)
    np.testing.assert_array_equal(read_image(GREY.astype(np.uint16) * 257).pixels, GREY)
    colours = np.zeros((4, 5, 3), np.uint8)
    colours[..., 0] = 200
    image = read_image(colours)
    np.testing.assert_allclose(image.pixels, 0.299 * 200)
    assert image.colour.all()
    assert image.format == "array"


def test_height_and_width_of_an_arrays_pixels() -> None:
    assert read_image(np.tile(GREY, (5, 5)), mm_per_pixel=(0.08, 0.1)).mm_per_pixel == (0.08, 0.1)
    with pytest.raises(InputError, match=r"left: 0.08 x 7 mm per pixel is impossible"):
        read_image(GREY, mm_per_pixel=(0.08, 7.0), name="left")


def test_an_image_does_not_change_with_the_array_that_it_came_from() -> None:
    given = GREY.astype(np.float64)
    image = read_image(given)
    given[:] = 0
    np.testing.assert_array_equal(image.pixels, GREY)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (np.full((3, 4), np.nan), "no defined white"),
        (np.full((3, 4), -1), "no defined white"),
        (np.full((3, 4), 256.0), "no defined white"),
        (np.ones((3, 4), bool), "fill less than 1/200"),
        (np.zeros((3, 4, 2)), r"shape \(3, 4, 2\) is no image"),
        (np.zeros(5), r"shape \(5,\) is no image"),
        (np.zeros((0, 5)), "no pixels"),
        (np.broadcast_to(np.uint8(9), (50_000, 1_000)), "too large"),
        (np.array([["a", "b"]]), "cannot be read as an image"),
    ],
)
def test_arrays_that_are_no_image(wrong: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=f"array: .*{message}"):
        read_image(wrong)
    with pytest.raises(InputError, match="has 1"):
        read_image(GREY, frame=2)


def test_limits_hold_for_bytes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.BytesIO()
    Image.fromarray(GREY).save(stream, "PNG")
    data = stream.getvalue()
    for wrong in (b"", data[:-30], data[:200] + b"\0" + data[201:], gzip.compress(data), b"\x1f\x8b", [1, 2], None):
        with pytest.raises(InputError, match=r"^ima?ge"):
            read_image(wrong)
    monkeypatch.setattr("sonoher2.images.pixels.decoded.MAX_BYTES", len(data) - 1)
    with pytest.raises(InputError, match="left: the file has more than"):
        read_image(data, name="left")


def test_masks_of_every_kind_of_source(tmp_path: Path) -> None:
    lesion = np.zeros(GREY.shape, bool)
    lesion[20:30, 30:50] = True
    path = tmp_path / "mask.png"
    Image.fromarray(lesion).save(path)
    labels = np.where(lesion, 2, 0)
    labels[40:50, 10:20] = 7
    dataset = pydicom.dcmread(write_dicom(tmp_path / "mask.dcm", (lesion * np.uint8(255)).tobytes()))
    colours = np.zeros((*GREY.shape, 3), np.uint8)
    colours[lesion] = (255, 0, 0)
    grey = np.stack([lesion * np.uint8(255)] * 3, axis=2)
    for given in (path.read_bytes(), lesion, lesion.astype(float), labels, dataset, colours, grey):
        label = "2" if given is labels else None
        np.testing.assert_array_equal(read_mask([given], GREY.shape, label=label), lesion)
    for wrong, message in ((labels, "several labels"), (lesion[1:], "its image"), (lesion & False, "empty"),
                           (~lesion, "background"), (colours.astype(int), "colours"), (3, "type int")):  # fmt: skip
        with pytest.raises(InputError, match=message):
            read_mask([wrong], GREY.shape)


def test_the_opened_picture_says_where_it_came_from(tmp_path: Path) -> None:
    pages = [Image.fromarray(GREY), Image.fromarray(GREY[::-1].copy())]
    path = tmp_path / "loop.tif"
    pages[0].save(path, save_all=True, append_images=pages[1:])
    origin = read_picture(path, 2).provenance
    assert (origin.where, origin.name, origin.frame, origin.frames, origin.dicom) == (str(path), "loop.tif", 2, 2, None)
    cropped = read_image(path, frame=1).cropped((slice(5, 20), slice(7, 30)))
    assert (cropped.provenance.frame, cropped.origin, cropped.file_shape) == (1, (5, 7), (60, 80))
