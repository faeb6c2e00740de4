from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, median_filter

from sonoher2.enhancement.enhancer import load_enhancer
from sonoher2.enhancement.hallucination import Clear, check_hallucination

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
        (_with_ringing, "beside_edge"),
    ],
)
def test_invented_structure_is_caught(dishonest: Clear, caught: str) -> None:
    assert any(failure.startswith(caught) for failure in check_hallucination(dishonest).failures())
