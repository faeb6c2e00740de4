"""Marks drawn at known places, and real images marked by eye."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import grey_opening

from sonoher2.images.marks import Marks, _follows, _in_text, _is_glyph, _lines, _opened, crosses, overlay_marks
from sonoher2.images.pixels.image import UltrasoundImage
from sonoher2.images.read import read_image


def tissue() -> np.ndarray:
    return np.random.default_rng(3).rayleigh(25, (240, 320)).clip(0, 90)


def marks_of(grey: np.ndarray, colour: np.ndarray | None = None) -> Marks:
    colour = np.zeros(grey.shape, dtype=bool) if colour is None else colour
    return overlay_marks(UltrasoundImage(grey, None, colour, "PNG", grey.shape))


def test_tissue_alone_has_no_marks() -> None:
    assert marks_of(tissue()) == Marks(0.0, [], [])


def test_crosses_are_found_where_they_are() -> None:
    grey = tissue()
    for row, column in ((60, 80), (120, 200)):
        grey[row, column - 5 : column + 6] = 255
        grey[row - 5 : row + 6, column] = 255
    assert marks_of(grey).callipers == [(60, 80), (120, 200)]


def test_of_two_crosses_side_by_side_the_brighter_one_counts() -> None:
    grey = np.zeros((60, 60))
    for row, column, bright in ((20, 20, 200), (20, 24, 255), (40, 20, 255), (40, 25, 200)):
        grey[row, column - 2 : column + 3] = grey[row - 2 : row + 3, column] = bright
    # four pixels apart they are one place, five pixels apart two
    assert crosses(grey) == [(20, 24), (40, 20), (40, 25)]


def test_crosses_at_the_edge_count() -> None:
    grey = np.zeros((20, 30))
    grey[2, 0:5] = grey[0:5, 2] = grey[17, 25:30] = grey[15:20, 27] = 150
    assert crosses(grey) == [(2, 2), (17, 27)]


@pytest.mark.parametrize("grey", [tissue(), tissue().round(), tissue()[:3, :40], np.full((2, 2), 7.0)])
def test_the_opening_is_that_of_scipy(grey: np.ndarray) -> None:
    assert np.array_equal(_opened(grey), grey_opening(grey, size=(7, 7)))


@pytest.mark.parametrize(("bright", "found"), [(35, []), (36, [(10, 10)])])
def test_arms_are_more_than_35_levels_brighter_than_the_corners(bright: int, found: list[tuple[int, int]]) -> None:
    grey = np.zeros((21, 21))
    grey[10, 7:14] = grey[7:14, 10] = bright
    assert crosses(grey) == found


def box(top: int, bottom: int, left: int, right: int) -> tuple[slice, slice]:
    return slice(top, bottom), slice(left, right)


@pytest.mark.parametrize(
    ("height", "width", "area", "is_one"),
    [
        (6, 4, 12, True), (5, 4, 12, False), (20, 10, 60, True), (21, 10, 60, False), (10, 16, 60, True),
        (10, 17, 60, False), (10, 5, 10, True), (10, 5, 9, False), (10, 5, 45, True), (10, 5, 46, False),
    ],
)  # fmt: skip
def test_size_and_blackness_of_a_character(height: int, width: int, area: int, is_one: bool) -> None:
    assert _is_glyph(box(3, 3 + height, 7, 7 + width), area) == is_one


@pytest.mark.parametrize(
    ("other", "follows"),
    [
        (box(10, 20, 15, 20), True), (box(11, 19, 15, 20), True), (box(12, 20, 15, 20), False),
        (box(10, 22, 15, 20), False), (box(10, 20, 14, 20), True), (box(10, 20, 13, 20), False),
        (box(10, 20, 27, 30), True), (box(10, 20, 28, 30), False),
    ],
)  # fmt: skip
def test_characters_that_follow_each_other(other: tuple[slice, slice], follows: bool) -> None:
    assert _follows(box(10, 20, 10, 15), other) == follows


def test_three_characters_are_a_line_and_cover_some_rows_more() -> None:
    letters = [box(10, 20, 10, 15), box(40, 50, 12, 17), box(9, 20, 16, 20), box(10, 21, 22, 25)]
    assert list(_lines(letters)) == [box(9, 21, 10, 25)]
    assert list(_lines(letters[:3])) == []
    rows = {row: _in_text((row, 90), [box(9, 21, 10, 25)]) for row in (5, 6, 23, 24)}
    assert rows == {5: False, 6: True, 23: True, 24: False}


def test_lines_are_no_crosses() -> None:
    grey = tissue()
    grey[60], grey[100:, 100], grey[150:200, 200:240] = 255, 255, 255
    assert not marks_of(grey).callipers


def test_text_is_found_and_its_letters_are_no_crosses() -> None:
    image = Image.fromarray(tissue().astype(np.uint8))
    ImageDraw.Draw(image).text((40, 180), "M A M A  E S Q", fill=255, font=ImageFont.load_default(16))
    marks = marks_of(np.asarray(image).astype(float))
    assert len(marks.text) >= 1
    assert all(rows.start >= 175 and rows.stop <= 205 for rows, _ in marks.text)
    assert not marks.callipers


def test_share_of_colour() -> None:
    colour = np.zeros((240, 320), dtype=bool)
    colour[:60] = True
    assert marks_of(tissue(), colour).colour_share == 0.25


# marked by eye; none of them was used to choose the thresholds
@pytest.mark.parametrize(
    ("name", "text", "callipers"),
    [
        ("bus_0048-l", True, True),
        ("bus_0061-l", False, True),
        ("bus_0070-r", False, True),
        ("bus_0072-l", True, False),
        ("bus_0150-r", False, True),
        ("bus_0160-r", True, False),
        ("bus_0178-r", True, False),
        ("bus_0256-l", True, True),
        ("bus_0274-l", False, False),
        ("bus_0989-r", False, True),
    ],
)
def test_marks_seen_by_eye(shared: Path, name: str, text: bool, callipers: bool) -> None:
    marks = overlay_marks(read_image(shared / f"data/BUS-BRA/Images/{name}.png"))
    assert (bool(marks.text), bool(marks.callipers)) == (text, callipers)


def test_unmarked_images_have_no_marks(shared: Path) -> None:
    folder = shared / "data/BrEaST/BrEaST-Lesions_USG-images_and_masks"
    marks = [overlay_marks(read_image(folder / f"case{case:03d}.png")) for case in range(1, 257, 32)]
    assert all(not found.text and not found.callipers and found.colour_share == 0 for found in marks)
