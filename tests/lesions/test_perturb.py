"""Perturbed masks: valid whatever is asked, and changed by as much as was asked."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonoher2.core.errors import InputError
from sonoher2.images.read import read_picture
from sonoher2.lesions import perturb as module
from sonoher2.lesions.agreement import dice
from sonoher2.lesions.mask import components, read_mask
from sonoher2.lesions.perturb import CHANGES, Change, contour_moved, perturb, shifted, signed_distance, smooth_noise
from sonoher2.lesions.rings import equivalent_diameter


def disc(radius: float, at: tuple[float, float] = (60, 70), shape: tuple[int, int] = (120, 140)) -> np.ndarray:
    rows, columns = np.indices(shape)
    return np.hypot(rows - at[0], columns - at[1]) <= radius


@settings(deadline=None, max_examples=60)
@given(
    change=st.sampled_from(CHANGES),
    strength=st.floats(0, 0.6),
    radius=st.floats(0.5, 70),
    at=st.tuples(st.integers(0, 119), st.integers(0, 139)),
    seed=st.integers(0, 1000),
)
def test_any_disc_stays_one_part_inside_the_image(
    change: Change, strength: float, radius: float, at: tuple[int, int], seed: int
) -> None:
    mask = disc(radius, at)
    changed = perturb(mask, change, strength, np.random.default_rng(seed))
    assert changed.shape == mask.shape
    assert changed.dtype == bool
    assert components(changed) == 1


@pytest.mark.parametrize("change", CHANGES)
def test_no_strength_changes_nothing(change: Change) -> None:
    mask = disc(25) | disc(6, (20, 20))
    assert (perturb(mask, change, 0.0, np.random.default_rng(0)) == mask).all()


@pytest.mark.parametrize(("change", "sign"), [("grow", 1), ("shrink", -1)])
def test_contour_moves_by_a_share_of_the_diameter(change: Change, sign: int) -> None:
    mask = disc(25)
    changed = perturb(mask, change, 0.1, np.random.default_rng(0))
    radius = equivalent_diameter(mask) / 2
    assert equivalent_diameter(changed) / 2 == pytest.approx(radius + sign * 0.2 * radius, abs=0.5)


def test_shift_keeps_the_shape_and_its_length() -> None:
    mask = disc(20)
    size = 0.2 * equivalent_diameter(mask)
    for seed in range(20):
        changed = perturb(mask, "shift", 0.2, np.random.default_rng(seed))
        moved = np.argwhere(changed).mean(axis=0) - np.argwhere(mask).mean(axis=0)
        assert changed.sum() == mask.sum()
        assert math.hypot(*moved) == pytest.approx(size, abs=0.8)


def test_a_shift_ends_at_the_edge() -> None:
    mask = disc(10, (12, 130))
    changed = shifted(mask, -50, 50)
    assert changed.sum() == mask.sum()
    assert changed[0].any()
    assert changed[:, -1].any()


def test_shrinking_to_nothing_leaves_the_innermost_pixels() -> None:
    mask = disc(9, (60, 70))
    left = contour_moved(mask, -100)
    assert 1 <= left.sum() <= 5
    assert left[60, 70]


def test_shrinking_splits_off_only_the_smaller_part() -> None:
    mask = disc(20, (60, 40)) | disc(12, (60, 90))
    mask[59:62, 40:90] = True
    left = contour_moved(mask, -3)
    assert components(left) == 1
    assert left[60, 40]
    assert not left[60, 90]


def test_contour_noise_moves_in_and_out_without_bias() -> None:
    mask = disc(30)
    rng = np.random.default_rng(5)
    areas = [perturb(mask, "contour", 0.05, rng).sum() / mask.sum() for _ in range(60)]
    assert np.mean(areas) == pytest.approx(1.0, abs=0.02)
    overlaps = [dice(mask, perturb(mask, "contour", 0.05, rng)) for _ in range(60)]
    assert 0.85 < np.mean(overlaps) < 0.97


def test_redrawing_is_as_random_as_its_generator() -> None:
    mask = disc(25)
    first, again, other = (perturb(mask, "redraw", 0.1, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_signed_distance_is_zero_between_the_pixels() -> None:
    mask = np.zeros((5, 7), dtype=bool)
    mask[:, 2:5] = True
    # outside of the image counts as outside of the lesion
    assert signed_distance(mask)[2].tolist() == [1.5, 0.5, -0.5, -1.5, -0.5, 0.5, 1.5]


def test_distances_of_oblong_pixels_are_in_their_height() -> None:
    mask = np.zeros((5, 7), dtype=bool)
    mask[:, 2:5] = True
    # twice as wide as high
    assert signed_distance(mask, 2.0)[2].tolist() == [3, 1, -1, -2.5, -1, 1, 3]
    assert signed_distance(mask.T, 2.0)[:, 2].tolist() == [1.5, 0.5, -0.5, -1.5, -0.5, 0.5, 1.5]


OBLONG = np.hypot((np.arange(400)[:, None] - 200) / 50, (np.arange(400) - 200) / 100) <= 1
"""A circle of 50 pixel heights where pixels are twice as high as wide: 10 mm with 0.2 x 0.1 mm."""


def test_oblong_pixels_grow_and_shrink_alike_in_all_directions() -> None:
    for change, radius in (("grow", 60), ("shrink", 40)):
        changed = perturb(OBLONG, change, 0.1, np.random.default_rng(0), 0.5)  # type: ignore[arg-type]
        rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
        assert rows[-1] - 200 == 200 - rows[0] == pytest.approx(radius, abs=1)
        assert columns[-1] - 200 == 200 - columns[0] == pytest.approx(2 * radius, abs=1)
        # a circle still, on the slant too
        place = round(radius / math.sqrt(2))
        assert changed[200 + place - 1, 200 + 2 * place - 2]
        assert not changed[200 + place + 2, 200 + 2 * place + 4]


def test_oblong_pixels_are_shifted_by_the_same_length_in_every_direction() -> None:
    moves = []
    for seed in range(20):
        changed = perturb(OBLONG, "shift", 0.1, np.random.default_rng(seed), 0.5)
        down, across = np.argwhere(changed).mean(axis=0) - np.argwhere(OBLONG).mean(axis=0)
        moves.append((down, across))
        assert math.hypot(down, across / 2) == pytest.approx(10, abs=0.6)
    assert max(abs(across) for _, across in moves) > 18


def test_noise_of_oblong_pixels_reaches_as_far_down_as_across() -> None:
    noise = smooth_noise(OBLONG, np.random.default_rng(3), 0.5)
    along = [np.diff(noise, axis=axis).std() for axis in (0, 1)]
    assert along[0] / along[1] == pytest.approx(2, rel=0.25)


@pytest.mark.parametrize("change", CHANGES)
def test_no_strength_changes_nothing_of_oblong_pixels(change: Change) -> None:
    for aspect in (0.3, 2.5):
        assert (perturb(OBLONG, change, 0.0, np.random.default_rng(0), aspect) == OBLONG).all()


def test_an_empty_mask_is_refused() -> None:
    with pytest.raises(InputError, match="empty mask"):
        perturb(np.zeros((4, 4), dtype=bool), "grow", 0.1, np.random.default_rng(0))


def test_real_masks_stay_valid(shared: Path) -> None:
    for path in sorted((shared / "data" / "BUS-BRA" / "Masks").glob("*.png"))[::200]:
        mask = read_mask([path], read_picture(path).shape)
        for change in CHANGES:
            changed = perturb(mask, change, 0.1, np.random.default_rng(0))
            assert 1 <= components(changed) <= components(mask)
            assert 0.4 < dice(mask, changed) < 1


def test_a_contour_moves_by_the_noise_alone_and_a_second_reader_also_as_a_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "smooth_noise", lambda mask, rng, aspect: np.zeros(mask.shape))
    mask = disc(20)
    still = [perturb(mask, "contour", 0.3, np.random.default_rng(seed)) for seed in range(5)]
    assert all(np.array_equal(mask, one) for one in still)
    moved = [perturb(mask, "redraw", 0.3, np.random.default_rng(seed)) for seed in range(5)]
    assert not any(np.array_equal(mask, one) for one in moved)
