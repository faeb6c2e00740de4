"""Headers that lie, and small files that unpack to gigabytes."""

from __future__ import annotations

import bz2
import gzip
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from PIL import Image

from images.dicom_writer import write_dicom
from sonoher2.core.errors import InputError
from sonoher2.images.pixels.decoded import MAX_PIXELS
from sonoher2.images.read import read_image

RAMP = np.arange(256, dtype=np.uint8).reshape(8, 32)
HEADER = "NRRD0004\ntype: uchar\ndimension: 2\nsizes: 32 8\nencoding: raw\n"


def nrrd(path: Path, header: str, data: bytes = RAMP.tobytes()) -> Path:
    path.write_bytes(header.encode() + b"\n" + data)
    return path


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("raw", RAMP.tobytes()),
        ("gzip", gzip.compress(RAMP.tobytes())),
        ("gz", gzip.compress(RAMP.tobytes())),
        ("bzip2", bz2.compress(RAMP.tobytes())),
        ("ascii", " ".join(map(str, RAMP.ravel())).encode()),
        ("raw\nbyte skip: 5", b"12345" + RAMP.tobytes()),
        ("raw\nbyte skip: -1", b"anything" + RAMP.tobytes()),
        ("raw\nline skip: 2", b"one\ntwo\n" + RAMP.tobytes()),
        ("raw\n# a remark\nkey:=value: of the user", RAMP.tobytes()),
    ],
)
def test_nrrd_of_every_encoding(tmp_path: Path, encoding: str, data: bytes) -> None:
    path = nrrd(tmp_path / "a.nrrd", HEADER.replace("raw", encoding), data)
    np.testing.assert_array_equal(read_image(path).pixels, RAMP)


def test_nrrd_colours_and_byte_order(tmp_path: Path) -> None:
    colours = np.random.default_rng(0).integers(0, 256, (8, 32, 3), dtype=np.uint8)
    image = SimpleITK.GetImageFromArray(colours, isVector=True)
    for suffix in ("nrrd", "nii"):
        SimpleITK.WriteImage(image, str(tmp_path / f"c.{suffix}"))
        luma = colours @ np.array([0.299, 0.587, 0.114])
        np.testing.assert_allclose(read_image(tmp_path / f"c.{suffix}").pixels, luma)
    big = HEADER.replace("uchar", "ushort").replace("encoding", "endian: big\nencoding")
    values = RAMP.astype(">u2") * 257
    np.testing.assert_allclose(read_image(nrrd(tmp_path / "b.nrrd", big, values.tobytes())).pixels, RAMP)


@pytest.mark.parametrize(
    "change",
    [
        ("sizes: 32 8", "sizes: -32 8"),
        ("sizes: 32 8", "sizes: 0 8"),
        ("sizes: 32 8", "sizes: 32 8 1"),
        ("sizes: 32 8", "sizes: 99999999 99999999"),
        ("sizes: 32 8", "sizes: 99999999999999999999999999 8"),
        ("sizes: 32 8", "sizes: 32 9"),
        ("dimension: 2", "dimension: 99999"),
        ("dimension: 2", "dimension: two"),
        ("type: uchar", "type: block"),
        ("type: uchar", "type: short"),
        ("encoding: raw", "encoding: hex"),
        ("encoding: raw", "encoding: raw\ndata file: /etc/hostname"),
        ("encoding: raw", "encoding: raw\ndatafile: ../../secret.raw"),
        ("encoding: raw", "encoding: raw\ndata file: LIST"),
        ("encoding: raw", "encoding: raw\ndata  file: other.raw"),
        ("encoding: raw", "encoding: raw\nbyte skip: 99999999999"),
        ("encoding: raw", "encoding: raw\nbyte skip: -2"),
        ("encoding: raw", "encoding: raw\nline skip: 999999"),
        ("encoding: raw", "encoding: gzip"),
        ("encoding: raw", "encoding: raw\nkinds: domain"),
        ("encoding: raw", "encoding: raw\ntype: uchar"),
        ("encoding: raw", "encoding: raw\nspace directions: (1,0)"),
        ("encoding: raw", "encoding: raw\nspace directions: (1,x) (0,1)"),
        ("encoding: raw", "encoding: raw\nspace: " + "x" * 100_000),
        ("encoding: raw", "encoding: raw\n" + "a:=b\n" * 20_000),
        ("encoding: raw", "encoding: raw\nwithout a colon"),
        ("NRRD0004", "NRRD9999"),
    ],
)
def test_nrrd_headers_that_cannot_be(tmp_path: Path, change: tuple[str, str]) -> None:
    path = nrrd(tmp_path / "a.nrrd", HEADER.replace(*change))
    with pytest.raises(InputError, match=r"a\.nrrd: "):
        read_image(path)


