from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, median_filter

from sonoher2.enhancement import hallucination
from sonoher2.enhancement.enhancer import load_enhancer
from sonoher2.enhancement.hallucination import (
    Clear,
    Hallucination,
    Tolerances,
    check_hallucination,
    low_frequencies,
    strongest_blob,
    strongest_edge,
)

Pixels = NDArray[np.float64]


@pytest.mark.parametrize("scale", [1, 2])
def test_the_shipped_enhancer_invents_nothing(scale: int) -> None:
    found = check_hallucination(lambda pixels: load_enhancer().clear(pixels, scale))
    assert found.failures() == []


@pytest.mark.parametrize(
    "honest",
    [
        lambda pixels: pixels,
        lambda pixels: gaussian_filter(pixels, 1.5),
        lambda pixels: median_filter(pixels, 5),
        lambda pixels: np.kron(pixels, np.ones((2, 2))),
    ],
)
def test_plain_filters_pass(honest: Clear) -> None:
    assert check_hallucination(honest).failures() == []


def _with_blob(pixels: Pixels) -> Pixels:
    rows, columns = np.mgrid[: pixels.shape[0], : pixels.shape[1]]
    return np.clip(pixels - 25 * (np.hypot(rows - 96, columns - 70) < 12), 0, 255)


def _with_edge(pixels: Pixels) -> Pixels:
    return pixels + 15 * (np.arange(pixels.shape[1]) > 120)


def _sharpened(pixels: Pixels) -> Pixels:
    return pixels + (pixels - gaussian_filter(pixels, 4))


def _brightened(pixels: Pixels) -> Pixels:
    return pixels + 6


def _with_ringing(pixels: Pixels) -> Pixels:
    # rings beside strong edges only, as sharpening leaves them
    step = gaussian_filter(pixels, 6) - gaussian_filter(pixels, 12)
    return np.where(np.abs(step) > 8, pixels + step, pixels)


@pytest.mark.parametrize(
    ("dishonest", "caught"),
    [
        (_with_blob, "blobs"),
        (_with_edge, "edges"),
        (_sharpened, "low_frequencies"),
        (_brightened, "shift"),
        (lambda pixels: pixels - 6, "shift"),
        (_with_ringing, "beside_edge"),
    ],
)
def test_invented_structure_is_caught(dishonest: Clear, caught: str) -> None:
    assert any(failure.startswith(caught) for failure in check_hallucination(dishonest).failures())


def test_what_counts_as_nothing() -> None:
    worst = Hallucination(2.5, 4.5, 1.2, 1.15, 1.3, 3.456)
    assert worst.failures() == [
        "flat 2.50, at most 2", "shift 4.50, at most 4", "low_frequencies 1.20, at most 1.1", "blobs 1.15, at most 1.1",
        "edges 1.30, at most 1.1", "beside_edge 3.46, at most 3",
    ]  # fmt: skip
    assert Hallucination(2, 4, 1.1, 1.1, 1.1, 3).failures() == []
    assert worst.failures(Tolerances(flat=3, shift=5, growth=1.25, beside_edge=4)) == ["edges 1.30, at most 1.25"]


@pytest.mark.parametrize(("period", "amplitude"), [(16, 10 / np.sqrt(2)), (24, 10 / np.sqrt(2)), (8, 0), (12, 0)])
def test_structure_over_more_than_twelve_pixels_is_slow(period: int, amplitude: float) -> None:
    wave = 90 + 10 * np.sin(2 * np.pi * np.arange(48) / period) * np.ones((48, 1))
    assert low_frequencies(wave) == pytest.approx(amplitude, abs=1e-9)
    assert low_frequencies(wave.T) == pytest.approx(amplitude, abs=1e-9)


def test_bright_and_dark_blobs_alike_and_the_size_that_fits_most() -> None:
    rows, columns = np.mgrid[:96, :96]
    blob = 50 * np.exp(-((rows - 48) ** 2 + (columns - 48) ** 2) / (2 * 4.0**2))
    # a Gaussian of the filter's own size gives half its height
    assert strongest_blob(100 + blob, 4.0) == pytest.approx(25, rel=0.01)
    assert strongest_blob(100 - blob, 4.0) == pytest.approx(25, rel=0.01)
    assert strongest_blob(100 + blob, 8.0) < 20


def test_the_strongest_edge_is_that_of_a_smoothed_step() -> None:
    step = np.where(np.arange(60) < 30, 20.0, 80.0) * np.ones((60, 1))
    # 60 over sqrt(2 pi) 3
    assert strongest_edge(step) == pytest.approx(60 / (np.sqrt(2 * np.pi) * 3), rel=0.02)


def test_margins_do_not_count_and_enlarged_ones_are_averaged() -> None:
    def framed(pixels: np.ndarray) -> np.ndarray:
        changed = np.kron(pixels, np.ones((2, 2)))
        changed[:32] = changed[-32:] = 0
        changed[:, :32] = changed[:, -32:] = 0
        changed[100, 100] += 8
        return changed

    assert hallucination._flat_change(90.0, framed) == pytest.approx(2)


@pytest.mark.parametrize(
    ("column", "felt"),
    [(62, False), (63, True), (92, True), (93, False), (98, False), (99, True), (128, True), (129, False)],
)
def test_what_appears_beside_an_edge_within_four_to_thirty_two_pixels(column: int, felt: bool) -> None:
    shown: list[Pixels] = []

    def lined(pixels: Pixels) -> Pixels:
        shown.append(pixels)
        return pixels + 9 * (np.arange(192) == column)

    found = hallucination._beside_edge(300, lined, np.random.default_rng(0))
    # over three columns the line of 9 is 3 each; one of them is among the 28 of a side, less the side's mean
    assert found == pytest.approx(3 - 3 / 28 if felt else 0, abs=1e-9)
    # dark to the 95th column, bright from the 96th
    grey = shown[0].mean(axis=0)
    assert np.abs(grey[:96] - 60).max() < 5
    assert np.abs(grey[96:] - 160).max() < 5


def test_the_seed_draws_the_speckle_of_all_phantoms() -> None:
    def phantoms(seed: int) -> list[Pixels]:
        seen: list[Pixels] = []
        check_hallucination(lambda pixels: seen.append(pixels) or pixels, seed)
        return seen

    first, same, other = phantoms(0), phantoms(0), phantoms(1)
    # nine of speckle, six flat ones, three edges
    assert [one.shape for one in first] == [(192, 192)] * 18
    differing = [not np.array_equal(a, b) for a, b in zip(first, other, strict=True)]
    assert differing == [True] * 9 + [False] * 6 + [True] * 3
    assert all(np.array_equal(a, b) for a, b in zip(first, same, strict=True))
    # each grey with one, four and twelve looks: the more, the smoother
    spreads = np.array([one.std() for one in first[:9]]).reshape(3, 3)
    assert (np.diff(spreads, axis=1) < 0).all()
    greys = np.array([one.mean() for one in first[:9]]).reshape(3, 3)
    assert np.abs(greys[:, 2] - [40, 90, 150]).max() < 5


def test_flat_greys_from_black_to_white_are_shown() -> None:
    seen = []

    def looked_at(pixels: np.ndarray) -> np.ndarray:
        if np.ptp(pixels) == 0:
            seen.append(float(pixels[0, 0]))
        return pixels

    check_hallucination(looked_at)
    assert seen == [0, 30, 90, 150, 210, 255]
