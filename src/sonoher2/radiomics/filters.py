"""The image types that features are measured on: the original and its filtered versions, as pyradiomics has them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sonoher2.config.radiomics import ImageFilter, RadiomicsConfig
from sonoher2.radiomics.jit import kernel
from sonoher2.radiomics.laplacian import laplacians_of_gaussian
from sonoher2.radiomics.lbp import local_binary_pattern
from sonoher2.radiomics.wavelet import BANDS, wavelet_bands

Box = tuple[slice, slice]


class FilteredImages(NamedTuple):
    """All image types of a lesion within a box.

    Attributes
    ----------
    images
        (types, rows, columns); NaN where the image is too small for the filter.
    single
        (types,), whether values are rounded to float32: SimpleITK's rounding of Laplacian of Gaussian and gradient
        decides on which side of a bin edge a pixel falls.
    """

    images: NDArray[np.float64]
    single: NDArray[np.bool_]


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
) -> FilteredImages:
    """Compute each image type within a box, in the order of `image_type_names`.

    Every filter sees what it needs around the box, so that the values are those of filtering the whole image.

    Parameters
    ----------
    pixels
        The whole image, (rows, columns), C order.
    box
        Rows and columns to compute.
    config
        Which image types.
    spacing
        Height and width of a pixel, for the gradient. The Laplacian's sigma is in mm where pixels are resampled, and
        else in pixels.
    """
    names = image_type_names(config)
    images = np.empty((len(names), box[0].stop - box[0].start, box[1].stop - box[1].start))
    largest = np.float64(max(pixels.max(), -pixels.min()))
    inside = pixels[box]
    single = np.zeros(len(names), bool)
    k = 0
    for kind in config.filters:
        count = {"wavelet": len(BANDS), "log": len(config.log_sigma)}.get(kind, 1)
        out = images[k : k + count]
        single[k : k + count] = kind in ("log", "gradient")
        k += count
        if kind == "wavelet":
            wavelet_bands(pixels, box, out)
        elif kind == "log":
            _laplacians(pixels, box, [sigma / (config.resample_mm or 1.0) for sigma in config.log_sigma], out)
        elif kind == "gradient":
            _gradient(pixels, box, spacing, out[0])
        elif kind == "lbp-2d":
            local_binary_pattern(pixels, box, out[0])
        else:
            _POINTWISE[kind](inside, largest, out[0])
    return FilteredImages(images, single)


def _laplacians(pixels: NDArray[np.float64], box: Box, sigmas: list[float], out: NDArray[np.float64]) -> None:
    """SimpleITK needs four pixels a side, and pyradiomics one more than sigma."""
    laplacians_of_gaussian(pixels, box, sigmas, out)
    for sigma, image in zip(sigmas, out, strict=True):
        if min(pixels.shape) < max(4, math.ceil(sigma) + 1):
            image[:] = np.nan


# Each pointwise filter scales back to the image's largest absolute value, in pyradiomics' order of operations: rounding
# decides pixels that lie on a bin edge. An all-black image has no exponential, logarithm and square.


def _original(inside: NDArray[np.float64], largest: np.float64, out: NDArray[np.float64]) -> None:
    out[:] = inside


def _square(inside: NDArray[np.float64], largest: np.float64, out: NDArray[np.float64]) -> None:
    np.multiply(1 / np.sqrt(largest), inside, out=out)
    np.square(out, out=out)


def _square_root(inside: NDArray[np.float64], largest: np.float64, out: NDArray[np.float64]) -> None:
    np.abs(inside, out=out)
    np.multiply(out, largest, out=out)
    np.sqrt(out, out=out)
    np.copysign(out, inside, out=out)


def _logarithm(inside: NDArray[np.float64], largest: np.float64, out: NDArray[np.float64]) -> None:
    np.abs(inside, out=out)
    np.add(out, 1, out=out)
    np.log(out, out=out)
    np.copysign(out, inside, out=out)
    np.multiply(out, largest / np.log(largest + 1), out=out)


def _exponential(inside: NDArray[np.float64], largest: np.float64, out: NDArray[np.float64]) -> None:
    np.multiply(np.log(largest) / largest, inside, out=out)
    np.exp(out, out=out)


_POINTWISE: dict[ImageFilter, Callable[[NDArray[np.float64], np.float64, NDArray[np.float64]], None]] = {
    "original": _original,
    "square": _square,
    "squareroot": _square_root,
    "logarithm": _logarithm,
    "exponential": _exponential,
}


def _gradient(pixels: NDArray[np.float64], box: Box, spacing: tuple[float, float], out: NDArray[np.float64]) -> None:
    """Magnitude of the central differences, the border pixels repeated outside."""
    rows, columns = (np.arange(span.start - 1, span.stop + 1) for span in box)
    around = pixels.take(rows, 0, mode="clip").take(columns, 1, mode="clip")
    _gradient_magnitude(around, 0.5 / spacing[0], 0.5 / spacing[1], out)


@kernel
def _gradient_magnitude(
    around: NDArray[np.float64], per_row: float, per_column: float, out: NDArray[np.float64]
) -> None:
    for y in range(out.shape[0]):
        above, here, below, line = around[y], around[y + 1], around[y + 2], out[y]
        for x in range(line.size):
            across = per_column * (here[x + 2] - here[x])
            down = per_row * (below[x + 1] - above[x + 1])
            line[x] = np.float32(math.sqrt(across * across + down * down))
