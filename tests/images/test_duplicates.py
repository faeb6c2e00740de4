"""Copies injected among real and synthetic images, and the groups that follow."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from sonoher2.images import duplicates
from sonoher2.images.duplicates import (
    _candidates,
    _cut,
    _cuts,
    _standardised,
    _uneven,
    _widened,
    lesion_views,
    near_duplicate_pairs,
    perceptual_hash,
    thumbnail,
)
from sonoher2.images.read import read_image
from sonoher2.lesions.open import read_lesion


def pairs_of(images: list[np.ndarray]) -> list[tuple[int, int]]:
    return near_duplicate_pairs([perceptual_hash(image) for image in images], [thumbnail(image) for image in images])


def picture(seed: int) -> np.ndarray:
    rough = gaussian_filter(np.random.default_rng(seed).normal(size=(200, 260)), 6)
    return np.clip(100 + 40 * rough / rough.std(), 5, 250)


def jpeg(grey: np.ndarray) -> np.ndarray:
    stream = io.BytesIO()
    Image.fromarray(grey.astype(np.uint8)).save(stream, "JPEG", quality=60)
    return np.asarray(Image.open(stream)).astype(float)


def rescaled(grey: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(grey.astype(np.float32)).resize((150, 180))).clip(0, 255).astype(float)


CHANGES = {
    "same": lambda grey: grey,
    "jpeg": jpeg,
    "rescaled": rescaled,
    "brighter": lambda grey: np.clip(grey * 1.2 + 10, 0, 255),
    "gamma": lambda grey: 255 * (grey / 255) ** 0.7,
    "cropped": lambda grey: grey[4:-6, 5:-8],
}


@pytest.mark.parametrize("change", CHANGES)
def test_an_injected_copy_is_found(change: str) -> None:
    images = [picture(seed) for seed in range(12)]
    assert pairs_of([*images, CHANGES[change](images[7])]) == [(7, 12)]


@pytest.mark.parametrize("change", CHANGES)
def test_an_injected_copy_is_found_among_real_images(shared: Path, change: str) -> None:
    files = [
        shared / f"data/BUS-BRA/Images/bus_{case}.png" for case in ("0003-l", "0036-r", "0428-l", "0806-s", "0979-r")
    ]
    images = [read_image(file).pixels for file in files]
    assert pairs_of([*images, *map(CHANGES[change], images)]) == [(index, index + 5) for index in range(5)]


def test_the_one_lesion_that_a_public_data_set_has_twice(shared: Path) -> None:
    names = ["0056-l", "0056-r", "0091-l", "0091-r"]
    images = [read_image(shared / f"data/BUS-BRA/Images/bus_{name}.png").pixels for name in names]
    assert pairs_of(images) == [(0, 2), (1, 3)]


def test_copies_are_found_across_the_blocks_in_which_many_images_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "ROWS_AT_ONCE", 3)
    monkeypatch.setattr(duplicates, "PAIRS_AT_ONCE", 1)
    images = [picture(seed) for seed in range(8)]
    # within the second block, from the second to the last one, and twice in one block
    copies = [images[3], images[4], images[4], images[6]]
    assert pairs_of([*images, *copies]) == [(3, 8), (4, 9), (4, 10), (6, 11), (9, 10)]
    pictures = [with_lesion(seed) for seed in range(8)]
    mirrored = [(pixels[:, ::-1], mask[:, ::-1]) for pixels, mask in (pictures[1], pictures[5], pictures[5])]
    assert pairs_with_lesions([*pictures, *mirrored]) == [(1, 8), (5, 9), (5, 10), (9, 10)]


def test_few_and_flat_images() -> None:
    assert pairs_of([]) == []
    assert pairs_of([picture(0)]) == []
    assert pairs_of([np.zeros((40, 50)), np.full((40, 50), 9.0)]) == []


def test_hash_and_thumbnail_have_a_fixed_form() -> None:
    grey = picture(1)
    assert isinstance(perceptual_hash(grey), np.uint64)
    assert thumbnail(grey).shape == (32, 32)
    np.testing.assert_allclose(thumbnail(grey).mean(), grey.mean(), rtol=1e-2)


# --- mirrored, framed, or only a part ---


def with_lesion(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A picture and the mask of a lesion at its own place and of its own size."""
    rng = np.random.default_rng(1000 + seed)
    mask = np.zeros((200, 260), bool)
    top, left = rng.integers(50, 80), rng.integers(50, 120)
    mask[top : top + rng.integers(50, 70), left : left + rng.integers(50, 90)] = True
    return picture(seed), mask


def part(pixels: np.ndarray, mask: np.ndarray, margin: int) -> tuple[np.ndarray, np.ndarray]:
    rows, columns = np.nonzero(mask)
    box = (
        slice(rows.min() - margin, rows.max() + 1 + margin),
        slice(columns.min() - margin, columns.max() + 1 + margin),
    )
    return pixels[box], mask[box]