FIELDS = {
    "dims": (40, struct.pack("<3h", 3, 32000, 32000)),
    "no dims": (40, struct.pack("<h", 0)),
    "many dims": (40, struct.pack("<h", 300)),
    "negative": (42, struct.pack("<h", -32)),
    "longer": (44, struct.pack("<h", 9)),
    "type": (70, struct.pack("<h", 4)),
    "unknown type": (70, struct.pack("<h", 1536)),
    "bits": (72, struct.pack("<h", 64)),
    "offset": (108, struct.pack("<f", 1e30)),
    "not a number": (108, struct.pack("<f", np.nan)),
    "early": (108, struct.pack("<f", 0)),
    "magic": (344, b"ni1\0"),
    "size": (0, struct.pack("<i", 999)),
}
"""Byte of the NIfTI-1 header, and what is written there."""


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("suffix", ["nii", "nii.gz"])
def test_nifti_headers_that_cannot_be(tmp_path: Path, field: str, suffix: str) -> None:
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(RAMP), str(tmp_path / "whole.nii"))
    data = bytearray((tmp_path / "whole.nii").read_bytes())
    at, value = FIELDS[field]
    data[at : at + len(value)] = value
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(gzip.compress(data) if suffix == "nii.gz" else data)
    with pytest.raises(InputError, match=rf"a\.{suffix}: "):
        read_image(path)


def test_nifti_with_an_extension_scaled_and_in_the_other_byte_order(tmp_path: Path) -> None:
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(RAMP), str(tmp_path / "whole.nii"))
    data = bytearray((tmp_path / "whole.nii").read_bytes())
    data[108:112], data[112:116] = struct.pack("<f", 352 + 64), struct.pack("<f", 0.5)
    (tmp_path / "a.nii").write_bytes(data[:348] + b"\1\0\0\0" + bytes(64) + data[352:])
    np.testing.assert_allclose(read_image(tmp_path / "a.nii").pixels, RAMP / 2)
    image = SimpleITK.ImageFileReader()
    image.SetFileName(str(tmp_path / "a.nii"))
    np.testing.assert_allclose(SimpleITK.GetArrayFromImage(image.Execute()), RAMP / 2)


