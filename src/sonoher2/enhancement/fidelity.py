"""How faithful an enhanced image is: against the clean image where there is one, and in itself where there is none."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import convolve, uniform_filter
from skimage.metrics import structural_similarity

Pixels = NDArray[np.floating]
Region = NDArray[np.bool_]

SIMILARITY_CONSTANT = 170.0
"""T of Xue et al. for grey in [0, 255]."""
WINDOW = 9
"""Side of the windows of `speckle_snr`, pixels: several speckles, and little of the tissue's own change."""


def psnr(found: Pixels, clean: Pixels) -> float:
    """Peak signal-to-noise ratio, dB, of grey in [0, 255]; infinite for equal images."""
    error = float(np.square(found - clean).mean())
    return 10 * math.log10(255**2 / error) if error else math.inf


def ssim(found: Pixels, clean: Pixels) -> float:
    """Structural similarity with the Gaussian window of SD 1.5: Wang et al., IEEE Trans Image Process 2004, 13:600."""
    settings = {"data_range": 255, "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    return float(structural_similarity(clean, found, **settings))  # type: ignore[no-untyped-call]


def gradient_similarity(found: Pixels, clean: Pixels) -> float:
    """Mean gradient magnitude similarity, 1 for equal images.

    Prewitt gradients of the images at half size: Xue et al., IEEE Trans Image Process 2014, 23:684-695, whose GMSD is
    the standard deviation of the same map.
    """
    one, other = _gradient_magnitude(found), _gradient_magnitude(clean)
    similarity = (2 * one * other + SIMILARITY_CONSTANT) / (one**2 + other**2 + SIMILARITY_CONSTANT)
    return float(similarity.mean())


def contrast_to_noise(pixels: Pixels, lesion: Region, surround: Region) -> float:
    r"""Contrast of a lesion in units of the grey's spread.

    :math:`|\mu_l - \mu_s| / \sqrt{\sigma_l^2 + \sigma_s^2}`: Patterson and Foster, Ultrason Imaging 1983, 5:195-213.

    Parameters
    ----------
    pixels
        (rows, columns).
    lesion, surround
        (rows, columns), True in the lesion, and in the tissue around it.
    """
    inside, outside = pixels[lesion], pixels[surround]
    spread = math.sqrt(inside.var() + outside.var())
    return float(abs(inside.mean() - outside.mean()) / spread) if spread else math.nan


def speckle_snr(pixels: Pixels, region: Region) -> float:
    """Mean over SD of the grey: the median over the windows that lie within a region.

    On the envelope of fully developed speckle it is 1.91 (Burckhardt, IEEE Trans Sonics Ultrason 1978, 25:1-6); on
    log-compressed grey it is larger and depends on the scanner, so that only images of the same kind compare.

    Parameters
    ----------
    pixels
        (rows, columns).
    region
        (rows, columns), True where to measure.

    Returns
    -------
    NaN when no window of `WINDOW` pixels fits into the region, or where all is flat.
    """
    values = np.asarray(pixels, np.float64)
    mean = uniform_filter(values, WINDOW)
    variance = np.maximum(uniform_filter((values - values.mean()) ** 2, WINDOW) - (mean - values.mean()) ** 2, 0)
    # a mean of ones is 1 only up to rounding
    whole = (uniform_filter(region.astype(np.float64), WINDOW, mode="constant") > 1 - 1e-6) & (variance > 1e-6)
    return float(np.median(mean[whole] / np.sqrt(variance[whole]))) if whole.any() else math.nan


def _gradient_magnitude(pixels: Pixels) -> NDArray[np.float64]:
    half = uniform_filter(np.asarray(pixels, np.float64), 2)[::2, ::2]
    prewitt = np.repeat([[1.0, 0.0, -1.0]], 3, axis=0) / 3
    across, down = (convolve(half, kernel, mode="nearest") for kernel in (prewitt, prewitt.T))
    magnitude: NDArray[np.float64] = np.hypot(across, down)
    return magnitude
