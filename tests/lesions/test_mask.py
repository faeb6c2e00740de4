"""Masks of every kind, what is wrong with a mask, and the lesion within a cropped screen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from PIL import Image

from sonoher2.core.errors import InputError
from sonoher2.lesions.mask import components, mask_problem_codes, read_mask

LESION = np.zeros((40, 60), dtype=bool)
LESION[10:20, 25:45] = True


def png(path: Path, array: np.ndarray) -> Path:
    Image.fromarray(array).save(path)
    return path


def as_png(path: Path, mask: np.ndarray = LESION) -> Path:
    return png(path, np.where(mask, 255, 0).astype(np.uint8))


@pytest.mark.parametrize("value", [1, 128, 255])
@pytest.mark.parametrize("suffix", ["png", "bmp", "tif"])
def test_any_grey_above_black_is_lesion(tmp_path: Path, suffix: str, value: int) -> None:
    path = png(tmp_path / f"m.{suffix}", LESION.astype(np.uint8) * np.uint8(value))
    np.testing.assert_array_equal(read_mask([path], LESION.shape), LESION)


@pytest.mark.parametrize("colour", [(255, 0, 0), (0, 0, 200), (3, 0, 0), (255, 255, 255)])
def test_any_colour_is_lesion(tmp_path: Path, colour: tuple[int, int, int]) -> None:
    path = png(tmp_path / "m.png", (LESION[..., None] * np.array(colour)).astype(np.uint8))
    np.testing.assert_array_equal(read_mask([path], LESION.shape), LESION)


def test_transparent_white_is_background(tmp_path: Path) -> None:
    rgba = np.full((*LESION.shape, 4), 255, dtype=np.uint8)
    rgba[..., 3] = np.where(LESION, 255, 0)
    np.testing.assert_array_equal(read_mask([png(tmp_path / "m.png", rgba)], LESION.shape), LESION)


def test_one_bit_sixteen_bit_and_palette(tmp_path: Path) -> None:
    indexed = Image.fromarray(LESION.astype(np.uint8)).convert("P")
    indexed.putpalette([0, 0, 0, 128, 0, 0])
    indexed.save(tmp_path / "palette.png")
    png(tmp_path / "bit.png", LESION)
    png(tmp_path / "sixteen.png", LESION.astype(np.uint16))
    for name in ("palette", "bit", "sixteen"):
        np.testing.assert_array_equal(read_mask([tmp_path / f"{name}.png"], LESION.shape), LESION)


def test_the_soft_slanted_edge_of_a_jpeg_mask_is_cut_at_half(tmp_path: Path) -> None:
    rows, columns = np.mgrid[:96, :96]
    mask = (np.abs(rows - 47.3) + 0.7 * np.abs(columns - 46.1)) < 25.4
    Image.fromarray(np.where(mask, 255, 0).astype(np.uint8)).save(tmp_path / "m.jpg", quality=40)
    stored = np.asarray(Image.open(tmp_path / "m.jpg"))
    assert np.count_nonzero(stored) > 1.3 * np.count_nonzero(mask)
    found = read_mask([tmp_path / "m.jpg"], mask.shape)
    assert np.count_nonzero(found ^ mask) < 0.02 * np.count_nonzero(mask)


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.float32])
@pytest.mark.parametrize("suffix", ["nii.gz", "nrrd"])
def test_volumes_with_one_slice(tmp_path: Path, suffix: str, kind: type) -> None:
    path = tmp_path / f"m.{suffix}"
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(LESION.astype(kind)[None] * 2), str(path))
    np.testing.assert_array_equal(read_mask([path], LESION.shape), LESION)


def test_several_masks(tmp_path: Path) -> None:
    small = np.zeros_like(LESION)
    small[30:33, 5:9] = True
    paths = [as_png(tmp_path / "small.png", small), as_png(tmp_path / "large.png")]
    np.testing.assert_array_equal(read_mask(paths, LESION.shape), LESION | small)
    np.testing.assert_array_equal(read_mask(paths, LESION.shape, "largest"), LESION)


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.zeros((40, 60), dtype=bool), "m.png: the mask is empty"),
        (np.ones((40, 60), dtype=bool), "m.png: the mask covers 100% .* invert the mask"),
        (~LESION, "m.png: the mask covers 92% .* invert the mask"),
        (LESION.T, "m.png: the mask has 60 rows x 40 columns and its image 40 rows x 60 columns. Transpose the mask"),
        (LESION[:30], "m.png: the mask has 30 rows x 60 columns and its image 40 rows x 60 columns. Give the mask"),
    ],
)
def test_what_is_wrong_with_a_mask(tmp_path: Path, mask: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_mask([as_png(tmp_path / "m.png", mask)], (40, 60))


@pytest.mark.parametrize("corner", [(0, 0), (0, -1), (-1, 0), (-1, -1)])
def test_a_lesion_may_fill_three_corners(tmp_path: Path, corner: tuple[int, int]) -> None:
    mask = np.ones((40, 60), dtype=bool)
    rows, columns = (slice(0, 12) if place == 0 else slice(-12, None) for place in corner)
    mask[rows, columns] = False
    np.testing.assert_array_equal(read_mask([as_png(tmp_path / "m.png", mask)], mask.shape), mask)


def test_a_lesion_covers_95_percent_at_most(tmp_path: Path) -> None:
    mask = np.zeros((40, 60), dtype=bool)
    mask[1:39] = True
    np.testing.assert_array_equal(read_mask([as_png(tmp_path / "m.png", mask)], mask.shape), mask)
    mask[39, 1:] = True
    with pytest.raises(InputError, match=r"the mask covers 97% "):
        read_mask([as_png(tmp_path / "m.png", mask)], mask.shape)


@pytest.mark.parametrize("border", [1, 2, 6])
def test_a_background_with_the_lesion_as_its_hole_is_refused(tmp_path: Path, border: int) -> None:
    mask = np.zeros(LESION.shape, dtype=bool)
    mask[border:-border, border:-border] = True
    with pytest.raises(InputError, match=r"looks like the background of a lesion\. .* invert the mask"):
        read_mask([as_png(tmp_path / "m.png", mask & ~LESION)], mask.shape)
    # a few pixels that were not filled are no lesion
    mask[20, 20:24] = False
    np.testing.assert_array_equal(read_mask([as_png(tmp_path / "m.png", mask)], mask.shape), mask)


def test_no_mask_missing_and_damaged_masks(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no mask was given"):
        read_mask([], (40, 60))
    with pytest.raises(InputError, match=r"missing.png: there is no such file"):
        read_mask([tmp_path / "missing.png"], (40, 60))
    (tmp_path / "bad.nrrd").write_bytes(b"NRRD0004\n")
    with pytest.raises(InputError, match=r"bad.nrrd: cannot be read as NRRD"):
        read_mask([tmp_path / "bad.nrrd"], (40, 60))


def test_components() -> None:
    mask = np.zeros((8, 8), dtype=bool)
    mask[1, 1] = mask[2, 2] = mask[3, 3] = mask[6, 1:3] = True
    assert components(mask) == 2
    assert components(np.zeros((4, 4), dtype=bool)) == 0


def test_what_is_odd_about_a_mask() -> None:
    mask = np.zeros((60, 80), dtype=bool)
    mask[10:30, 20:60] = True  # 800 pixels
    assert mask_problem_codes(mask) == ()
    for size, code in ((1, "specks"), (15, "specks"), (16, "parts"), (800, "parts")):
        other = mask.copy()
        rows = np.zeros(80 * 20, dtype=bool)
        rows[:size] = True
        other[40:] = rows.reshape(20, 80)
        assert mask_problem_codes(other) == (code,), size
    # parts that touch at a corner are one
    touching = mask.copy()
    touching[30, 60] = True
    assert mask_problem_codes(touching) == ()
    for hole, said in ((3, ()), (4, ("holes",))):
        holed = mask.copy()
        holed[15, 30 : 30 + hole] = False
        assert mask_problem_codes(holed) == said, hole
    assert mask_problem_codes(np.zeros((5, 5), dtype=bool)) == ()
