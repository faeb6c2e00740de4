"""Does an enhancer invent structure? Phantoms in which there is none, and what an enhancer makes of them.

Speckle is random: smoothing it is allowed, turning it into blobs or edges is not. The reference is the phantom itself
seen through linear filters, whose low frequencies, blobs and edges an honest enhancer keeps or weakens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.ndimage import gaussian_gradient_magnitude, gaussian_laplace, uniform_filter

from sonoher2.enhancement.degrade import compressed, decompressed, speckle

Pixels = NDArray[np.float64]
Clear = Callable[[Pixels], Pixels]
"""From an image to the cleared one, of the same size or enlarged."""

SIDE = 192
"""Pixels of a phantom; the margin of `MARGIN` is left out, so that borders do not count."""
MARGIN = 16
DYNAMIC_RANGE_DB = 60.0
GRAIN = (0.7, 1.2)
FLAT_GREYS = (0, 30, 90, 150, 210, 255)
SPECKLED_GREYS = (40, 90, 150)
LOOKS = (1, 4, 12)
"""From fully developed speckle to strong compounding."""
CELL = 12
"""Pixels; structure that repeats over more is larger than any speckle here."""
BLOB_SIZES = (4.0, 8.0)
"""SD of the blob filter, pixels: lesions of about 11 and 23 pixels across."""
EDGE_SIZE = 3.0
BESIDE = (4, 32)
"""Pixels from a real edge between which nothing may appear beside it."""


@dataclass(frozen=True)
class Tolerances:
    """What still counts as nothing.

    Attributes
    ----------
    flat
        Change of a flat grey, grey levels.
    shift
        Change of the mean grey of speckle, grey levels: the mean of log-compressed speckle lies below its centre.
    growth
        Largest ratio of low frequencies, blobs and edges to those of the phantom itself.
    beside_edge
        Change of the mean grey near an edge beyond the mean shift, grey levels.
    """

    flat: float = 2.0
    shift: float = 4.0
    growth: float = 1.1
    beside_edge: float = 3.0


@dataclass(frozen=True)
class Hallucination:
    """What an enhancer made of phantoms without structure; each figure is the worst of all phantoms.

    Attributes
    ----------
    flat
        Largest change of any pixel of a flat grey, grey levels.
    shift
        Largest change of the mean grey of a speckled phantom, grey levels.
    low_frequencies
        Ratio of the amplitude of structure larger than a speckle, cleared to given.
    blobs
        Ratio of the strongest response of a blob filter: the lesion that is most easily seen and is not there.
    edges
        Ratio of the strongest gradient at a scale above the speckle.
    beside_edge
        Largest change of the mean grey along a real edge, within `BESIDE` pixels of it, grey levels.
    """

    flat: float
    shift: float
    low_frequencies: float
    blobs: float
    edges: float
    beside_edge: float

    def failures(self, tolerances: Tolerances | None = None) -> list[str]:
        """Say what is beyond tolerance; nothing when the check passes."""
        allowed = tolerances or Tolerances()
        limits = {
            "flat": allowed.flat,
            "shift": allowed.shift,
            "low_frequencies": allowed.growth,
            "blobs": allowed.growth,
            "edges": allowed.growth,
            "beside_edge": allowed.beside_edge,
        }
        found = {name: float(getattr(self, name)) for name in limits}
        return [f"{name} {found[name]:.2f}, at most {most:g}" for name, most in limits.items() if found[name] > most]


def check_hallucination(clear: Clear, seed: int = 0) -> Hallucination:
    """Show phantoms to an enhancer and measure what appears in them.

    Parameters
    ----------
    clear
        The enhancer.
    seed
        Of the speckle.
    """
    generator = np.random.default_rng(seed)
    phantoms = [speckled(np.full((SIDE, SIDE), grey), looks, generator) for grey in SPECKLED_GREYS for looks in LOOKS]
    pairs = [_given_and_cleared(phantom, clear) for phantom in phantoms]
    return Hallucination(
        flat=max(_flat_change(float(grey), clear) for grey in FLAT_GREYS),
        shift=max(abs(float((cleared - given).mean())) for given, cleared in pairs),
        low_frequencies=max(low_frequencies(cleared) / low_frequencies(given) for given, cleared in pairs),
        blobs=max(strongest_blob(c, size) / strongest_blob(g, size) for g, c in pairs for size in BLOB_SIZES),
        edges=max(strongest_edge(cleared) / strongest_edge(given) for given, cleared in pairs),
        beside_edge=max(_beside_edge(looks, clear, generator) for looks in LOOKS),
    )


def speckled(grey: NDArray[np.floating], looks: int, generator: np.random.Generator) -> Pixels:
    """Phantom with fully developed speckle, averaged over `looks`, around the given grey levels (rows, columns)."""
    amplitude = decompressed(grey, DYNAMIC_RANGE_DB)
    shape = (grey.shape[0], grey.shape[1])
    return compressed(amplitude * speckle(shape, looks, GRAIN, generator), DYNAMIC_RANGE_DB).astype(np.float64)


def low_frequencies(pixels: Pixels) -> float:
    """Root mean square of the structure that repeats over more than `CELL` pixels, without the mean."""
    spectrum = np.abs(fft.fft2(pixels - pixels.mean())) / pixels.size
    rows, columns = (fft.fftfreq(length) for length in pixels.shape)
    slow = np.hypot(rows[:, None], columns) < 1 / CELL
    return float(np.sqrt((spectrum[slow] ** 2).sum()))


def strongest_blob(pixels: Pixels, size: float) -> float:
    """Strongest response to a bright or dark blob, scale-normalised: Lindeberg, Int J Comput Vis 1998, 30:79-116."""
    return float(np.abs(size**2 * gaussian_laplace(pixels, size)).max())


def strongest_edge(pixels: Pixels) -> float:
    """Strongest gradient after smoothing with a Gaussian of SD `EDGE_SIZE`."""
    return float(gaussian_gradient_magnitude(pixels, EDGE_SIZE).max())


def _given_and_cleared(phantom: Pixels, clear: Clear) -> tuple[Pixels, Pixels]:
    """Both without their margin; an enlarged result is averaged back to the size of the phantom."""
    cleared = _same_size(clear(phantom), phantom.shape[0])
    inner = slice(MARGIN, -MARGIN)
    return phantom[inner, inner], cleared[inner, inner]


def _same_size(cleared: Pixels, rows: int) -> Pixels:
    scale = cleared.shape[0] // rows
    averaged: Pixels = cleared.reshape(rows, scale, -1, scale).mean(axis=(1, 3))
    return averaged


def _flat_change(grey: float, clear: Clear) -> float:
    given, cleared = _given_and_cleared(np.full((SIDE, SIDE), grey), clear)
    return float(np.abs(cleared - given).max())


def _beside_edge(looks: int, clear: Clear, generator: np.random.Generator) -> float:
    """Change of the mean grey of each column beside an upright edge, beyond the mean change of its side."""
    half = SIDE // 2
    given, cleared = _given_and_cleared(
        speckled(np.where(np.arange(SIDE) < half, 60.0, 160.0) * np.ones((SIDE, 1)), looks, generator), clear
    )
    change = uniform_filter((cleared - given).mean(axis=0), 3)
    edge, (near, far) = half - MARGIN, BESIDE
    sides = (change[edge - far : edge - near], change[edge + near : edge + far])
    return float(max(np.abs(side - side.mean()).max() for side in sides))