def square(pixels: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    turned = [np.asarray(Image.fromarray(one.astype(np.float32)).resize((224, 224))) for one in (pixels, mask)]
    return turned[0].clip(0, 255).astype(float), turned[1] > 0.5


MORE_CHANGES = {
    "trimmed": lambda pixels, mask: (pixels[25:-25, 30:-30], mask[25:-25, 30:-30]),
    "mirrored": lambda pixels, mask: (pixels[:, ::-1], mask[:, ::-1]),
    "black frame": lambda pixels, mask: (np.pad(pixels, 13), np.pad(mask, 13)),
    "wide frame": lambda pixels, mask: (np.pad(pixels, 60), np.pad(mask, 60)),
    "white frame": lambda pixels, mask: (np.pad(pixels, 40, constant_values=255), np.pad(mask, 40)),
    "frame below": lambda pixels, mask: (np.pad(pixels, ((0, 80), (0, 0))), np.pad(mask, ((0, 80), (0, 0)))),
    "lesion with surroundings": lambda pixels, mask: part(pixels, mask, 30),
    "lesion alone": lambda pixels, mask: part(pixels, mask, 0),
    "mirrored lesion": lambda pixels, mask: tuple(one[:, ::-1] for one in part(pixels, mask, 20)),
    "square lesion": lambda pixels, mask: square(*part(pixels, mask, 20)),
}


def pairs_with_lesions(pictures: list[tuple[np.ndarray, np.ndarray]]) -> list[tuple[int, int]]:
    grey = [pixels for pixels, _ in pictures]
    return near_duplicate_pairs(
        [perceptual_hash(one) for one in grey], [thumbnail(one) for one in grey], [lesion_views(*p) for p in pictures]
    )


@pytest.mark.parametrize("change", MORE_CHANGES)
def test_a_part_or_a_mirrored_or_framed_copy_is_found(change: str) -> None:
    pictures = [with_lesion(seed) for seed in range(12)]
    assert pairs_with_lesions(pictures) == []
    pixels, mask = MORE_CHANGES[change](*pictures[7])
    assert pairs_with_lesions([*pictures, (jpeg(np.ascontiguousarray(pixels)), mask)]) == [(7, 12)]


def test_a_small_or_flat_lesion_is_no_copy_of_another() -> None:
    mask = np.zeros((200, 260), bool)
    mask[90:100, 100:112] = True
    pictures = [(picture(seed), mask) for seed in range(4)]
    assert pairs_with_lesions(pictures) == []
    flat = [np.where(mask, 90.0, picture(seed)) for seed in range(4)]
    large = np.zeros((200, 260), bool)
    large[60:120, 70:150] = True
    assert pairs_with_lesions([(np.where(large, 90.0, one), large) for one in flat]) == []


def test_a_lesion_that_a_public_data_set_has_twice_in_pictures_of_other_sizes(shared: Path) -> None:
    folder = shared / "data/BUS-BRA"
    names = ["0341-l", "0341-r", "0356-l", "0356-r", "0003-l"]
    lesions = [read_lesion(folder / f"Images/bus_{n}.png", [folder / f"Masks/mask_{n}.png"]) for n in names]
    pairs = pairs_with_lesions([(lesion.image.pixels, lesion.mask) for lesion in lesions])
    assert pairs
    assert set(pairs) <= {(0, 2), (1, 3)}


def test_views_are_of_the_lesions_box_and_of_three_twentieths_more_on_each_side() -> None:
    pixels, mask = np.random.default_rng(0).uniform(0, 255, (120, 140)), np.zeros((120, 140), dtype=bool)
    mask[30:70, 50:90] = True
    _, box, around = lesion_views(pixels, mask)
    np.testing.assert_array_equal(box, thumbnail(pixels[30:70, 50:90]))
    np.testing.assert_array_equal(around, thumbnail(pixels[24:76, 44:96]))


def test_every_view_of_every_picture_is_standardised_by_itself() -> None:
    rows = _standardised(np.random.default_rng(0).uniform(0, 255, (2, 3, 8, 8)))
    assert rows.shape == (2, 3, 64)
    np.testing.assert_allclose(rows.mean(axis=-1), 0, atol=1e-7)
    np.testing.assert_allclose((rows**2).sum(axis=-1), 1, rtol=1e-5)


@pytest.mark.parametrize(("side", "seen"), [(24, True), (23, False)])
def test_the_smallest_lesion_that_can_be_known_again(side: int, seen: bool) -> None:
    mask = np.zeros((80, 90), dtype=bool)
    mask[5 : 5 + side, 2:60] = True
    whole, box, around = lesion_views(picture(1)[:80, :90], mask)
    assert whole.any()
    assert (bool(box.any()), bool(around.any())) == (seen, seen)


def test_a_border_is_what_is_flat_at_the_ends() -> None:
    assert _uneven(np.array([0, 3.0, 3.1, 2, 4, 1])) == slice(2, 5)
    assert _uneven(np.zeros(4)) == slice(None)
    assert (_widened(10, 30, 0.15), _widened(2, 42, 0.15)) == (slice(7, 33), slice(0, 48))


@pytest.mark.parametrize(
    ("bits", "correlation", "near"), [(18, 0.26, True), (19, 0.26, False), (18, 0.24, False), (0, 1.0, True)]
)
def test_candidates_are_near_by_hash_and_by_correlation(bits: int, correlation: float, near: bool) -> None:
    hashes = np.array([0, 2**bits - 1], dtype=np.uint64)
    detail = np.array([[1, 0], [correlation, np.sqrt(1 - correlation**2)]], dtype=np.float32)
    found = [(i.tolist(), j.tolist()) for i, j in _candidates(hashes, detail)]
    assert found == ([([0], [1])] if near else [])


def test_cuts_of_up_to_three_twentieths_in_steps_of_a_fortieth() -> None:
    # seven shares of one end, and so many of the other that both are at most 0.15: 7 + 6 + ... + 1
    assert _cuts().shape == (28, 32, 32)
    np.testing.assert_allclose(_cut(0, 0), np.eye(32))
    # without the upper half the first value lies between the sixteenth and the seventeenth, nearer to the latter
    np.testing.assert_allclose(_cut(0.5, 0)[0, 15:17], [0.25, 0.75])
    np.testing.assert_allclose(_cut(0.5, 0)[31, 30:], [0, 1])
    np.testing.assert_allclose(_cut(0, 0.5)[31, 15:17], [0.75, 0.25])
