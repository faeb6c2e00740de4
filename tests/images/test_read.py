"""Rasters, NIfTI and NRRD: values, pixel size, and every way a file can be broken."""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import SimpleITK
from PIL import Image

from sonoher2.core.errors import InputError
from sonoher2.images.content import content_of
from sonoher2.images.formats import raster
from sonoher2.images.pixels.image import UltrasoundImage
from sonoher2.images.read import file_kind, read_image

RAMP = np.arange(256, dtype=np.uint8).reshape(8, 32)


def saved(folder: Path, name: str, image: Image.Image, **options: object) -> Path:
    image.save(folder / name, **options)
    return folder / name


@pytest.mark.parametrize("suffix", ["png", "bmp", "tif", "nii", "nii.gz", "nrrd"])
def test_eight_bit_grey_is_exact(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"image.{suffix}"
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(RAMP), str(path))
    image = read_image(path)
    np.testing.assert_array_equal(image.pixels, RAMP)
    assert image.pixels.dtype == np.float64
    assert not image.colour.any()


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P"])
def test_grey_stays_exact_in_every_mode(tmp_path: Path, mode: str) -> None:
    path = saved(tmp_path, "image.png", Image.fromarray(RAMP).convert(mode))
    np.testing.assert_array_equal(read_image(path).pixels, RAMP)


def test_one_bit_is_black_and_white(tmp_path: Path) -> None:
    path = saved(tmp_path, "image.png", Image.fromarray(RAMP > 100))
    np.testing.assert_array_equal(read_image(path).pixels, np.where(RAMP > 100, 255, 0))


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg_is_near(tmp_path: Path, mode: str) -> None:
    smooth = Image.fromarray(np.tile(np.arange(0, 256, 4, dtype=np.uint8), (64, 1))).convert(mode)
    path = saved(tmp_path, "image.jpg", smooth, quality=95)
    np.testing.assert_allclose(read_image(path).pixels, np.asarray(smooth.convert("L")), atol=4)
    assert read_image(path).format == "JPEG"


def test_colour_becomes_bt601_luma(tmp_path: Path) -> None:
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [90, 100, 110]]], dtype=np.uint8)
    image = read_image(saved(tmp_path, "image.png", Image.fromarray(colours)))
    np.testing.assert_allclose(image.pixels, [[76.245, 149.685, 29.07, 98.15]])
    np.testing.assert_array_equal(image.colour, [[True, True, True, False]])
    tints = np.array([[[100, 120, 140], [100, 120, 141]]], dtype=np.uint8)
    np.testing.assert_array_equal(read_image(tints).colour, [[False, True]])


def test_transparent_pixels_are_black(tmp_path: Path) -> None:
    rgba = np.full((4, 6, 4), 200, dtype=np.uint8)
    rgba[:2, :, 3] = 0
    rgba[2:, :, 3] = 255
    pixels = read_image(saved(tmp_path, "image.png", Image.fromarray(rgba))).pixels
    np.testing.assert_array_equal(pixels, np.repeat([[0.0], [200.0]], 2, axis=0) * np.ones(6))


def test_transparent_palette_entry_is_black(tmp_path: Path) -> None:
    indexed = Image.fromarray(np.array([[0, 1]], dtype=np.uint8), mode=None).convert("P")
    indexed.putpalette([200, 200, 200, 50, 50, 50])
    path = saved(tmp_path, "image.png", indexed, transparency=0)
    np.testing.assert_array_equal(read_image(path).pixels, [[0, 50]])


@pytest.mark.parametrize("suffix", ["png", "tif", "nii", "nrrd"])
def test_sixteen_bit_is_scaled_linearly_whatever_its_range(tmp_path: Path, suffix: str) -> None:
    values = np.array([[0, 257, 40950], [1000, 20000, 3000]], dtype=np.uint16)
    path = tmp_path / f"image.{suffix}"
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(values), str(path))
    np.testing.assert_allclose(read_image(path).pixels, values / 257)


def test_sixteen_bit_tiff_with_white_as_zero(tmp_path: Path) -> None:
    values = np.array([[0, 65535, 257]], dtype=np.uint16)
    path = saved(tmp_path, "image.tif", Image.fromarray(values), tiffinfo={262: 0})
    np.testing.assert_allclose(read_image(path).pixels, [[255, 0, 254]])


