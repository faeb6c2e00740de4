"""Simple figures of an image's quality around the lesion, and when to warn of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

MARGIN = 20
"""Pixels of tissue around the lesion that are looked at, too."""
WINDOW = 9
"""Pixels over which the measure of blur averages."""

SMALLEST, FEWEST_LEVELS, MOST_SATURATED, MOST_BLURRED = 16.0, 32, 0.05, 0.75
"""Limits of a warning: lesion's diameter in pixels, grey levels, share of white pixels, blur."""
PROBLEMS = {
    "small lesion": f"the lesion is smaller than {SMALLEST:.0f} pixels",
    "few grey levels": f"fewer than {FEWEST_LEVELS} grey levels",
    "white": f"more than {MOST_SATURATED:.0%} of the pixels are white",
    "blurred": f"blurred (above {MOST_BLURRED:g})",
}
"""What can be wrong with an image, and the words for it."""


def image_quality(pixels: NDArray[Any], mask: NDArray[np.bool_]) -> dict[str, float]:
    """Size, grey values and sharpness of an image with its lesion.

    Parameters
    ----------
    pixels
        (rows, columns), 0 to 255.
    mask
        (rows, columns), the lesion; not empty.

    Returns
    -------
    `rows`, `columns`, `grey_mean` and `grey_sd` of the image; of the lesion with `MARGIN` pixels around it `levels`
    (different whole grey values), `saturated` (share of pixels at 255) and `blur` (0 sharp, 1 blurred; NaN for a
    picture too small to tell; see `blur`); `diameter`, in pixels, of the circle with the lesion's area.
    """
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    around = pixels[_span(rows), _span(columns)]
    return {
        "rows": float(pixels.shape[0]),
        "columns": float(pixels.shape[1]),
        "grey_mean": float(pixels.mean()),
        "grey_sd": float(pixels.std()),
        "levels": float(len(np.unique(around.astype(np.uint8)))),
        "saturated": float((around >= 255).mean()),
        "blur": blur(around),
        "diameter": float(2 * np.sqrt(mask.sum() / np.pi)),
    }


def _span(places: NDArray[np.intp]) -> slice:
    return slice(max(int(places[0]) - MARGIN, 0), int(places[-1]) + 1 + MARGIN)


def blur(pixels: NDArray[Any]) -> float:
    """Blur of a picture, 0 sharp to 1 blurred: how little its steps between neighbours shrink when it is blurred anew.

    The worse of both directions. NaN for a picture of a single grey value or too small to be blurred.

    References
    ----------
    Crété F et al. The blur effect: perception and estimation with a new no-reference perceptual blur metric.
    Proc SPIE 2007, 6492:64920I.
    """
    values = np.asarray(pixels, dtype=np.float32)
    if min(values.shape) <= WINDOW or values.min() == values.max():
        return float("nan")
    return max(_blur_along(values, axis) for axis in (0, 1))


def _blur_along(values: NDArray[np.float32], axis: int) -> float:
    steps = np.abs(np.diff(values, axis=axis))
    after = np.abs(np.diff(uniform_filter1d(values, WINDOW, axis=axis), axis=axis))
    total = float(steps.sum())
    return 1 - float(np.maximum(steps - after, 0).sum()) / total if total else 1.0


def problem_codes(quality: Mapping[str, float]) -> list[str]:
    """Say what is wrong with an image, in words of `PROBLEMS`; nothing for a good one.

    Parameters
    ----------
    quality
        From `image_quality`.
    """
    if not quality:
        return []
    found = {
        "small lesion": quality["diameter"] < SMALLEST,
        "few grey levels": quality["levels"] < FEWEST_LEVELS,
        "white": quality["saturated"] > MOST_SATURATED,
        "blurred": quality["blur"] > MOST_BLURRED,
    }
    return [code for code, holds in found.items() if holds]


def quality_problems(quality: Mapping[str, float]) -> list[str]:
    """Say what is wrong with an image in sentences; `quality` as in `problem_codes`."""
    return [PROBLEMS[code] for code in problem_codes(quality)]
