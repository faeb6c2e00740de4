"""One lesion from a map of probabilities, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sonoher2.core.errors import InputError
from sonoher2.segmentation.choose import _check_prompt, choose, expected_dice, whole_pixels

BOX = "the box lies outside the image of 4 rows x 6 columns. Give top,left,bottom,right."


def two_parts() -> np.ndarray:
    """A large part of 0.6 on the left, a small one of 0.9 on the right, and a faint one of 0.2 below."""
    probability = np.zeros((40, 40), np.float32)
    probability[5:15, 5:15] = 0.6
    probability[5:10, 30:35] = 0.9
    probability[30:35, 10:16] = 0.2
    return probability


def test_the_largest_part_unless_another_is_pointed_at() -> None:
    found = choose(two_parts())
    assert found.found
    assert found.mask.sum() == 100
    assert choose(two_parts(), at=(6, 31)).mask.sum() == 25
    assert choose(two_parts(), box=(slice(0, 20), slice(25, 40))).mask.sum() == 25
    # where a click says that there is a lesion, half its own probability is the level
    assert choose(two_parts(), at=(31, 12)).mask.sum() == 30
    nowhere = choose(two_parts(), at=(20, 20))
    assert not nowhere.found
    assert not nowhere.mask.any()


def test_a_click_beside_a_part_takes_the_nearest_of_those_within_reach() -> None:
    # 5 % of 40 pixels: two
    assert choose(two_parts(), at=(4, 31)).mask.sum() == 25
    assert choose(two_parts(), at=(11, 33)).mask.sum() == 25
    assert not choose(two_parts(), at=(12, 33)).found
    assert choose(two_parts(), at=(16, 10)).mask.sum() == 100
    # of two parts the nearer one, though the other is larger
    probability = two_parts()
    probability[5:10, 17:20] = 0.7
    assert choose(probability, at=(7, 16)).mask.sum() == 15
    assert choose(probability, at=(7, 15)).mask.sum() == 100


def test_a_speck_is_not_the_lesion_that_a_click_means() -> None:
    probability = np.zeros((100, 100), np.float32)
    probability[20:60, 20:60] = 0.45
    probability[30, 62] = 0.9  # less than 0.0004 of the image
    assert choose(probability, at=(30, 59)).mask.sum() == 1600
    probability[30:34, 62] = 0.9
    assert choose(probability, at=(30, 59)).mask.sum() == 4


def test_a_click_is_two_whole_numbers() -> None:
    assert whole_pixels(None) is None
    assert whole_pixels(np.array([3, 5])) == (3, 5)  # type: ignore[arg-type]
    for wrong in ((1.5, 2), (1.0, 2.0), (1,), (1, 2, 3), 4, ("a", "b")):
        with pytest.raises(InputError, match=r"is not a row and a column\. Give two whole numbers, from 0\."):
            whole_pixels(wrong)  # type: ignore[arg-type]


def test_a_click_in_a_part_takes_what_is_more_likely_lesion_than_not() -> None:
    probability = two_parts()
    probability[3:17, 3:17] = np.maximum(probability[3:17, 3:17], np.float32(0.45))
    assert choose(probability, at=(7, 7)).mask.sum() == 100
    # where it lies on what is less likely, and no other is near, half of that is the level
    assert choose(two_parts() * np.float32(0.8), at=(7, 7)).mask.sum() == 100


def test_the_confidence_is_the_dice_to_expect() -> None:
    probability = np.array([[0.8, 0.6], [0.4, 0.2]], np.float32)
    # twice 1.4 over 2 pixels and 2.0 in all
    assert expected_dice(probability, probability >= 0.5) == pytest.approx(2 * 1.4 / 4)
    assert expected_dice(probability, np.zeros((2, 2), bool)) == 0
    # twice 60 over 100 pixels and 60 + 22.5 + 6 in all
    assert choose(two_parts()).confidence == pytest.approx(120 / 188.5)


@pytest.mark.parametrize(("level", "found"), [(0.49, False), (0.5, True)])
def test_a_pixel_of_one_half_is_lesion(level: float, found: bool) -> None:
    probability = np.zeros((20, 20), np.float32)
    probability[5:15, 5:15] = level
    assert choose(probability).mask.any() == found


def test_an_unsure_part_counts_only_where_it_is_pointed_at() -> None:
    # half of all probability lies elsewhere: twice 12.5 over 25 + 12.5 + 30
    probability = np.full((40, 40), 0.02, np.float32)
    probability[10:15, 10:15] = 0.5
    unsure = choose(probability)
    assert not unsure.found
    assert unsure.confidence == pytest.approx(25 / (25 + 12.5 + 0.02 * 1575), rel=1e-4)
    assert choose(probability, at=(12, 12)).found
    for level, found in ((0.04, False), (0.06, True)):
        faint = np.zeros((20, 20), np.float32)
        faint[5:10, 5:10] = level
        assert choose(faint, at=(6, 6)).found == found


@pytest.mark.parametrize(("area", "found"), [(3, False), (4, True)])
def test_a_part_of_less_than_four_in_ten_thousand_is_none(area: int, found: bool) -> None:
    probability = np.zeros((100, 100), np.float32)
    probability[50, 50 : 50 + area] = 1
    assert choose(probability).found == found


def test_holes_are_filled_and_corners_join() -> None:
    probability = np.zeros((20, 20), np.float32)
    probability[5:10, 5:10] = 0.9
    probability[7, 7] = 0
    probability[10, 10] = 0.9
    assert choose(probability).mask.sum() == 26


@pytest.mark.parametrize(
    ("at", "box", "said"),
    [
        ((1, 1), (slice(0, 2), slice(0, 2)), "both a click and a box were given. Give one of them."),
        ((4, 0), None, "the click (4, 0) lies outside the image of 4 rows x 6 columns. Give row,column from 0."),
        ((0, 6), None, "the click (0, 6) lies outside the image of 4 rows x 6 columns. Give row,column from 0."),
        ((-1, 0), None, "the click (-1, 0) lies outside the image of 4 rows x 6 columns. Give row,column from 0."),
        (
            None,
            (slice(0, 5), slice(0, 6)),
            BOX,
        ),
        (
            None,
            (slice(2, 2), slice(0, 6)),
            BOX,
        ),
        (
            None,
            (slice(-1, 2), slice(0, 6)),
            BOX,
        ),
        (
            None,
            (slice(None), slice(0, 6)),
            BOX,
        ),
        (
            None,
            (slice(0, 4, 2), slice(0, 6)),
            BOX,
        ),
        ((3, 5), None, ""),
        (None, (slice(0, 4), slice(0, 6)), ""),
    ],
)
def test_prompts_lie_in_the_image(at: object, box: object, said: str) -> None:
    if not said:
        _check_prompt((4, 6), at, box)  # type: ignore[arg-type]
        return
    with pytest.raises(InputError) as caught:
        _check_prompt((4, 6), at, box)  # type: ignore[arg-type]
    assert str(caught.value) == said
