"""The B-mode part of synthetic screens with a known place, and of real tight crops."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from sonoher2.images.clean import b_mode_region
from sonoher2.images.read import read_image


def tissue(rows: int, columns: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).rayleigh(40, (rows, columns)).clip(0, 255)


def box_of(grey: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = b_mode_region(grey.astype(float), np.zeros(grey.shape, dtype=bool))
    return rows.start, rows.stop, columns.start, columns.stop


@pytest.mark.parametrize("ground", [0, 40, 255])
def test_margins_with_text_and_frames_are_stripped(ground: int) -> None:
    screen = Image.new("L", (800, 600), ground)
    draw = ImageDraw.Draw(screen)
    for row in range(10, 590, 15):
        draw.text((5, row), "MI 1.1 TIS 0.4 FR 28Hz", fill=200)
    draw.rectangle((180, 80, 760, 560), outline=120, width=3)
    grey = np.asarray(screen).astype(float)
    grey[100:540, 200:740] = tissue(440, 540)
    np.testing.assert_allclose(box_of(grey), [100, 540, 200, 740], atol=6)


def test_a_dark_shadow_does_not_split_the_tissue() -> None:
    grey = tissue(300, 300)
    grey[120:, 140:170] = 0
    assert box_of(grey) == (0, 300, 0, 300)


def test_colour_is_not_tissue() -> None:
    grey, colour = tissue(200, 300), np.zeros((200, 300), dtype=bool)
    colour[:, 250:] = True
    rows, columns = b_mode_region(grey, colour)
    assert (rows, columns.start) == (slice(0, 200), 0)
    assert 240 <= columns.stop <= 260


@pytest.mark.parametrize("grey", [np.zeros((50, 60)), np.full((50, 60), 128.0)])
def test_without_tissue_the_whole_picture_stays(grey: np.ndarray) -> None:
    assert box_of(grey) == (0, 50, 0, 60)


def test_a_part_below_a_twentieth_of_the_picture_is_not_believed() -> None:
    grey = np.zeros((400, 500))
    grey[100:160, 100:160] = tissue(60, 60)
    assert box_of(grey) == (0, 400, 0, 500)
    grey[100:260, 100:260] = tissue(160, 160)
    np.testing.assert_allclose(box_of(grey), [100, 260, 100, 260], atol=6)


@pytest.mark.parametrize(("steps", "box"), [(3, (21, 79, 31, 89)), (2, (0, 100, 0, 120))])
def test_grey_levels_that_differ_by_three_among_neighbours_are_tissue(steps: int, box: tuple[int, ...]) -> None:
    rows, columns = np.indices((100, 120))
    inside = (rows >= 20) & (rows < 80) & (columns >= 30) & (columns < 90)
    # one more pixel on each side differs from a neighbour, and 11 of 17 lines are the first to be six in ten
    assert box_of(np.where(inside, 50 + steps * ((rows + columns) % 2), 0)) == box


@pytest.mark.parametrize("name", ["bus_0003-l", "bus_0428-l", "bus_0979-r", "bus_0806-s"])
def test_tight_crops_stay_whole(shared: Path, name: str) -> None:
    whole = read_image(shared / f"data/BUS-BRA/Images/{name}.png")
    cropped = read_image(shared / f"data/BUS-BRA/Images/{name}.png", crop_to_b_mode=True)
    assert cropped.pixels.size >= 0.99 * whole.pixels.size


def test_a_cardiac_sector_within_a_screen(shared: Path) -> None:
    image = read_image(shared / "data/dicom/US/examples_ybr_color.dcm", frame=1, crop_to_b_mode=True)
    # the sector, measured by hand
    np.testing.assert_allclose([*image.origin, *image.shape], [20, 83, 183, 145], atol=8)
