"""Every DICOM encoding that the sample files have, and the calibration of ultrasound regions."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import generate_frames
from pydicom.uid import ExplicitVRLittleEndian, UltrasoundImageStorage

from images.dicom_writer import region
from sonoher2.core.errors import InputError
from sonoher2.images.pixels.image import UltrasoundImage
from sonoher2.images.read import read_image

OB, ALOKA = 0.2622878766, 0.3826530650
EXPECTED = {
    "ExplVR_BigEnd": ((60, 80), None),
    # 25 cm wide: no breast
    "JPGLosslessP14SV1_1s_1f_8b": ((768, 1024), None),
    "OBXXXX1A": ((600, 800), OB),
    "OBXXXX1A_2frame": ((600, 800), OB),
    "OBXXXX1A_expb": ((600, 800), OB),
    "OBXXXX1A_expb_2frame": ((600, 800), OB),
    "OBXXXX1A_rle": ((600, 800), OB),
    "OBXXXX1A_rle_2frame": ((600, 800), OB),
    "US1_J2KI": ((480, 640), None),
    "US1_J2KR": ((480, 640), None),
    "US1_UNCI": ((480, 640), None),
    "US1_UNCR": ((480, 640), None),
    "color-pl": ((120, 256), None),
    "color-px": ((120, 256), None),
    "examples_jpeg2k": ((480, 640), None),
    # cut and shrunk copies whose regions no longer lie within the picture
    "examples_palette": ((350, 800), None),
    "examples_rgb_color": ((240, 320), None),
    "examples_ybr_color": ((240, 320), None),
    "gdcm-US-ALOKA-16": ((480, 640), ALOKA),
    "gdcm-US-ALOKA-16_big": ((480, 640), ALOKA),
}


SEVERAL = {"OBXXXX1A_2frame": 2, "OBXXXX1A_expb_2frame": 2, "OBXXXX1A_rle_2frame": 2, "examples_ybr_color": 30}


def sample(shared: Path, name: str, frame: int | None = None) -> UltrasoundImage:
    first = 1 if name in SEVERAL else None
    return read_image(shared / f"data/dicom/US/{name}.dcm", frame=frame or first)


@pytest.mark.parametrize("name", EXPECTED)
def test_size_and_scale(shared: Path, name: str) -> None:
    shape, mm = EXPECTED[name]
    image = sample(shared, name)
    assert image.shape == shape
    assert image.mm_per_pixel == (None if mm is None else pytest.approx((mm, mm), rel=1e-9))
    assert image.format == "DICOM"
    assert np.ptp(image.pixels) > 100


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("OBXXXX1A", "OBXXXX1A_rle"),
        ("OBXXXX1A", "OBXXXX1A_expb"),
        ("OBXXXX1A", "OBXXXX1A_2frame"),
        ("OBXXXX1A_rle_2frame", "OBXXXX1A_expb_2frame"),
        ("US1_UNCR", "US1_J2KR"),
        ("US1_UNCI", "US1_J2KI"),
        ("US1_J2KR", "examples_jpeg2k"),
        ("color-pl", "color-px"),
        ("gdcm-US-ALOKA-16", "gdcm-US-ALOKA-16_big"),
    ],
)
def test_encodings_of_one_picture_agree(shared: Path, one: str, other: str) -> None:
    np.testing.assert_array_equal(sample(shared, one).pixels, sample(shared, other).pixels)


def test_monochrome_values_are_stored_values(shared: Path) -> None:
    dataset = pydicom.dcmread(shared / "data/dicom/US/JPGLosslessP14SV1_1s_1f_8b.dcm")
    stream = next(generate_frames(dataset.PixelData, number_of_frames=1))
    expected = np.asarray(Image.open(io.BytesIO(stream)))
    np.testing.assert_array_equal(sample(shared, "JPGLosslessP14SV1_1s_1f_8b").pixels, expected)


def test_palette_uses_the_upper_byte(shared: Path) -> None:
    assert sample(shared, "OBXXXX1A").pixels.max() == 255


def test_colour_doppler_is_seen_as_colour(shared: Path) -> None:
    assert 0.03 < sample(shared, "US1_UNCR").colour.mean() < 0.1
    assert not sample(shared, "JPGLosslessP14SV1_1s_1f_8b").colour.any()


def test_frames(shared: Path) -> None:
    first, last = sample(shared, "examples_ybr_color", frame=1), sample(shared, "examples_ybr_color", frame=30)
    assert not np.array_equal(first.pixels, last.pixels)
    for name, frames in {**SEVERAL, "OBXXXX1A": 1}.items():
        with pytest.raises(InputError, match=f"frame {frames + 1} was asked for, and the file has {frames}"):
            sample(shared, name, frame=frames + 1)
    with pytest.raises(InputError, match=r"frame 0 was asked for, .*count from 1"):
        read_image(shared / "data/dicom/US/OBXXXX1A.dcm", frame=0)


@pytest.mark.parametrize("name", SEVERAL)
def test_a_file_of_several_frames_needs_to_be_told_which(shared: Path, name: str) -> None:
    with pytest.raises(InputError, match=f"the file has {SEVERAL[name]} frames, .*counted from 1"):
        read_image(shared / f"data/dicom/US/{name}.dcm")


def test_crop_to_the_calibrated_region(shared: Path) -> None:
    path = shared / "data/dicom/US/OBXXXX1A.dcm"
    image = read_image(path, crop_to_b_mode=True)
    assert (image.origin, image.shape) == ((60, 120), (459, 680))


def test_outside_every_region_there_is_no_scale(shared: Path) -> None:
    path = shared / "data/dicom/US/OBXXXX1A.dcm"
    assert read_image(path, at=(550, 400)).mm_per_pixel is None
    assert read_image(path, at=(300, 400)).mm_per_pixel == pytest.approx((OB, OB))


def test_a_table_that_contradicts_the_file(shared: Path) -> None:
    path = shared / "data/dicom/US/gdcm-US-ALOKA-16.dcm"
    assert read_image(path, mm_per_pixel=0.383, at=(90, 90)).mm_per_pixel == pytest.approx((ALOKA, ALOKA))
    with pytest.raises(InputError, match=r"the table says 0.0383 mm per pixel and the DICOM file 0.3827 x 0.3827"):
        read_image(path, mm_per_pixel=0.0383, at=(90, 90))
    assert sample(shared, "US1_UNCR").mm_per_pixel is None
    assert read_image(shared / "data/dicom/US/US1_UNCR.dcm", mm_per_pixel=0.1).mm_per_pixel == (0.1, 0.1)


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize("share", [0.4, 0.97])
def test_a_file_cut_short_is_an_error(shared: Path, tmp_path: Path, name: str, share: float) -> None:
    data = (shared / f"data/dicom/US/{name}.dcm").read_bytes()
    (tmp_path / "cut.dcm").write_bytes(data[: int(len(data) * share)])
    with pytest.raises(InputError, match=r"cut\.dcm: .*(cannot be read as DICOM|cut short)"):
        read_image(tmp_path / "cut.dcm", frame=SEVERAL.get(name))


def dicom_file(
    path: Path, values: np.ndarray, *, bits: int = 8, photometric: str = "MONOCHROME2", **more: object
) -> Path:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = UltrasoundImageStorage
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    dataset.Rows, dataset.Columns = values.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, photometric
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = values.dtype.itemsize * 8, bits, bits - 1
    dataset.PixelRepresentation = int(values.dtype.kind == "i")
    dataset.PixelData = values.tobytes()
    for name, value in more.items():
        setattr(dataset, name, value)
    # PixelData of odd length or unusual elements are not the subject here
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset.save_as(path, enforce_file_format=True)
    return path


GREY = np.arange(40 * 60, dtype=np.uint16).reshape(40, 60) % 256


def test_twelve_bits_are_scaled_by_bits_stored(tmp_path: Path) -> None:
    values = np.array([[0, 4095], [2048, 273]], dtype=np.uint16)
    path = dicom_file(tmp_path / "a.dcm", values, bits=12)
    np.testing.assert_allclose(read_image(path).pixels, values * (255 / 4095))


def test_bits_above_bits_stored_do_not_count(tmp_path: Path) -> None:
    path = dicom_file(tmp_path / "a.dcm", np.array([[0x1000 + 4095, 0x1000]], dtype=np.uint16), bits=12)
    np.testing.assert_array_equal(read_image(path).pixels, [[255, 0]])


def test_monochrome1_is_inverted_and_a_window_ignored(tmp_path: Path) -> None:
    values = np.array([[0, 255], [55, 100]], dtype=np.uint8)
    path = dicom_file(tmp_path / "a.dcm", values, photometric="MONOCHROME1", WindowCenter=10, WindowWidth=5)
    np.testing.assert_array_equal(read_image(path).pixels, 255.0 - values)


def test_signed_pixels_and_files_without_pixels_are_refused(tmp_path: Path) -> None:
    signed = dicom_file(tmp_path / "signed.dcm", np.array([[-1, 5]], dtype=np.int16), bits=16)
    with pytest.raises(InputError, match="no defined white"):
        read_image(signed)
    with pytest.raises(InputError, match="no pixels"):
        read_image(dicom_file(tmp_path / "zero.dcm", np.zeros((2, 2), dtype=np.uint8), Rows=0))


def test_pixel_spacing_counts_where_no_regions_are_stated(tmp_path: Path) -> None:
    grey = GREY.astype(np.uint8)
    spaced = dicom_file(tmp_path / "a.dcm", grey, PixelSpacing=[0.2, 0.1])
    assert read_image(spaced).mm_per_pixel == (0.2, 0.1)
    placeholder = dicom_file(tmp_path / "b.dcm", grey, PixelSpacing=[1, 1])
    assert read_image(placeholder).mm_per_pixel is None
    spectral = [region((0, 0, 59, 39), 0.01, RegionSpatialFormat=4)]
    both = dicom_file(tmp_path / "c.dcm", grey, PixelSpacing=[0.2, 0.1], SequenceOfUltrasoundRegions=spectral)
    assert read_image(both).mm_per_pixel is None


def test_rows_and_columns_of_a_region_have_their_own_scale(tmp_path: Path) -> None:
    regions = [region((0, 0, 59, 39), 0.01, PhysicalDeltaX=0.01, PhysicalDeltaY=-0.03)]
    path = dicom_file(tmp_path / "a.dcm", GREY.astype(np.uint8), SequenceOfUltrasoundRegions=regions)
    # rows are 0.3 mm high, columns 0.1 mm wide; a negative step only says which way it goes
    assert read_image(path).mm_per_pixel == pytest.approx((0.3, 0.1))


def test_the_lesion_says_which_of_two_regions_counts(tmp_path: Path) -> None:
    regions = [region((0, 0, 29, 39), 0.01), region((30, 0, 59, 39), 0.02)]
    path = dicom_file(tmp_path / "a.dcm", GREY.astype(np.uint8), SequenceOfUltrasoundRegions=regions)
    assert read_image(path).mm_per_pixel is None
    assert read_image(path, at=(5, 29)).mm_per_pixel == pytest.approx((0.1, 0.1))
    right = read_image(path, at=(5, 30), crop_to_b_mode=True)
    assert right.mm_per_pixel == pytest.approx((0.2, 0.2))
    assert (right.origin, right.shape) == ((0, 30), (40, 30))


@pytest.mark.parametrize(
    ("box", "mm"),
    [
        ((30, 0, 60, 40), (0.1, 0.1)),
        ((30, 0, 61, 39), None),
        ((30, 0, 59, 41), None),
    ],
)
def test_one_region_beyond_the_picture_shows_that_no_scale_holds(
    tmp_path: Path, box: tuple[int, int, int, int], mm: tuple[float, float] | None
) -> None:
    # the first number after the last pixel is written by some scanners
    for more in ({}, {"RegionDataType": 2}):
        regions = [region((0, 0, 29, 39), 0.01), region(box, 0.02, **more)]
        path = dicom_file(tmp_path / "a.dcm", GREY.astype(np.uint8), SequenceOfUltrasoundRegions=regions)
        assert read_image(path, at=(5, 5)).mm_per_pixel == (None if mm is None else pytest.approx(mm))


@pytest.mark.parametrize(
    "change",
    [{"PhysicalUnitsXDirection": 4}, {"PhysicalDeltaX": 0}, {"RegionDataType": 2}, {"RegionLocationMaxX1": 90}],
)
def test_a_region_that_is_no_calibrated_tissue_gives_no_scale(tmp_path: Path, change: dict[str, int]) -> None:
    regions = [region((0, 0, 59, 39), 0.01, **change)]
    path = dicom_file(tmp_path / "a.dcm", GREY.astype(np.uint8), SequenceOfUltrasoundRegions=regions)
    assert read_image(path).mm_per_pixel is None


def test_a_scale_that_two_elements_state_differently_is_none(tmp_path: Path) -> None:
    grey = GREY.astype(np.uint8)
    regions = [region((0, 0, 59, 39), 0.02)]
    same = dicom_file(tmp_path / "a.dcm", grey, PixelSpacing=[0.2, 0.2], SequenceOfUltrasoundRegions=regions)
    assert read_image(same).mm_per_pixel == pytest.approx((0.2, 0.2))
    # enlarged to twice its size, and only one of the two was changed
    other = dicom_file(tmp_path / "b.dcm", grey, PixelSpacing=[0.1, 0.1], SequenceOfUltrasoundRegions=regions)
    assert read_image(other).mm_per_pixel is None
    assert read_image(other, mm_per_pixel=0.1).mm_per_pixel == (0.1, 0.1)
    placeholder = dicom_file(tmp_path / "c.dcm", grey, PixelSpacing=[25, 25], SequenceOfUltrasoundRegions=regions)
    assert read_image(placeholder).mm_per_pixel == pytest.approx((0.2, 0.2))


@pytest.mark.parametrize(("rows", "columns"), [(36, 60), (40, 55), (40, 59), (30, 79)])
def test_a_size_that_leaves_pixels_over_is_refused(tmp_path: Path, rows: int, columns: int) -> None:
    path = dicom_file(tmp_path / "a.dcm", GREY.astype(np.uint8), Rows=rows, Columns=columns)
    with pytest.raises(InputError, match="more pixels than the size in its header says"):
        read_image(path)
    padded = dicom_file(
        tmp_path / "b.dcm", GREY.astype(np.uint8), PixelData=GREY.astype(np.uint8).tobytes() + bytes(16)
    )
    np.testing.assert_array_equal(read_image(padded).pixels, GREY)


def test_inverted_values_of_fewer_bits_than_the_file_says_are_refused(tmp_path: Path) -> None:
    for values, bits in ((4095 - GREY * 16, 16), (255 - GREY, 12)):
        path = dicom_file(tmp_path / "a.dcm", values.astype(np.uint16), bits=bits, photometric="MONOCHROME1")
        with pytest.raises(InputError, match="values of fewer bits in a file of more"):
            read_image(path)


def test_a_header_that_pydicom_warns_of_is_read_in_silence(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    path = dicom_file(tmp_path / "a.dcm", GREY.astype(np.uint8))
    data = path.read_bytes()
    explicit, implicit = b"1.2.840.10008.1.2.1\x00", b"1.2.840.10008.1.2\x00\x00\x00"
    path.write_bytes(data.replace(explicit, implicit))
    read_image(path)
    assert [str(one.message) for one in recwarn] == []
