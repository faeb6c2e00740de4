"""Which pixels of a mask are lesion: labels, colours, soft edges, outlines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter, zoom

from sonoher2.core.errors import InputError
from sonoher2.images.formats.raster import MaskValues
from sonoher2.lesions.marked import marked_pixels
from sonoher2.lesions.mask import read_mask
from sonoher2.lesions.open import read_lesion

SHAPE = (120, 160)
POLYGON = [(30, 20), (120, 45), (105, 95), (50, 88)]


def slanted(scale: int = 1) -> np.ndarray:
    """A four-cornered lesion with slanted edges, True inside."""
    picture = Image.new("L", (SHAPE[1] * scale, SHAPE[0] * scale))
    ImageDraw.Draw(picture).polygon([(x * scale, y * scale) for x, y in POLYGON], fill=255)
    return np.asarray(picture) > 0


AREA = float(slanted(8).mean()) * SHAPE[0] * SHAPE[1]
COVER = slanted(8).reshape(SHAPE[0], 8, SHAPE[1], 8).mean(axis=(1, 3))


def saved(path: Path, pixels: np.ndarray, **options: object) -> Path:
    Image.fromarray(pixels).save(path, **options)
    return path


def area(path: Path, **options: object) -> int:
    return int(np.count_nonzero(read_mask([path], SHAPE, **options)))


@pytest.mark.parametrize("full", [255, 200, 120, 60])
@pytest.mark.parametrize("suffix", ["png", "tif", "bmp"])
def test_soft_edges_end_at_half_of_the_masks_own_full_intensity(tmp_path: Path, suffix: str, full: int) -> None:
    path = saved(tmp_path / f"m.{suffix}", np.rint(COVER * full).astype(np.uint8))
    assert area(path) == pytest.approx(AREA, rel=0.01)


def test_soft_masks_of_other_kinds(tmp_path: Path) -> None:
    alpha = np.full((*SHAPE, 4), 255, np.uint8)
    alpha[..., 3] = np.rint(COVER * 255)
    red = np.zeros((*SHAPE, 3), np.uint8)
    red[..., 0] = np.rint(COVER * 220)
    blurred = np.rint(gaussian_filter(COVER, 2) * 255).astype(np.uint8)
    kinds = {"alpha": alpha, "red": red, "blurred": blurred, "sixteen": np.rint(COVER * 65535).astype(np.uint16)}
    for name, pixels in kinds.items():
        assert area(saved(tmp_path / f"{name}.png", pixels)) == pytest.approx(AREA, rel=0.015), name
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(COVER.astype(np.float32)), str(tmp_path / "share.nrrd"))
    assert area(tmp_path / "share.nrrd") == pytest.approx(AREA, rel=0.01)


@pytest.mark.parametrize("quality", [30, 60, 90])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_slanted_edges_of_jpeg_and_of_png_made_from_jpeg(tmp_path: Path, mode: str, quality: int) -> None:
    sharp = np.where(slanted(), 255, 0).astype(np.uint8)
    Image.fromarray(sharp).convert(mode).save(tmp_path / "m.jpg", quality=quality)
    Image.open(tmp_path / "m.jpg").save(tmp_path / "m.png")
    for name in ("m.jpg", "m.png"):
        assert area(tmp_path / name) == pytest.approx(slanted().sum(), rel=0.015)


def test_black_drawn_on_nothing_is_lesion(tmp_path: Path) -> None:
    rgba = np.zeros((*SHAPE, 4), np.uint8)
    rgba[..., 3] = np.where(slanted(), 255, 0)
    assert area(saved(tmp_path / "m.png", rgba)) == slanted().sum()


def two_labels(first: int, second: int) -> np.ndarray:
    values = np.where(slanted(), first, 0).astype(np.uint8)
    values[100:115, 10:40] = second
    return values


@pytest.mark.parametrize(("first", "second"), [(1, 2), (2, 1), (1, 7), (85, 170), (128, 255), (255, 100), (200, 255)])
def test_several_labels_are_named_and_one_is_chosen(tmp_path: Path, first: int, second: int) -> None:
    path = saved(tmp_path / "m.png", two_labels(first, second))
    names = ", ".join(map(str, sorted((first, second))))
    with pytest.raises(
        InputError, match=rf"m.png: the mask has several labels \({names}\). Choose .* `mask_label`"
    ) as told:
        read_mask([path], SHAPE)
    assert told.value.hint == "mask label"
    assert area(path, label=str(first)) == slanted().sum()
    assert area(path, label=str(second)) == 15 * 30
    with pytest.raises(InputError, match=rf"no pixel of the mask has the label 33; it has {names}"):
        read_mask([path], SHAPE, label="33")


def test_labels_that_touch_are_told_apart_by_their_flat_regions(tmp_path: Path) -> None:
    values = np.zeros(SHAPE, np.uint8)
    values[20:80, 20:60], values[20:80, 60:100], values[40:110, 100:130] = 100, 180, 255
    path = saved(tmp_path / "m.png", values)
    with pytest.raises(InputError, match=r"several labels \(100, 180, 255\)"):
        read_mask([path], SHAPE)
    assert [area(path, label=label) for label in ("100", "180", "255")] == [2400, 2400, 2100]


@pytest.mark.parametrize(("side", "is_label"), [(4, False), (12, True)])
def test_a_small_flat_spot_nearly_as_bright_as_the_lesion_is_no_label(
    side: int, is_label: bool, tmp_path: Path
) -> None:
    values = np.where(slanted(), 255, 0).astype(np.uint8)
    values[60 : 60 + side, 70 : 70 + side] = 240
    path = saved(tmp_path / "m.png", values)
    if not is_label:
        assert area(path) == slanted().sum()
        return
    with pytest.raises(InputError, match=r"several labels \(240, 255\)"):
        read_mask([path], SHAPE)


def test_a_rim_of_one_grey_level_is_a_label_and_no_soft_edge(tmp_path: Path) -> None:
    rows, columns = np.ogrid[: SHAPE[0], : SHAPE[1]]
    distance = np.hypot(rows - 60, columns - 80)
    rim = np.where(distance < 30, 255, np.where(distance < 32, 128, 0)).astype(np.uint8)
    with pytest.raises(InputError, match=r"several labels \(128, 255\)"):
        read_mask([saved(tmp_path / "m.png", rim)], SHAPE)


def test_a_lesion_of_four_pixels_is_none(tmp_path: Path) -> None:
    dots = np.zeros(SHAPE, np.uint8)
    dots[50, 51] = dots[51, 50] = dots[51, 52] = dots[52, 51] = 255
    with pytest.raises(InputError, match="Fill the outline"):
        read_mask([saved(tmp_path / "m.png", dots)], SHAPE)


def test_labels_of_volumes_palettes_and_colours(tmp_path: Path) -> None:
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(two_labels(1, 3).astype(np.int16)), str(tmp_path / "m.nii.gz"))
    indexed = Image.fromarray(two_labels(1, 3)).convert("P")
    indexed.putpalette([0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 0, 255])
    indexed.save(tmp_path / "palette.png")
    colours = np.zeros((*SHAPE, 3), np.uint8)
    colours[two_labels(1, 3) == 1], colours[two_labels(1, 3) == 3] = (255, 0, 0), (0, 128, 0)
    saved(tmp_path / "colours.png", colours)
    for name, label, other in (
        ("m.nii.gz", "1", "3"),
        ("palette.png", "1", "3"),
        ("colours.png", "#FF0000", "#008000"),
    ):
        with pytest.raises(InputError, match=r"several labels \("):
            read_mask([tmp_path / name], SHAPE)
        assert area(tmp_path / name, label=label) == slanted().sum()
        assert area(tmp_path / name, label=other) == 15 * 30


def test_black_and_white_masks_have_no_labels(tmp_path: Path) -> None:
    path = saved(tmp_path / "m.png", np.where(slanted(), 255, 0).astype(np.uint8))
    assert area(path, label="1") == slanted().sum()


def test_a_picture_is_no_mask(tmp_path: Path) -> None:
    grey = np.random.default_rng(0).gamma(2, 30, SHAPE).clip(0, 255).astype(np.uint8)
    drawn = np.dstack([grey] * 3)
    drawn[slanted()] = drawn[slanted()] // 2 + np.array([120, 0, 0], np.uint8)
    for name, pixels in (("grey.png", grey), ("drawn.png", drawn)):
        with pytest.raises(InputError, match=f"{name}: "):
            read_mask([saved(tmp_path / name, pixels)], SHAPE)


def test_a_bright_picture_is_no_mask_with_or_without_a_drawn_outline(tmp_path: Path) -> None:
    # speckle as bright as of a crop to the lesion, so that most of it lies above half of full intensity
    bright = np.random.default_rng(0).normal(170, 40, SHAPE).clip(20, 255).astype(np.uint8)
    drawn = np.dstack([bright] * 3)
    drawn[slanted() & ~np.roll(slanted(), (2, 2), (0, 1))] = (255, 0, 0)
    for name, pixels in (("bright.png", bright), ("drawn.png", drawn)):
        with pytest.raises(InputError, match=f"{name}: most of the mask is grey"):
            read_mask([saved(tmp_path / name, pixels)], SHAPE)


def test_not_a_number_and_negative_labels(tmp_path: Path) -> None:
    real = np.where(slanted(), 1, np.nan).astype(np.float32)
    signed = np.where(slanted(), 1, -1).astype(np.int16)
    for name, values, said in (("nan", real, "not numbers"), ("signed", signed, r"several labels \(-1, 1\)")):
        SimpleITK.WriteImage(SimpleITK.GetImageFromArray(values), str(tmp_path / f"{name}.nrrd"))
        with pytest.raises(InputError, match=said):
            read_mask([tmp_path / f"{name}.nrrd"], SHAPE)


@pytest.mark.parametrize("width", [1, 2, 4])
@pytest.mark.parametrize("closed", [True, False])
def test_an_outline_is_to_be_filled(tmp_path: Path, width: int, closed: bool) -> None:
    picture = Image.new("L", SHAPE[::-1])
    corners = [*POLYGON, POLYGON[0]] if closed else POLYGON
    ImageDraw.Draw(picture).line(corners, fill=255, width=width)
    picture.save(tmp_path / "m.png")
    with pytest.raises(InputError, match=r"m.png: the mask is .*Fill the outline"):
        read_mask([tmp_path / "m.png"], SHAPE)


def test_holes_rims_and_small_lesions_are_masks(tmp_path: Path) -> None:
    rows, columns = np.ogrid[: SHAPE[0], : SHAPE[1]]
    distance = np.hypot(rows - 60, columns - 80)
    for name, mask in (("rim", (distance < 40) & (distance > 20)), ("small", distance < 3), ("oval", distance < 9)):
        path = saved(tmp_path / f"{name}.png", np.where(mask, 255, 0).astype(np.uint8))
        assert area(path) == mask.sum()


def turned(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """How a picture is stored so that the tag shows it upright."""
    by_hand = {
        1: lambda a: a, 2: np.fliplr, 3: lambda a: np.rot90(a, 2), 4: np.flipud, 5: lambda a: a.swapaxes(0, 1),
        6: lambda a: np.rot90(a, 1), 7: lambda a: np.rot90(a, 2).swapaxes(0, 1), 8: lambda a: np.rot90(a, -1),
    }  # fmt: skip
    return np.ascontiguousarray(by_hand[orientation](pixels))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["png", "jpg", "tif"])
def test_image_and_mask_are_read_upright(tmp_path: Path, suffix: str, orientation: int) -> None:
    smooth = gaussian_filter(np.random.default_rng(1).uniform(0, 255, SHAPE), 3)
    grey = np.uint8((smooth - smooth.min()) / np.ptp(smooth) * 255)
    tag = Image.Exif()
    tag[0x0112] = orientation
    image, mask = tmp_path / f"i.{suffix}", tmp_path / f"m.{suffix}"
    for path, pixels in ((image, grey), (mask, np.where(slanted(), 255, 0).astype(np.uint8))):
        options = {"tiffinfo": {0x0112: orientation}} if suffix == "tif" else {"exif": tag}
        saved(path, turned(pixels, orientation), **options)
    lesion = read_lesion(image, [mask])
    np.testing.assert_allclose(lesion.image.pixels, grey, atol=9)
    assert np.count_nonzero(lesion.mask ^ slanted()) < 0.01 * SHAPE[0] * SHAPE[1]


def test_a_tag_is_named_when_the_mask_was_drawn_on_the_stored_picture(tmp_path: Path) -> None:
    tag = Image.Exif()
    tag[0x0112] = 6
    grey = np.random.default_rng(1).integers(0, 255, SHAPE).astype(np.uint8)
    saved(tmp_path / "i.png", grey, exif=tag)
    mask = saved(tmp_path / "m.png", np.where(slanted(), 255, 0).astype(np.uint8))
    with pytest.raises(InputError, match="orientation tag") as caught:
        read_lesion(tmp_path / "i.png", [mask])
    assert "ranspose" not in str(caught.value)


def test_enlarged_masks(tmp_path: Path) -> None:
    small = zoom(COVER, 0.25, order=1)
    large = np.clip(zoom(small, 4, order=1), 0, 1)
    assert large.shape == SHAPE
    path = saved(tmp_path / "m.png", np.rint(large * 255).astype(np.uint8))
    assert area(path) == pytest.approx(AREA, rel=0.06)


def values(faint: int, count: int, *, full: int = 255) -> MaskValues:
    """A JPEG's mask of 10,000 pixels with some single faint ones in it, none beside another."""
    pixels = np.zeros((120, 120), np.uint8)
    pixels[10:110, 10:110] = full
    for number in range(count):
        pixels[12 + 8 * (number // 10), 12 + 8 * (number % 10)] = faint
    return MaskValues(pixels, lossy=True)


def test_the_noise_of_a_black_jpeg_is_no_lesion() -> None:
    assert marked_pixels(values(0, 0, full=31)).sum() == 0
    assert marked_pixels(values(0, 0, full=32)).sum() == 10_000


@pytest.mark.parametrize(("count", "kept"), [(9, 10_000), (10, 9_990), (20, 9_980)])
def test_few_faint_pixels_belong_to_a_lesion_of_one_value(count: int, kept: int) -> None:
    # from one in a thousand on they are an edge, and fainter than half
    assert marked_pixels(values(127, count)).sum() == kept
    assert marked_pixels(values(128, count)).sum() == 10_000
