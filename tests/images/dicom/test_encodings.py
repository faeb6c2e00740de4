"""Encodings that no sample file has: each is read rightly or refused, and none is read in part."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLossless,
    JPEGLSLossless,
    RLELossless,
)

from images.dicom_writer import picture, write_dicom
from sonoher2.cohort.images.kind import Look, look_at
from sonoher2.core.errors import InputError
from sonoher2.images.dicom import file as dicom_file
from sonoher2.images.dicom.file import open_dicom
from sonoher2.images.dicom.start import is_dicom, starts_as_dicom
from sonoher2.images.pixels.source import Content
from sonoher2.images.read import read_image

GREY = picture()
COLOUR = np.stack([GREY] * 3, axis=-1)
NEUTRAL = np.stack([GREY, np.full_like(GREY, 128), np.full_like(GREY, 128)], axis=-1)


def jpeg(pixels: np.ndarray, **options: object) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", **options)
    return stream.getvalue()


def run_lengths(planes: list[np.ndarray]) -> bytes:
    """PS3.5, annex G, as literal runs alone."""
    segments = []
    for plane in planes:
        parts = [plane.tobytes()[at : at + 128] for at in range(0, plane.size, 128)]
        segment = b"".join(bytes([len(part) - 1]) + part for part in parts)
        segments.append(segment + b"\x00" * (len(segment) % 2))
    starts = np.cumsum([64, *map(len, segments[:-1])])
    header = np.zeros(16, "<u4")
    header[0], header[1 : len(segments) + 1] = len(segments), starts
    return header.tobytes() + b"".join(segments)


STREAMS = {
    "JPEG": (jpeg(GREY), JPEGBaseline8Bit),
    "JPEG in intervals": (jpeg(GREY, restart_marker_rows=1), JPEGBaseline8Bit),
    "JPEG progressive": (jpeg(GREY, progressive=True), JPEGBaseline8Bit),
    "JPEG lossless": (imagecodecs.jpeg8_encode(GREY, lossless=True), JPEGLossless),
    "JPEG-LS": (imagecodecs.jpegls_encode(GREY), JPEGLSLossless),
    "JPEG 2000": (imagecodecs.jpeg2k_encode(GREY, level=0, codecformat="J2K", reversible=True), JPEG2000Lossless),
    "RLE": (run_lengths([GREY]), RLELossless),
}


@pytest.mark.parametrize("predictor", range(1, 8))
def test_every_predictor_of_lossless_jpeg(tmp_path: Path, predictor: int) -> None:
    stream = imagecodecs.jpeg8_encode(GREY, lossless=True, predictor=predictor)
    path = write_dicom(tmp_path / "a.dcm", [stream], JPEGLossless)
    np.testing.assert_array_equal(read_image(path).pixels, GREY)


@pytest.mark.parametrize("name", [name for name in STREAMS if name not in ("JPEG", "JPEG in intervals")])
def test_a_stream_is_read_as_pillow_or_pydicom_reads_it(tmp_path: Path, name: str) -> None:
    stream, syntax = STREAMS[name]
    path = write_dicom(tmp_path / "a.dcm", [stream], syntax)
    expected = np.asarray(Image.open(io.BytesIO(stream))) if name == "JPEG progressive" else GREY
    np.testing.assert_array_equal(read_image(path).pixels, expected)


@pytest.mark.parametrize("name", ["JPGLosslessP14SV1_1s_1f_8b", "US1_J2KR", "examples_ybr_color"])
def test_two_decoders_agree_on_real_files(shared: Path, name: str) -> None:
    path = shared / f"data/dicom/US/{name}.dcm"
    dataset = pydicom.dcmread(path)
    frames = int(dataset.get("NumberOfFrames", 1))
    stream = pydicom.encaps.get_frame(dataset.PixelData, frames - 1, number_of_frames=frames)
    other = np.asarray(Image.open(io.BytesIO(stream)).convert("L"), dtype=float)
    difference = read_image(path, frame=frames).pixels - other
    # Pillow rounds luma to whole levels
    assert np.abs(difference).max() <= 1.5


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("share", [0.5, 0.95])
@pytest.mark.parametrize("end", [b"", b"\xff\xd9"])
def test_a_picture_cut_short_is_refused(tmp_path: Path, name: str, share: float, end: bytes) -> None:
    stream, syntax = STREAMS[name]
    if name == "JPEG-LS" and end and share > 0.5:
        pytest.skip("its decoder needs seconds to see it, and one cut shows it")
    path = write_dicom(tmp_path / "a.dcm", [stream[: int(len(stream) * share)] + end], syntax)
    with pytest.raises(InputError, match=r"a\.dcm: .*cut (short|off)"):
        read_image(path)


def test_a_cut_between_intervals_or_scans_is_refused(tmp_path: Path) -> None:
    intervals, scans = STREAMS["JPEG in intervals"][0], STREAMS["JPEG progressive"][0]
    for stream, marker in ((intervals, b"\xff\xd1"), (scans, b"\xff\xc4")):
        cut = stream[: stream.rfind(marker)] + b"\xff\xd9"
        with pytest.raises(InputError, match="the picture is not whole"):
            read_image(write_dicom(tmp_path / "a.dcm", [cut], JPEGBaseline8Bit))
        (tmp_path / "a.jpg").write_bytes(cut)
        with pytest.raises(InputError, match=r"a\.jpg: the picture is not whole"):
            read_image(tmp_path / "a.jpg")


def test_a_cine_that_lacks_frames_is_refused_whichever_is_asked_for(tmp_path: Path) -> None:
    whole = [jpeg(picture(), quality=90)] * 3
    cine = write_dicom(tmp_path / "c.dcm", whole, JPEGBaseline8Bit, NumberOfFrames=3)
    assert read_image(cine, frame=1).pixels.shape == (60, 80)
    said = r"holds 3 of the 5 pictures that its header says: its data were cut short\. Copy or export the file again"
    for syntax, data in ((JPEGBaseline8Bit, whole), (ExplicitVRLittleEndian, GREY.tobytes() * 3)):
        path = write_dicom(tmp_path / "c.dcm", data, syntax, NumberOfFrames=5)
        for frame in (1, 3, 4):
            with pytest.raises(InputError, match=said):
                read_image(path, frame=frame)
    for syntax, data in ((JPEGBaseline8Bit, whole), (ExplicitVRLittleEndian, GREY.tobytes() * 3)):
        path = write_dicom(tmp_path / "c.dcm", data, syntax, NumberOfFrames=3)
        path.write_bytes(path.read_bytes()[: -len(data[0]) if isinstance(data, list) else -4800])
        with pytest.raises(InputError, match="holds 2 of the 3 pictures"):
            read_image(path, frame=1)


def test_native_pixels_cut_short_or_of_more_frames_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cut short"):
        read_image(write_dicom(tmp_path / "a.dcm", GREY.tobytes()[:-10]))
    with pytest.raises(InputError, match="more pictures than the 1"):
        read_image(write_dicom(tmp_path / "a.dcm", GREY.tobytes() * 2))
    with pytest.raises(InputError, match="more pictures than the 1"):
        read_image(write_dicom(tmp_path / "a.dcm", [STREAMS["JPEG"][0]] * 2, JPEGBaseline8Bit))


@pytest.mark.parametrize("name", ["JPEG", "JPEG lossless", "JPEG-LS", "JPEG 2000"])
def test_a_stream_of_another_size_is_refused_before_it_is_decoded(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream, syntax = STREAMS[name]

    def decoded(data: bytes) -> np.ndarray:
        raise AssertionError

    monkeypatch.setattr("sonoher2.images.dicom.frame.decode_stream", decoded)
    with pytest.raises(InputError, match="60 x 80 pixels of 1 values and the header says 60 x 81 of 1"):
        read_image(write_dicom(tmp_path / "a.dcm", [stream], syntax, size=(60, 81)))


def test_run_lengths_longer_than_the_picture_are_refused(tmp_path: Path) -> None:
    bomb = np.zeros(16, "<u4")
    bomb[:2] = 1, 64
    path = write_dicom(tmp_path / "a.dcm", [bomb.tobytes() + b"\x81\x00" * 5000], RLELossless)
    with pytest.raises(InputError, match=r"a\.dcm"):
        read_image(path)


def test_sixteen_bit_run_lengths(tmp_path: Path) -> None:
    stream = run_lengths([GREY // 16, GREY * 16])
    path = write_dicom(tmp_path / "a.dcm", [stream], RLELossless, BitsAllocated=16, BitsStored=12, HighBit=11)
    np.testing.assert_allclose(read_image(path).pixels, GREY * (16 * 255 / 4095))


@pytest.mark.parametrize("label", ["RGB", "YBR_FULL"])
@pytest.mark.parametrize("pixels", [COLOUR, NEUTRAL])
@pytest.mark.parametrize("encoding", ["native", "RLE", "JPEG 2000"])
def test_the_pixels_and_not_the_label_say_which_colours_they_are(
    tmp_path: Path, label: str, pixels: np.ndarray, encoding: str
) -> None:
    more = {"SamplesPerPixel": 3, "PhotometricInterpretation": label}
    planes = [pixels[..., plane] for plane in range(3)]
    j2k = imagecodecs.jpeg2k_encode(pixels, level=0, codecformat="J2K", reversible=True, mct=False)
    data, syntax = {
        "native": (pixels.tobytes(), ExplicitVRLittleEndian),
        "RLE": ([run_lengths(planes)], RLELossless),
        "JPEG 2000": ([j2k], JPEG2000Lossless),
    }[encoding]
    image = read_image(write_dicom(tmp_path / "a.dcm", data, syntax, **more))
    np.testing.assert_allclose(image.pixels, GREY, atol=1)
    assert not image.colour.any()


@pytest.mark.parametrize("label", ["RGB", "YBR_FULL", "YBR_FULL_422"])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_jpeg_colours_whatever_their_label(tmp_path: Path, label: str, subsampling: int) -> None:
    stream = jpeg(COLOUR, quality=100, subsampling=subsampling)
    path = write_dicom(
        tmp_path / "a.dcm", [stream], JPEGBaseline8Bit, SamplesPerPixel=3, PhotometricInterpretation=label
    )
    np.testing.assert_allclose(read_image(path).pixels, GREY, atol=1.5)


@pytest.mark.parametrize("label", ["RGB", "YBR_FULL"])
@pytest.mark.parametrize("ycbcr", [True, False])
def test_the_stream_says_which_colours_a_tinted_jpeg_has(tmp_path: Path, label: str, ycbcr: bool) -> None:
    smooth = np.linspace(40, 200, GREY.size).reshape(GREY.shape)
    tinted = np.stack([smooth, smooth * 0.8, smooth * 0.5], axis=-1).astype(np.uint8)
    # Pillow marks YCbCr with JFIF, and imagecodecs marks RGB with Adobe's segment
    rgb = imagecodecs.jpeg8_encode(tinted, level=98, colorspace="RGB", outcolorspace="RGB")
    stream = jpeg(tinted, quality=98, subsampling=0) if ycbcr else rgb
    more = {"SamplesPerPixel": 3, "PhotometricInterpretation": label}
    image = read_image(write_dicom(tmp_path / "a.dcm", [stream], JPEGBaseline8Bit, **more))
    np.testing.assert_allclose(image.pixels, tinted @ np.array([0.299, 0.587, 0.114]), atol=5)


def test_halved_chroma_is_given_to_both_pixels(tmp_path: Path) -> None:
    pairs = np.concatenate([GREY.reshape(-1, 2), np.full((GREY.size // 2, 2), 128, np.uint8)], axis=1)
    more = {"SamplesPerPixel": 3, "PhotometricInterpretation": "YBR_FULL_422"}
    path = write_dicom(tmp_path / "a.dcm", pairs.tobytes(), **more)
    np.testing.assert_allclose(read_image(path).pixels, GREY, atol=1)


def test_every_chroma_under_the_name_of_halved_ones(tmp_path: Path) -> None:
    more = {"SamplesPerPixel": 3, "PhotometricInterpretation": "YBR_FULL_422"}
    path = write_dicom(tmp_path / "a.dcm", NEUTRAL.tobytes(), **more)
    np.testing.assert_allclose(read_image(path).pixels, GREY, atol=1)


@pytest.mark.parametrize(("high", "shift"), [(11, 0), (13, 2), (15, 4)])
def test_the_high_bit_says_where_values_lie(tmp_path: Path, high: int, shift: int) -> None:
    values = (GREY.astype(np.uint16) * 16 + 3) << shift
    path = write_dicom(tmp_path / "a.dcm", values.tobytes(), BitsAllocated=16, BitsStored=12, HighBit=high)
    np.testing.assert_allclose(read_image(path).pixels, (GREY * 16.0 + 3) * (255 / 4095))


def test_values_beside_the_bits_that_are_named_are_refused(tmp_path: Path) -> None:
    low = (GREY.astype(np.uint16) * 16 + 3).tobytes()
    for high, reason in ((15, "do not lie in the bits"), (10, "contradicts itself")):
        path = write_dicom(tmp_path / "a.dcm", low, BitsAllocated=16, BitsStored=12, HighBit=high)
        with pytest.raises(InputError, match=reason):
            read_image(path)


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_files_without_preamble_or_without_group_2(tmp_path: Path, syntax: str) -> None:
    data = write_dicom(tmp_path / "a.dcm", GREY.tobytes(), syntax).read_bytes()
    first = data.index(b"\x08\x00\x16\x00")
    for name, part in (("meta.dcm", data[132:]), ("bare", data[first:]), ("named", data[:132] + data[first:])):
        (tmp_path / name).write_bytes(part)
        np.testing.assert_array_equal(read_image(tmp_path / name).pixels, GREY)
    (tmp_path / "text.dcm").write_text("patient_id,image\n" * 30)
    with pytest.raises(InputError, match="preamble"):
        read_image(tmp_path / "text.dcm")


def test_a_deflated_file_unfolds_so_far_and_no_further(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_dicom(tmp_path / "a.dcm", GREY.tobytes(), DeflatedExplicitVRLittleEndian)
    np.testing.assert_array_equal(read_image(path).pixels, GREY)
    monkeypatch.setattr(dicom_file, "MOST_INFLATED", 1000)
    with pytest.raises(InputError, match="unfolds to more than"):
        read_image(path)


@pytest.mark.parametrize("blank", ["NumberOfFrames", "HighBit", "PlanarConfiguration", "PixelSpacing"])
def test_blank_elements_that_are_not_needed(tmp_path: Path, blank: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = write_dicom(tmp_path / "a.dcm", GREY.tobytes(), **{blank: None})
    np.testing.assert_array_equal(read_image(path).pixels, GREY)


@pytest.mark.parametrize("blank", ["BitsStored", "PhotometricInterpretation", "Rows"])
def test_blank_elements_without_which_no_grey_is_known(tmp_path: Path, blank: str) -> None:
    path = write_dicom(tmp_path / "a.dcm", GREY.tobytes(), **{blank: None})
    with pytest.raises(InputError, match=r"a\.dcm"):
        read_image(path)


def test_content_tells_dicom_and_a_look_at_it(tmp_path: Path) -> None:
    data = write_dicom(tmp_path / "a.dcm", GREY.tobytes(), PatientID="7").read_bytes()
    bare = tmp_path / "IM000001"
    bare.write_bytes(data[data.index(b"\x08\x00\x16\x00") :])
    (tmp_path / "note").write_text("patient 7 " * 40)
    (tmp_path / "a.bmp").write_bytes(b"BM" + bytes(300))
    found = [is_dicom(tmp_path / name) for name in ("a.dcm", "IM000001", "note", "a.bmp", "missing")]
    assert found == [True, True, False, False, False]
    assert look_at(bare, named=False) == Look("picture", (60, 80), "7")
    assert look_at(tmp_path / "note", named=False).kind == "none"


@pytest.mark.parametrize(
    ("head", "starts"),
    [
        (b"\x02\x00\x00\x00UL", True), (b"\x08\x00\x05\x00CS", True), (b"\x08\x00\xff\x1fLO", True),
        (b"\x08\x00\x00\x20LO", False), (b"\x08\x00\x05\x00XX", False), (b"\x09\x00\x05\x00CS", False),
        # without types: an element that may come first, and a short value
        (b"\x08\x00\x16\x00\x40\x00\x00\x00", True), (b"\x08\x00\x16\x00\x41\x00\x00\x00", False),
        (b"\x08\x00\x17\x00\x40\x00\x00\x00", False), (b"\x02\x00\x00\x00\x04\x00\x00\x00", True),
    ],
)  # fmt: skip
def test_the_first_bytes_tell_dicom_without_a_preamble(head: bytes, starts: bool) -> None:
    assert starts_as_dicom(head.ljust(140, b"\xff")) == starts
    assert not starts_as_dicom(head.ljust(139, b"\xff"))
    assert starts_as_dicom(bytes(128) + b"DICM")


def test_of_a_header_only_what_is_needed_is_read(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "a.dcm", GREY.tobytes(), PatientName="Doe^Jane", PatientID="7")
    with open_dicom(Content(str(path)), ("PatientID",)) as file:
        assert ("PatientName" in file.header, file.header.PatientID, file.header.Rows) == (False, "7", 60)
        assert (file.length, file.frames, file.compressed, file.big_endian, file.words) == (
            4800,
            1,
            False,
            False,
            False,
        )
        assert file.stored(0, 4800) == GREY.tobytes()
        assert file.stored(80, 3) == GREY[1, :3].tobytes()
        with pytest.raises(InputError, match="its data were cut short"):
            file.stored(4790, 11)
        assert len(file.stored(4790, 10)) == 10


def test_a_file_without_an_image_says_what_to_do(tmp_path: Path) -> None:
    data = write_dicom(tmp_path / "a.dcm", GREY.tobytes()).read_bytes()
    (tmp_path / "a.dcm").write_bytes(data[: data.rindex(b"\xe0\x7f\x10\x00")])
    with pytest.raises(InputError, match=r"holds no image, or was cut short\. Give the file of an image"):
        read_image(tmp_path / "a.dcm")