def test_page_of_a_tiff(tmp_path: Path) -> None:
    pages = [Image.fromarray(np.full((5, 7), value, dtype=np.uint8)) for value in (10, 20, 30)]
    path = saved(tmp_path, "image.tif", pages[0], save_all=True, append_images=pages[1:])
    assert [read_image(path, frame=frame).pixels[0, 0] for frame in (1, 2, 3)] == [10, 20, 30]
    with pytest.raises(InputError, match=r"image.tif: frame 4 was asked for, and the file has 3"):
        read_image(path, frame=4)
    with pytest.raises(InputError, match=r"image.tif: the file has 3 frames"):
        read_image(path)


def test_large_images_are_read_and_absurd_ones_refused(tmp_path: Path) -> None:
    large = saved(tmp_path, "large.png", Image.new("L", (4000, 4000)), compress_level=1)
    assert read_image(large).shape == (4000, 4000)
    absurd = saved(tmp_path, "absurd.png", Image.new("1", (20000, 20000)), compress_level=1)
    with pytest.raises(InputError, match=r"absurd.png"):
        read_image(absurd)


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "tif", "nii", "nii.gz", "nrrd"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.97])
def test_a_file_cut_short_is_an_error(tmp_path: Path, suffix: str, share: float) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (80, 90), dtype=np.uint8)
    whole = tmp_path / f"whole.{suffix}"
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(noise), str(whole))
    data = whole.read_bytes()
    cut = tmp_path / f"cut.{suffix}"
    cut.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(InputError, match=rf"cut\.{suffix}"):
        read_image(cut)


def test_a_changed_byte_of_a_png_is_an_error(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (80, 90), dtype=np.uint8)
    path = saved(tmp_path, "image.png", Image.fromarray(noise), compress_level=0)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"image.png: cannot be read"):
        read_image(path)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.dcm", "a.nii", "a.nii.gz", "a.nrrd", "a.xyz"])
@pytest.mark.parametrize(
    "content", [b"", b"not an image, whatever its name says" * 20, b"NRRD0004\n\n", b"\x89PNG\r\n"]
)
def test_other_content_is_an_error(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=name):
        read_image(tmp_path / name)


def test_other_formats_missing_files_and_folders_are_errors(tmp_path: Path) -> None:
    gif = saved(tmp_path, "image.gif", Image.fromarray(RAMP))
    for path in (gif, tmp_path / "missing.png", tmp_path):
        with pytest.raises(InputError, match=path.name):
            read_image(path)


def test_pixels_without_a_defined_white_are_refused(tmp_path: Path) -> None:
    real = saved(tmp_path, "real.tif", Image.fromarray(np.ones((4, 4), dtype=np.float32)))
    with pytest.raises(InputError, match="no defined white"):
        read_image(real)
    signed = tmp_path / "signed.nrrd"
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(np.array([[-5, 300]], dtype=np.int16)), str(signed))
    with pytest.raises(InputError, match="no defined white"):
        read_image(signed)


def itk_file(path: Path, array: np.ndarray, spacing: tuple[float, ...]) -> Path:
    image = SimpleITK.GetImageFromArray(array)
    image.SetSpacing(spacing)
    SimpleITK.WriteImage(image, str(path))
    return path


@pytest.mark.parametrize("suffix", ["nii", "nii.gz", "nrrd"])
class TestVolumes:
    def test_spacing_is_rows_then_columns(self, tmp_path: Path, suffix: str) -> None:
        image = read_image(itk_file(tmp_path / f"a.{suffix}", RAMP, (0.2, 0.3)))
        assert image.mm_per_pixel == pytest.approx((0.3, 0.2), rel=1e-6)

    def test_a_spacing_of_exactly_one_is_unknown(self, tmp_path: Path, suffix: str) -> None:
        assert read_image(itk_file(tmp_path / f"a.{suffix}", RAMP, (1.0, 1.0))).mm_per_pixel is None

    @pytest.mark.parametrize("axis", [0, 1, 2])
    def test_one_slice_of_any_direction(self, tmp_path: Path, suffix: str, axis: int) -> None:
        spacing = [0.2, 0.3]
        spacing.insert(2 - axis, 9.0)
        image = read_image(itk_file(tmp_path / f"a.{suffix}", np.expand_dims(RAMP, axis), tuple(spacing)))
        np.testing.assert_array_equal(image.pixels, RAMP)
        assert image.mm_per_pixel == pytest.approx((0.3, 0.2), rel=1e-6)

    def test_a_true_volume_is_refused(self, tmp_path: Path, suffix: str) -> None:
        path = itk_file(tmp_path / f"a.{suffix}", np.stack([RAMP] * 3), (0.2, 0.3, 1.0))
        with pytest.raises(InputError, match=r"volume of 32 x 8 x 3 voxels"):
            read_image(path)

    def test_the_table_wins(self, tmp_path: Path, suffix: str) -> None:
        path = itk_file(tmp_path / f"a.{suffix}", RAMP, (0.2, 0.3))
        assert read_image(path, mm_per_pixel=0.1).mm_per_pixel == (0.1, 0.1)