CHILD = """
import resource, sys
from sonoher2.core.errors import InputError
from sonoher2.images.read import read_image
import sonoher2.images.formats.raster, sonoher2.images.formats.volume
import sonoher2.images.formats.nifti, sonoher2.images.formats.nrrd
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    read_image(sys.argv[1])
    said = "read"
except InputError:
    said = "refused"
print(said, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def reading(path: Path) -> tuple[str, float]:
    """What came of a file, and the memory that it took, MB."""
    done = subprocess.run([sys.executable, "-c", CHILD, str(path)], capture_output=True, check=True, text=True)
    said, memory = done.stdout.split()
    return said, int(memory) / (2**20 if sys.platform == "darwin" else 2**10)


def many_zeros(start: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    parts = [packer.compress(start)] + [packer.compress(bytes(2**24)) for _ in range(40)]
    return b"".join([*parts, packer.flush()])


def test_files_that_unpack_to_gigabytes_take_no_memory(tmp_path: Path) -> None:
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(RAMP), str(tmp_path / "whole.nii"))
    (tmp_path / "a.nii.gz").write_bytes(many_zeros((tmp_path / "whole.nii").read_bytes()))
    nrrd(tmp_path / "a.nrrd", HEADER.replace("raw", "gzip"), many_zeros(RAMP.tobytes()))
    for name in ("a.nii.gz", "a.nrrd"):
        said, memory = reading(tmp_path / name)
        assert said == "read"
        assert memory < 100


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P"])
def test_the_largest_pictures_take_less_than_a_gigabyte(tmp_path: Path, mode: str) -> None:
    side = int(MAX_PIXELS**0.5)
    picture = Image.new(mode, (side, side), 255 if mode in "LP" else (255,) * len(mode))
    picture.save(tmp_path / "a.png", compress_level=1)
    said, memory = reading(tmp_path / "a.png")
    assert said == "read"
    assert memory < 1000
    Image.new("1", (side + 1000, side + 1000)).save(tmp_path / "b.png")
    assert reading(tmp_path / "b.png")[0] == "refused"


@pytest.mark.parametrize("values", [np.uint16, np.float32, np.int16])
def test_values_that_fill_almost_none_of_the_range(tmp_path: Path, values: type) -> None:
    stored = RAMP.astype(values) if values is np.uint16 else (RAMP > 100).astype(values)
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(stored), str(tmp_path / "a.nrrd"))
    with pytest.raises(InputError, match=r"a\.nrrd: the values fill less than 1/(200|4) of"):
        read_image(tmp_path / "a.nrrd")


def test_values_of_fewer_bits_than_the_file_has(tmp_path: Path) -> None:
    eight, twelve = RAMP.astype(np.uint16), np.linspace(0, 4095, RAMP.size, dtype=np.uint16).reshape(RAMP.shape)
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(twelve), str(tmp_path / "12-in-16.nii.gz"))
    Image.fromarray(twelve).save(tmp_path / "12-in-16.png")
    Image.fromarray(twelve).save(tmp_path / "12-in-16.tif")
    of_bits = {"size": RAMP.shape, "BitsAllocated": 16}
    write_dicom(tmp_path / "8-in-12.dcm", eight.tobytes(), **of_bits, BitsStored=12, HighBit=11)
    write_dicom(tmp_path / "8-in-10.dcm", eight.tobytes(), **of_bits, BitsStored=10, HighBit=9)
    for name in ("12-in-16.nii.gz", "12-in-16.png", "12-in-16.tif", "8-in-12.dcm", "8-in-10.dcm"):
        with pytest.raises(InputError, match=rf"{name}: the values fill less than 1/4"):
            read_image(tmp_path / name)
    # a dark picture of 8 bits, and a black one, can be read in one way only
    Image.fromarray(RAMP // 6).save(tmp_path / "dark.png")
    assert read_image(tmp_path / "dark.png").pixels.max() == 255 // 6
    Image.fromarray(eight * 0).save(tmp_path / "black.png")
    assert read_image(tmp_path / "black.png").pixels.max() == 0


def test_formats_that_are_not_read_are_named_without_an_address_in_memory(tmp_path: Path) -> None:
    for name in ("a.gif", "a.webp"):
        Image.fromarray(RAMP).save(tmp_path / name)
        with pytest.raises(InputError, match=r"none of the kinds that are read: PNG, JPEG") as raised:
            read_image(tmp_path / name)
        assert "0x" not in str(raised.value)


def test_a_picture_of_which_hardly_anything_is_seen(tmp_path: Path) -> None:
    rgba = np.dstack([RAMP] * 3 + [np.zeros_like(RAMP)])
    rgba[0, 0, 3] = 255
    Image.fromarray(rgba).save(tmp_path / "a.png")
    with pytest.raises(InputError, match="transparent all over, or nearly"):
        read_image(tmp_path / "a.png")


def test_transparent_all_over(tmp_path: Path) -> None:
    rgba = np.dstack([RAMP] * 3 + [np.zeros_like(RAMP)])
    for name in ("a.png", "a.tif"):
        Image.fromarray(rgba).save(tmp_path / name)
        with pytest.raises(InputError, match=rf"{name}: the picture is transparent all over"):
            read_image(tmp_path / name)
