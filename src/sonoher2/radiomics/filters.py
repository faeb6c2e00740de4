"""The image types that features are measured on: the original and its filtered versions, as pyradiomics has them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from sonoher2.config.radiomics import ImageFilter, RadiomicsConfig
from sonoher2.radiomics.jit import kernel
from sonoher2.radiomics.laplacian import laplacian_of_gaussian
from sonoher2.radiomics.lbp import local_binary_pattern
from sonoher2.radiomics.wavelet import BANDS, wavelet_bands

Box = tuple[slice, slice]
Filtered = NDArray[np.float64] | NDArray[np.float32]


def image_type_names(config: RadiomicsConfig) -> list[str]:
    """Names of the image types, in pyradiomics' spelling and in the order of the configuration."""
    return [name for kind in config.filters for name in _names_of(kind, config.log_sigma)]


def _names_of(kind: ImageFilter, sigmas: list[float]) -> list[str]:
    if kind == "wavelet":
        return [f"wavelet-{band}" for band in BANDS]
    if kind == "log":
        return [f"log-sigma-{str(float(sigma)).replace('.', '-')}-mm-3D" for sigma in sigmas]
    return ["lbp-2D" if kind == "lbp-2d" else kind]


def filtered_images(
    pixels: NDArray[np.float64], box: Box, config: RadiomicsConfig, spacing: tuple[float, float]
) -> Iterator[Filtered | None]:
    """Compute each image type within a box, in the order of `image_type_names`.

    Every filter sees what it needs around the box, so that the values are those of filtering the whole image.

    Parameters
    ----------
    pixels
        The whole image, (rows, columns).
    box
        Rows and columns to compute.
    config
        Which image types.
    spacing
        Height and width of a pixel, for the gradient. The Laplacian's sigma is in mm where pixels are resampled, and
        else in pixels.

    Yields
    ------
    The box's pixels; float32 for Laplacian of Gaussian and gradient, whose float32 rounding in SimpleITK decides on
    which side of a bin edge a pixel falls. None when the image is too small for the filter.
    """
    largest = np.float64(max(pixels.max(), -pixels.min()))
    for kind in config.filters:
        if kind == "wavelet":
            yield from wavelet_bands(pixels, box).values()
        elif kind == "log":
            for sigma in config.log_sigma:
                yield _laplacian(pixels, box, sigma / (config.resample_mm or 1.0))
        elif kind == "gradient":
            yield _gradient(pixels, box, spacing)
        elif kind == "lbp-2d":
            yield local_binary_pattern(pixels, box)
        else:
            yield _POINTWISE[kind](pixels[box], largest)


def _laplacian(pixels: NDArray[np.float64], box: Box, sigma: float) -> Filtered | None:
    """SimpleITK needs four pixels a side, and pyradiomics one more than sigma."""
    if min(pixels.shape) < max(4, math.ceil(sigma) + 1):
        return None
    return laplacian_of_gaussian(pixels, box, sigma)


# Each pointwise filter scales back to the image's largest absolute value, in pyradiomics' order of operations: rounding
# decides pixels that lie on a bin edge.


def _original(inside: NDArray[np.float64], largest: np.float64) -> Filtered:
    return inside


def _square(inside: NDArray[np.float64], largest: np.float64) -> Filtered:
    result: Filtered = ((1 / np.sqrt(largest)) * inside) ** 2
    return result


def _square_root(inside: NDArray[np.float64], largest: np.float64) -> Filtered:
    return np.copysign(np.sqrt(np.abs(inside) * largest), inside)


def _logarithm(inside: NDArray[np.float64], largest: np.float64) -> Filtered:
    result: Filtered = np.copysign(np.log(np.abs(inside) + 1), inside) * (largest / np.log(largest + 1))
    return result


def _exponential(inside: NDArray[np.float64], largest: np.float64) -> Filtered:
    result: Filtered = np.exp((np.log(largest) / largest) * inside)
    return result


_POINTWISE: dict[ImageFilter, Callable[[NDArray[np.float64], np.float64], Filtered]] = {
    "original": _original,
    "square": _square,
    "squareroot": _square_root,
    "logarithm": _logarithm,
    "exponential": _exponential,
}


def _gradient(pixels: NDArray[np.float64], box: Box, spacing: tuple[float, float]) -> Filtered:
    """Magnitude of the central differences, the border pixels repeated outside."""
    rows = np.clip(np.arange(box[0].start - 1, box[0].stop + 1), 0, pixels.shape[0] - 1)
    columns = np.clip(np.arange(box[1].start - 1, box[1].stop + 1), 0, pixels.shape[1] - 1)
    out = np.empty((rows.size - 2, columns.size - 2), np.float32)
    _gradient_magnitude(pixels[np.ix_(rows, columns)], 0.5 / spacing[0], 0.5 / spacing[1], out)
    return out


@kernel
def _gradient_magnitude(
    around: NDArray[np.float64], per_row: float, per_column: float, out: NDArray[np.float32]
) -> None:
    for y in range(out.shape[0]):
        above, here, below, line = around[y], around[y + 1], around[y + 2], out[y]
        for x in range(line.size):
            across = per_column * (here[x + 2] - here[x])
            down = per_row * (below[x + 1] - above[x + 1])
            line[x] = math.sqrt(across * across + down * down)