def test_nifti_without_a_unit_has_no_spacing(tmp_path: Path) -> None:
    path = itk_file(tmp_path / "a.nii", RAMP, (0.2, 0.3))
    data = bytearray(path.read_bytes())
    data[123] = 0  # xyzt_units, byte 123 of the NIfTI-1 header
    path.write_bytes(data)
    assert read_image(path).mm_per_pixel is None


@pytest.mark.parametrize(
    ("geometry", "expected"),
    [
        ("spacings: 0.5 0.25", None),
        ("space dimension: 2\nspace directions: (0.5,0) (0,0.25)", (0.25, 0.5)),
        ('space dimension: 2\nspace directions: (0.5,0) (0,0.25)\nspace units: "mm" "mm"', (0.25, 0.5)),
        ('space dimension: 2\nspace directions: (0.5,0) (0,0.25)\nspace units: "cm" "cm"', None),
    ],
)
def test_nrrd_spacing_needs_space_directions_in_mm(
    tmp_path: Path, geometry: str, expected: tuple[float, float] | None
) -> None:
    header = f"NRRD0004\ntype: uchar\ndimension: 2\nsizes: 32 8\n{geometry}\nencoding: raw\n\n"
    (tmp_path / "a.nrrd").write_bytes(header.encode() + RAMP.tobytes())
    assert read_image(tmp_path / "a.nrrd").mm_per_pixel == expected


@pytest.mark.parametrize("mm", [0.0, -0.1, float("nan"), float("inf")])
def test_impossible_mm_per_pixel(tmp_path: Path, mm: float) -> None:
    path = saved(tmp_path, "image.png", Image.fromarray(RAMP))
    with pytest.raises(InputError, match="mm per pixel is impossible"):
        read_image(path, mm_per_pixel=mm)
    assert read_image(path).mm_per_pixel is None


def test_crop_and_its_origin(tmp_path: Path) -> None:
    screen = np.zeros((300, 400), dtype=np.uint8)
    screen[60:260, 90:350] = np.random.default_rng(1).integers(20, 200, (200, 260))
    image = read_image(saved(tmp_path, "screen.png", Image.fromarray(screen)), crop_to_b_mode=True)
    np.testing.assert_allclose([*image.origin, *image.shape], [60, 90, 200, 260], atol=4)
    np.testing.assert_array_equal(image.crop(screen), image.pixels)
    assert image.file_shape == (300, 400)
    with pytest.raises(InputError, match="300 rows x 400 columns"):
        image.crop(screen[1:])


@pytest.mark.parametrize(
    "change",
    [
        {"pixels": np.full((3, 4), 256.0)},
        {"pixels": np.full((3, 4), np.nan)},
        {"pixels": np.zeros((3, 4), dtype=np.float32)},
        {"pixels": np.zeros((0, 4))},
        {"colour": np.zeros((3, 5), dtype=bool)},
        {"mm_per_pixel": (0.1, 0.0)},
        {"origin": (1, 0)},
    ],
)
def test_an_image_is_valid_once_constructed(change: dict[str, object]) -> None:
    values = {
        "pixels": np.zeros((3, 4)), "mm_per_pixel": (0.1, 0.1), "colour": np.zeros((3, 4), dtype=bool),
        "format": "PNG", "file_shape": (3, 4),
    }  # fmt: skip
    assert UltrasoundImage(**values).shape == (3, 4)
    with pytest.raises(InputError):
        UltrasoundImage(**{**values, **change})


