"""Variants of training squares: shares, tissue beside the lesion, marks."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from sonoher2.segmentation.training import augment

SIDE = 64


def square() -> np.ndarray:
    """Grey that says its column, a lesion in the middle."""
    grey = np.tile(np.arange(100, 100 + SIDE), (SIDE, 1))
    mask = np.zeros((SIDE, SIDE))
    mask[24:40, 28:36] = 255
    return np.stack([grey, mask]).astype(np.uint8)


def test_extent_by_hand() -> None:
    marked = np.zeros((6, 9), bool)
    marked[2, 3] = marked[4, 7] = True
    assert augment._extent(marked) == (2, 5, 3, 8)
    assert augment._extent(np.zeros((2, 2), bool)) is None


def test_strips_beside_the_lesion_take_the_whole_square() -> None:
    met = set()
    for seed in range(40):
        grey, mask = augment._without_lesion(square(), np.random.default_rng(seed))
        assert not mask.any()
        shown = grey[grey > 0]
        rows, columns = (int((grey > 0).any(axis=axis).sum()) for axis in (1, 0))
        assert max(rows, columns) == SIDE
        met.add((rows, columns, bool(shown.max() < 132), bool(shown.min() > 132)))
    # left and right: 64 x 28; above and below: 24 x 64, with both sides of the lesion in them
    assert met == {(64, 28, True, False), (64, 28, False, True), (24, 64, False, False)}


def test_a_small_strip_is_enlarged_to_the_square() -> None:
    grey, mask = np.zeros((SIDE, SIDE), np.uint8), np.zeros((SIDE, SIDE), np.uint8)
    grey[16:48, 16:48], mask[20:44, 36:46] = 100, 255
    # left of the lesion 32 rows and 20 columns are left; all other strips are too thin
    shown, lesion = augment._without_lesion(np.stack([grey, mask]), np.random.default_rng(0))
    assert not lesion.any()
    rows, columns = (int((shown > 0).any(axis=axis).sum()) for axis in (1, 0))
    assert (rows, columns) == (64, 40)
    # in the middle of the square
    assert shown[:, :12].max() == shown[:, 52:].max() == 0
    assert shown[:, 12:52].min() == 100


def test_too_little_tissue_leaves_the_square_as_it_is() -> None:
    full = square()
    full[1, 10:-10, 10:-10] = 255
    np.testing.assert_array_equal(augment._without_lesion(full, np.random.default_rng(0)), full)
    none = square()
    none[1] = 0
    np.testing.assert_array_equal(augment._without_lesion(none, np.random.default_rng(0)), none)


def test_a_flat_picture_has_no_lesion() -> None:
    met = set()
    for seed in range(60):
        grey, mask = augment._flat(square(), np.random.default_rng(seed))
        assert not mask.any()
        spread = float(grey.std())
        met.add((spread > 5, "black" if grey.mean() < 15 else "white" if grey.mean() > 240 else "grey"))
    assert met == {(noisy, level) for noisy in (True, False) for level in ("black", "white", "grey")}


def test_shares_of_the_kinds_of_variants(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    for name in ("_flat", "_without_lesion"):
        monkeypatch.setattr(augment, name, lambda one, rng, name=name: made.append(name) or one)
    monkeypatch.setattr(augment, "_draw_marks", lambda *given: made.append("_draw_marks"))
    monkeypatch.setattr(augment, "_compressed", lambda grey, quality: made.append("_compressed") or grey)
    rng = np.random.default_rng(0)
    for _ in range(4000):
        augment._variant(square(), rng)
    shares = {name: made.count(name) / 4000 for name in set(made)}
    assert shares["_flat"] == pytest.approx(0.01, abs=0.006)
    assert shares["_without_lesion"] == pytest.approx(0.07, abs=0.015)
    assert shares["_draw_marks"] == pytest.approx(0.35 * 0.99, abs=0.03)
    assert shares["_compressed"] == pytest.approx(0.25 * 0.99, abs=0.03)


def test_a_cross_has_arms_of_one_length() -> None:
    picture = Image.new("L", (11, 9))
    augment._cross(augment.ImageDraw.Draw(picture), 5, 4, 2, 200)
    drawn = np.argwhere(np.asarray(picture) == 200)
    assert {tuple(place) for place in drawn.tolist()} == {
        (4, 3), (4, 4), (4, 5), (4, 6), (4, 7), (2, 5), (3, 5), (5, 5), (6, 5),
    }  # fmt: skip


def test_callipers_come_in_pairs_and_often_on_the_outline() -> None:
    places = [augment._caliper_places(square()[1], np.random.default_rng(seed)) for seed in range(60)]
    assert {len(found) for found in places} == {2, 4}
    # the upper end of the lesion: row 24, columns 28 to 35, as (x, y)
    on = [all(y == 24 and 28 <= x < 36 for x, y in found) for found in places]
    assert 15 < sum(on) < 45
