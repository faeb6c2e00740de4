"""A lesion is an image and its mask, cropped and cleared alike."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sonoher2.config.images import ImageReading
from sonoher2.core.errors import InputError
from sonoher2.images.pixels.decoded import Picture
from sonoher2.images.pixels.us_regions import TissueRegion
from sonoher2.lesions.mask import components
from sonoher2.lesions.open import lesion_in, open_lesion, read_lesion


def png(path: Path, pixels: np.ndarray) -> Path:
    Image.fromarray(pixels).save(path)
    return path


def as_png(path: Path, mask: np.ndarray) -> Path:
    return png(path, np.where(mask, 255, 0).astype(np.uint8))


def screen_and_mask(folder: Path, lesion: tuple[slice, slice]) -> tuple[Path, Path, np.ndarray]:
    screen = np.zeros((300, 400), dtype=np.uint8)
    screen[60:260, 90:350] = np.random.default_rng(1).integers(20, 200, (200, 260))
    mask = np.zeros(screen.shape, dtype=bool)
    mask[lesion] = True
    return png(folder / "screen.png", screen), as_png(folder / "mask.png", mask), mask


def test_the_crop_is_the_same_for_image_and_mask(tmp_path: Path) -> None:
    image, mask_file, mask = screen_and_mask(tmp_path, (slice(100, 150), slice(200, 260)))
    lesion = read_lesion(image, [mask_file], crop_to_b_mode=True, mm_per_pixel=0.1)
    assert lesion.image.shape == lesion.mask.shape < (300, 400)
    np.testing.assert_array_equal(lesion.mask, mask[lesion.image.box])
    whole = read_lesion(image, [mask_file])
    np.testing.assert_array_equal(lesion.image.pixels[lesion.mask], whole.image.pixels[mask])


def test_a_crop_that_would_cut_the_lesion_is_widened(tmp_path: Path) -> None:
    image, mask_file, mask = screen_and_mask(tmp_path, (slice(240, 290), slice(200, 390)))
    lesion = read_lesion(image, [mask_file], crop_to_b_mode=True)
    assert np.count_nonzero(lesion.mask) == np.count_nonzero(mask)


def test_every_kind_of_real_mask(shared: Path) -> None:
    bus, breast = shared / "data/BUS-BRA", shared / "data/BrEaST/BrEaST-Lesions_USG-images_and_masks"
    one_bit = read_lesion(bus / "Images/bus_0003-l.png", [bus / "Masks/mask_0003-l.png"])
    colours = read_lesion(breast / "case005.png", [breast / "case005_tumor.png"], mm_per_pixel=0.07)
    for lesion in (one_bit, colours):
        assert lesion.mask.shape == lesion.image.shape
        assert components(lesion.mask) == 1
        # lesions are darker than the tissue around them
        assert lesion.image.pixels[lesion.mask].mean() < 255 / 2
    assert colours.image.mm_per_pixel == (0.07, 0.07)


def test_a_colour_mask_on_a_dicom_image(shared: Path, tmp_path: Path) -> None:
    mask = np.zeros((600, 800), dtype=bool)
    mask[200:300, 300:420] = True
    lesion = read_lesion(shared / "data/dicom/US/OBXXXX1A.dcm", [as_png(tmp_path / "m.png", mask)], crop_to_b_mode=True)
    assert lesion.image.mm_per_pixel == pytest.approx((0.26228787661969977,) * 2)
    assert lesion.image.origin == (60, 120)
    assert np.count_nonzero(lesion.mask) == 12000


def two_regions(lesion: tuple[slice, slice]) -> tuple[Picture, np.ndarray]:
    """A screen of 100 x 100 whose lower left and upper right quarters have another scale, and a lesion."""
    regions = (
        TissueRegion((slice(50, 100), slice(0, 50)), (0.3, 0.2)),
        TissueRegion((slice(0, 50), slice(50, 100)), (0.1, 0.4)),
    )
    grey = np.random.default_rng(0).uniform(0, 255, (100, 100))
    mask = np.zeros(grey.shape, bool)
    mask[lesion] = True
    return Picture(grey, np.zeros(grey.shape, bool), "DICOM", regions=regions), mask


@pytest.mark.parametrize(
    ("lesion", "spacing", "origin"),
    [
        ((slice(60, 80), slice(10, 30)), (0.3, 0.2), (50, 0)),
        ((slice(10, 30), slice(60, 80)), (0.1, 0.4), (0, 50)),
    ],
)
def test_row_and_column_of_the_lesions_middle_say_which_region_counts(
    lesion: tuple[slice, slice], spacing: tuple[float, float], origin: tuple[int, int]
) -> None:
    picture, mask = two_regions(lesion)
    opened = lesion_in(picture, mask, crop_to_b_mode=True)
    assert (opened.image.mm_per_pixel, opened.image.origin, opened.image.shape) == (spacing, origin, (50, 50))
    np.testing.assert_array_equal(opened.image.pixels[opened.mask], picture.grey[mask])
    assert lesion_in(picture, mask).image.shape == (100, 100)
    with pytest.raises(InputError, match=r"0\.2 mm per pixel and the DICOM file"):
        lesion_in(picture, mask, mm_per_pixel=0.2)


def test_a_lesion_beyond_the_region_widens_the_crop_on_that_side_only() -> None:
    picture, mask = two_regions((slice(40, 80), slice(10, 30)))
    opened = lesion_in(picture, mask, crop_to_b_mode=True)
    assert (opened.image.origin, opened.image.shape) == ((40, 0), (60, 50))


@pytest.mark.parametrize(
    ("lesion", "spacing"),
    [
        ((slice(40, 80), slice(10, 30)), None),  # a quarter beyond
        ((slice(49, 80), slice(10, 30)), (0.3, 0.2)),  # one row of 31
        ((slice(60, 80), slice(40, 56)), None),  # across the edge to the right
    ],
)
def test_a_lesion_partly_beyond_its_region_has_no_scale(
    lesion: tuple[slice, slice], spacing: tuple[float, float] | None
) -> None:
    picture, mask = two_regions(lesion)
    image = lesion_in(picture, mask).image
    assert (image.mm_per_pixel, image.regions) == (spacing, picture.regions)
    # where the file says nothing, the table may
    if spacing is None:
        assert lesion_in(picture, mask, mm_per_pixel=0.5).image.mm_per_pixel == (0.5, 0.5)


def test_a_region_that_begins_outside_a_crop_still_holds_its_lesion() -> None:
    picture, mask = two_regions((slice(60, 80), slice(10, 30)))
    whole = TissueRegion((slice(-10, 100), slice(-20, 50)), (0.3, 0.2))
    assert lesion_in(replace(picture, regions=(whole,)), mask).image.mm_per_pixel == (0.3, 0.2)
    gone = TissueRegion((slice(-30, -10), slice(0, 100)), (0.3, 0.2))
    assert lesion_in(replace(picture, regions=(whole, gone)), mask).image.mm_per_pixel == (0.3, 0.2)


def test_a_lesion_in_two_regions_of_one_scale_has_it() -> None:
    picture, mask = two_regions((slice(60, 80), slice(30, 70)))
    right = TissueRegion((slice(50, 100), slice(50, 100)), (0.3, 0.2))
    picture = replace(picture, regions=(*picture.regions, right))
    assert lesion_in(picture, mask).image.mm_per_pixel == (0.3, 0.2)


def test_a_lesion_is_opened_as_the_study_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    grey, large, small = (
        rng.integers(0, 250, (90, 100), dtype=np.uint8),
        np.zeros((90, 100), int),
        np.zeros((90, 100), int),
    )
    large[20:50, 30:70], small[60:70, 10:20] = 3, 3
    large[80:85, 80:90] = 7

    def area(**reading: object) -> int:
        lesion = open_lesion(grey, [large, small], reading=ImageReading(mask_label="3", **reading))
        np.testing.assert_array_equal(lesion.image.pixels, grey)
        return int(lesion.mask.sum())

    assert (area(), area(several_masks="largest")) == (1300, 1200)
    for unknown in (None, float("nan")):
        lesion = open_lesion(grey, [small], reading=ImageReading(), mm_per_pixel=unknown)
        assert lesion.image.mm_per_pixel is None
    assert open_lesion(grey, [small], reading=ImageReading(), mm_per_pixel=0.2).image.mm_per_pixel == (0.2, 0.2)
    monkeypatch.setattr("sonoher2.lesions.open.cleared", lambda lesion, weights: replace(lesion, mask=~lesion.mask))
    assert open_lesion(grey, [small], reading=ImageReading(enhance="gan")).mask.sum() == 9000 - 100


def test_clearing_changes_the_image_and_leaves_mask_and_place() -> None:
    grey, mask = np.random.default_rng(0).integers(0, 250, (64, 64), dtype=np.uint8), np.zeros((64, 64), bool)
    mask[20:40, 20:44] = True
    plain, clear = (open_lesion(grey, [mask], reading=ImageReading(enhance=how)) for how in ("none", "gan"))
    np.testing.assert_array_equal(clear.mask, mask)
    assert clear.image.pixels.std() < 0.9 * plain.image.pixels.std()
    assert clear.image.provenance == plain.image.provenance


def test_the_frame_that_is_named_is_opened(tmp_path: Path) -> None:
    pages = [np.full((40, 40), level, np.uint8) for level in (10, 20, 30)]
    for page in pages:
        page[0, 0] = 200
    first, *others = map(Image.fromarray, pages)
    first.save(tmp_path / "cine.tif", save_all=True, append_images=others)
    mask = np.zeros((40, 40), bool)
    mask[10:20, 10:20] = True
    for frame, level in ((1, 10), (3, 30)):
        lesion = open_lesion(tmp_path / "cine.tif", [mask], reading=ImageReading(), frame=frame)
        assert lesion.image.pixels[15, 15] == level
    with pytest.raises(InputError, match="the file has 3 frames"):
        open_lesion(tmp_path / "cine.tif", [mask], reading=ImageReading())