def test_reading_a_png_imports_neither_pydicom_nor_simpleitk(tmp_path: Path) -> None:
    path = saved(tmp_path, "image.png", Image.fromarray(RAMP))
    code = (
        "import json, sys; from sonoher2.images.read import read_image; read_image(sys.argv[1]); "
        "sys.stdout.write(json.dumps(sorted({'pydicom', 'SimpleITK', 'PIL'} & set(sys.modules))))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, check=True, text=True)
    assert json.load(io.StringIO(done.stdout)) == ["PIL"]


def test_hidden_colours_of_breast_images_are_not_seen(shared: Path) -> None:
    folder = shared / "data/BrEaST/BrEaST-Lesions_USG-images_and_masks"
    for case in ("case005", "case011"):
        with Image.open(folder / f"{case}.png") as image:
            rgba = np.asarray(image)
        hidden = rgba[..., 3] == 0
        assert rgba[hidden][:, :3].any()
        assert not read_image(folder / f"{case}.png").pixels[hidden].any()


def test_a_tiff_may_have_so_many_pages_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raster, "MOST_PAGES", 3)
    pages = [Image.fromarray(np.full((20, 30), 50 * number, np.uint8)) for number in range(1, 5)]
    path = tmp_path / "pages.tif"
    pages[0].save(path, save_all=True, append_images=pages[1:3])
    assert read_image(path, frame=3).pixels[0, 0] == 150
    pages[0].save(path, save_all=True, append_images=pages[1:4])
    with pytest.raises(InputError, match="more than 3 pages"):
        read_image(path, frame=1)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        # the size of the header comes first, in either order of bytes: NIfTI-1 and NIfTI-2
        ((348).to_bytes(4, "little"), "NIfTI"),
        ((348).to_bytes(4, "big"), "NIfTI"),
        ((540).to_bytes(4, "little"), "NIfTI"),
        ((540).to_bytes(4, "big"), "NIfTI"),
        ((349).to_bytes(4, "little"), "raster"),
        ((349).to_bytes(4, "big"), "raster"),
        ((541).to_bytes(4, "little"), "raster"),
        (b"\x1f\x8b\x08\x00", "NIfTI"),
        (b"NRRD", "NRRD"),
    ],
)
def test_bytes_without_a_name_tell_their_kind(head: bytes, kind: str) -> None:
    assert file_kind(content_of(head + b"\x07" * 600)) == kind


