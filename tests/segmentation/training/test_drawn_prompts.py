"""Prompts as training draws them."""

from __future__ import annotations

import numpy as np
import pytest

from sonoher2.segmentation.training.drawn_prompts import drawn_box, drawn_click, prompted


def lesions() -> np.ndarray:
    """One of 20 x 20 pixels and one of 10 x 10."""
    mask = np.zeros((64, 64), dtype=bool)
    mask[5:25, 5:25] = True
    mask[45:55, 40:50] = True
    return mask


def test_a_prompt_is_for_one_lesion_and_lies_in_it() -> None:
    rng, mask = np.random.default_rng(0), lesions()
    drawn = [prompted(mask, rng) for _ in range(400)]
    boxes = [(maps[1], part) for maps, part in drawn if maps[1].any()]
    clicks = [(maps[0], part) for maps, part in drawn if maps[0].any()]
    assert len(boxes) + len(clicks) == 400
    # 35 % of 400, with a standard deviation of 10
    assert 110 <= len(boxes) <= 170
    for click, part in clicks:
        assert part[np.unravel_index(click.argmax(), click.shape)]
    for box, part in boxes:
        assert box[part].mean() > 0.3
    # the larger has 400 of 500 pixels
    assert {int(part.sum()) for _, part in drawn} == {400, 100}
    assert 290 <= sum(part.sum() == 400 for _, part in drawn) <= 350


def test_where_there_is_no_lesion_the_click_falls_anywhere() -> None:
    rng, nothing = np.random.default_rng(0), np.zeros((64, 64), dtype=bool)
    places = []
    for _ in range(60):
        (click, box), part = prompted(nothing, rng)
        assert not part.any()
        assert not box.any()
        places.append(np.unravel_index(click.argmax(), click.shape))
    low, high = np.min(places, axis=0), np.max(places, axis=0)
    assert (low < 10).all()
    assert (high > 53).all()


def test_half_of_the_clicks_are_aimed_at_the_middle() -> None:
    rng = np.random.default_rng(1)
    line = np.zeros((9, 31), dtype=bool)
    line[2:7, 3:28] = True
    depths = np.array(
        [min(row - 1, 7 - row, column - 2, 28 - column) for row, column in map(_click(line, rng), range(800))]
    )
    # of 125 pixels 60 - 4 = 56 are at the edge, 48 one deeper, 21 in the middle; squared depths weigh 1, 4 and 9
    total = 56 + 4 * 48 + 9 * 21
    for depth, count, weight in ((1, 56, 1), (2, 48, 4), (3, 21, 9)):
        expected = 0.5 * count / 125 + 0.5 * weight * count / total
        assert np.mean(depths == depth) == pytest.approx(expected, abs=0.055)


def _click(mask: np.ndarray, rng: np.random.Generator):
    return lambda _: drawn_click(mask, rng)


def test_boxes_are_a_little_too_large_or_too_small() -> None:
    rng, mask = np.random.default_rng(0), np.zeros((200, 300), dtype=bool)
    mask[50:150, 100:150] = True
    boxes = [drawn_box(mask, rng) for _ in range(500)]
    edges = np.array([[box[0].start, box[0].stop, box[1].start, box[1].stop] for box in boxes])
    assert edges.mean(axis=0) == pytest.approx([50, 150, 100, 150], abs=2)
    # 12 % of the height, and of the width
    assert edges.std(axis=0) == pytest.approx([12, 12, 6, 6], rel=0.15)


@pytest.mark.parametrize("at", [(0, 0), (0, 39), (29, 0), (29, 39)])
def test_a_box_around_a_speck_in_a_corner_stays_in_the_picture(at: tuple[int, int]) -> None:
    mask = np.zeros((30, 40), dtype=bool)
    mask[at] = True
    for seed in range(50):
        rows, columns = drawn_box(mask, np.random.default_rng(seed))
        assert 0 <= rows.start < rows.stop <= 30
        assert 0 <= columns.start < columns.stop <= 40
