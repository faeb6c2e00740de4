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
from sonoher2.lesions.agreement import dice
from sonoher2.lesions.mask import components, read_mask
from sonoher2.lesions.perturb import CHANGES, Change, contour_moved, perturb, shifted, signed_distance
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