def png_of_half(folder: Path, grey: np.ndarray, **options: object) -> Path:
    """Write a PNG file whose data end after half of the rows, with every checksum right."""
    path = saved(folder, "half.png", Image.fromarray(grey), **options)
    data = path.read_bytes()
    parts, place, stored = [data[:8]], 8, b""
    while place < len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        name, body = data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        if name == b"IDAT":
            stored += body
        elif name == b"IEND":
            rows = zlib.decompress(stored)
            body = zlib.compress(rows[: len(rows) // 2])
            parts += [part(b"IDAT", body), part(b"IEND", b"")]
        else:
            parts.append(part(name, body))
        place += length + 12
    path.write_bytes(b"".join(parts))
    return path


def part(name: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + name + body + zlib.crc32(name + body).to_bytes(4, "big")


def test_a_png_of_half_its_rows_is_refused(tmp_path: Path) -> None:
    grey = np.random.default_rng(0).integers(0, 256, (40, 61), dtype=np.uint8)
    with pytest.raises(InputError, match="the picture is not whole"):
        read_image(png_of_half(tmp_path, grey))
    with pytest.raises(InputError, match="the picture is not whole"):
        read_image(png_of_half(tmp_path, np.dstack([grey] * 3)))


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (8, 8), (40, 61), (9, 4)])
def test_interlaced_pictures_are_counted_by_their_passes(size: tuple[int, int]) -> None:
    # imagecodecs and Pillow write no interlaced PNG: the passes are made by hand
    grey = np.random.default_rng(0).integers(1, 256, size, dtype=np.uint8)
    rows, columns = size
    lines = b"".join(
        b"\x00" + line.tobytes()
        for top, left, down, across in raster.PNG_PASSES
        for line in grey[top::down, left::across]
        if line.size
    )
    head = columns.to_bytes(4, "big") + rows.to_bytes(4, "big") + bytes([8, 0, 0, 0, 1])
    start = raster.PNG_START + part(b"IHDR", head)
    whole = start + part(b"IDAT", zlib.compress(lines)) + part(b"IEND", b"")
    np.testing.assert_array_equal(read_image(whole).pixels, grey)
    if lines[:-1]:
        with pytest.raises(InputError, match=r"the picture is not whole|is truncated"):
            read_image(start + part(b"IDAT", zlib.compress(lines[:-1])) + part(b"IEND", b""))


def test_sixteen_bit_colours_of_twelve_bit_values_are_refused(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 4096, (40, 60, 1)).astype(np.uint16).repeat(3, axis=2)
    for name, encode in (("a.png", imagecodecs.png_encode), ("a.tif", imagecodecs.tiff_encode)):
        path = tmp_path / name
        path.write_bytes(encode(values))
        with pytest.raises(InputError, match="values of fewer bits in a file of more"):
            read_image(path)
        path.write_bytes(encode(values * 16))
        assert read_image(path).pixels.max() == 255


def test_white_as_zero_of_twelve_bit_values_is_refused(tmp_path: Path) -> None:
    values = (4095 - np.random.default_rng(0).integers(0, 4096, (40, 60))).astype(np.uint16)
    path = saved(tmp_path, "a.tif", Image.fromarray(values), tiffinfo={262: 0})
    with pytest.raises(InputError, match="values of fewer bits in a file of more"):
        read_image(path)


def test_the_pictures_of_a_phone_are_read_one_by_one_and_whole(tmp_path: Path) -> None:
    greys = [np.random.default_rng(seed).integers(0, 256, (64, 96), dtype=np.uint8) for seed in (0, 1)]
    first, second = (Image.fromarray(grey) for grey in greys)
    path = tmp_path / "phone.jpg"
    first.save(path, "MPO", save_all=True, append_images=[second], quality=95)
    for number, grey in enumerate(greys, start=1):
        assert np.abs(read_image(path, frame=number).pixels - grey).mean() < 10
    data = path.read_bytes()
    end = data.index(b"\xff\xd9")
    path.write_bytes(data[: end // 2] + b"\xff\xd9" + bytes(end - end // 2) + data[end + 2 :])
    with pytest.raises(InputError, match="the picture is not whole"):
        read_image(path, frame=1)
    assert np.abs(read_image(path, frame=2).pixels - greys[1]).mean() < 10


def test_a_stack_that_only_imagej_can_tell_apart_is_refused(tmp_path: Path) -> None:
    grey = Image.fromarray(np.full((40, 60), 200, np.uint8))
    for images, read in ((3, False), (1, True)):
        path = saved(tmp_path, "stack.tif", grey, tiffinfo={270: f"ImageJ=1.53t\nimages={images}\nslices={images}\n"})
        if read:
            assert read_image(path).shape == (40, 60)
        else:
            with pytest.raises(InputError, match="holds 3 pictures that only ImageJ can tell apart"):
                read_image(path)


def test_sheared_pixels_have_no_size(tmp_path: Path) -> None:
    for second, mm in (("(0,0.2,0)", (0.2, 0.1)), ("(0.1,0.09,0)", None)):
        head = (
            "NRRD0004\ntype: uint8\ndimension: 2\nspace dimension: 3\nsizes: 60 40\nencoding: raw\n"
            f"space directions: (0.1,0,0) {second}\n\n"
        )
        path = tmp_path / "a.nrrd"
        path.write_bytes(head.encode() + bytes([200]) * 2400)
        assert read_image(path).mm_per_pixel == (None if mm is None else pytest.approx(mm))


def test_what_is_no_picture_is_called_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text('{"shapes": []}')
    with pytest.raises(InputError, match=r"holds JSON, such as the outlines of an annotation program, and no picture"):
        read_image(tmp_path / "a.png")
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(InputError, match="this is no file on a disk"):
        read_image(tmp_path / "pipe.png")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(InputError, match="this is a folder, and no file"):
        read_image(tmp_path / "folder.png")


def test_the_size_of_a_pixel_is_one_number_or_two() -> None:
    grey = np.full((40, 60), 200, np.uint8)
    for given, expected in ((0.1, (0.1, 0.1)), ([0.1, 0.2], (0.1, 0.2)), ((0.1, 0.2), (0.1, 0.2))):
        assert read_image(grey, mm_per_pixel=given).mm_per_pixel == expected  # type: ignore[arg-type]
    for wrong in ((0.1, 0.1, 0.1), [], "x", {}):
        with pytest.raises(InputError, match="mm_per_pixel is not one number or two"):
            read_image(grey, mm_per_pixel=wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("compression", ["raw", "jpeg", "tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_a_tiff_of_which_a_strip_is_not_whole_is_refused(tmp_path: Path, compression: str) -> None:
    grey = np.random.default_rng(0).integers(0, 255, (300, 400), dtype=np.uint8)
    path = tmp_path / "a.tif"
    Image.fromarray(grey).save(path, compression=compression)
    assert read_image(path).pixels.shape == (300, 400)
    with Image.open(path) as opened:
        place, length = opened.tag_v2[273][-1], opened.tag_v2[279][-1]
    whole = path.read_bytes()
    if compression == "jpeg":
        # a copy that ended early and was filled up
        path.write_bytes(whole[: place + length // 2] + bytes(length - length // 2) + whole[place + length :])
        with pytest.raises(InputError, match=r"a\.tif: the picture is not whole: its data were cut short"):
            read_image(path)
    # the strip is said to be longer than the file
    changed = whole.replace(struct.pack("<HHLL", 279, 4, 1, length), struct.pack("<HHLL", 279, 4, 1, len(whole)))
    if changed != whole:
        path.write_bytes(changed)
        with pytest.raises(InputError, match="cut short"):
            read_image(path)
