r"""The degradation model: what stands between an ultrasound image and a worse one of the same tissue.

On the echo amplitude :math:`a`, which log compression turns into grey (:math:`c` compresses, :math:`J` is JPEG,
:math:`D` down-sampling, :math:`g` the gain, :math:`n` speckle of mean 1, :math:`h` the point-spread function):

.. math:: y = J(c(n \cdot D(h * g a))), \qquad x = c(g a)

A network learns to find :math:`x` from :math:`y`. The operator's settings, gain and dynamic range, apply to both:
an enhancer has to leave them as they are.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

Picture = NDArray[np.float32]

SPECKLE_SPREAD = np.sqrt(4 / np.pi - 1)
"""SD over mean of fully developed speckle, 0.52: Rayleigh's (Burckhardt, IEEE Trans Sonics Ultrason 1978, 25:1-6)."""


@dataclass(frozen=True)
class Degradation:
    """One draw of the model's parameters.

    Attributes
    ----------
    scale
        Down-sampling: 1 none, 2 half the rows and columns.
    dynamic_range_db
        From black to white. Scanners show 50 to 80 dB (Szabo, Diagnostic Ultrasound Imaging, 2nd ed. 2014, ch. 10).
    gain_db
        The operator's, relative to the image as it is.
    axial_blur, lateral_blur
        SD of the point-spread function down and across, pixels of the image. Lateral resolution is the poorer: the
        beam is wider than the pulse is long (Szabo, ch. 6 and 10).
    looks
        Independent speckle patterns that are averaged (spatial and frequency compounding); the speckle's SD over
        mean is ``0.52 / sqrt(looks)`` (Burckhardt 1978; Trahey et al., IEEE Trans UFFC 1986, 33:257-264).
    axial_grain, lateral_grain
        SD of the speckle's own point-spread function down and across, pixels of the degraded image.
    jpeg_quality
        As in Pillow, 1 to 95; None: not compressed.
    """

    scale: int
    dynamic_range_db: float
    gain_db: float
    axial_blur: float
    lateral_blur: float
    looks: int
    axial_grain: float
    lateral_grain: float
    jpeg_quality: int | None


def draw_degradation(scale: int, generator: np.random.Generator) -> Degradation:
    """Draw parameters within the levels of images that clinics keep.

    Parameters
    ----------
    scale
        1 or 2.
    generator
        Source of the draws.
    """
    axial_blur = generator.uniform(0.3, 1.0)
    axial_grain = generator.uniform(0.4, 1.0)
    return Degradation(
        scale=scale,
        dynamic_range_db=generator.uniform(50, 80),
        gain_db=generator.uniform(-4, 4),
        axial_blur=axial_blur,
        lateral_blur=axial_blur * generator.uniform(1.2, 2.2),
        looks=int(generator.integers(3, 13)),
        axial_grain=axial_grain,
        lateral_grain=axial_grain * generator.uniform(1.2, 2.2),
        jpeg_quality=int(generator.integers(60, 96)) if generator.random() < 0.7 else None,
    )


def degrade(
    pixels: NDArray[np.floating | np.integer], degradation: Degradation, generator: np.random.Generator
) -> tuple[Picture, Picture]:
    """Make a degraded image and the clean one under the same settings.

    Parameters
    ----------
    pixels
        (rows, columns), grey in [0, 255]; rows and columns are multiples of `degradation.scale`.
    degradation
        The parameters.
    generator
        Source of the speckle.

    Returns
    -------
    The degraded image, (rows / scale, columns / scale), and the clean one, (rows, columns); grey in [0, 255].
    """
    amplitude = decompressed(pixels, degradation.dynamic_range_db) * np.float32(10 ** (degradation.gain_db / 20))
    clean = compressed(amplitude, degradation.dynamic_range_db)
    blurred = gaussian_filter(amplitude, (degradation.axial_blur, degradation.lateral_blur), mode="nearest")
    small = averaged_blocks(blurred, degradation.scale)
    grain = (degradation.axial_grain, degradation.lateral_grain)
    speckled = small * speckle((small.shape[0], small.shape[1]), degradation.looks, grain, generator)
    return _through_jpeg(compressed(speckled, degradation.dynamic_range_db), degradation.jpeg_quality), clean


def compressed(amplitude: Picture, dynamic_range_db: float) -> Picture:
    r"""Log compression of an amplitude to grey: :math:`255 \log(1 + ka) / \log(1 + k)`, clipped.

    :math:`k` is 10 to the dynamic range over 20, so that amplitude 0 is black and 1 is white.
    """
    k = 10 ** (dynamic_range_db / 20)
    grey: Picture = np.log1p(np.float32(k) * amplitude) * np.float32(255 / np.log1p(k))
    return grey.clip(0, 255)


def decompressed(pixels: NDArray[np.floating | np.integer], dynamic_range_db: float) -> Picture:
    """Amplitude in [0, 1] of grey in [0, 255]: the inverse of `compressed`."""
    k = 10 ** (dynamic_range_db / 20)
    amplitude: Picture = np.expm1(np.asarray(pixels, np.float32) * np.float32(np.log1p(k) / 255)) / np.float32(k)
    return amplitude


def speckle(shape: tuple[int, int], looks: int, grain: tuple[float, float], generator: np.random.Generator) -> Picture:
    """Multiplicative speckle of mean 1: the mean envelope of `looks` complex Gaussian fields with a grain.

    Parameters
    ----------
    shape
        (rows, columns).
    looks
        Fields averaged.
    grain
        SD of the point-spread function, (rows, columns), pixels.
    generator
        Source of the fields.
    """
    fields = generator.standard_normal((2, looks, *shape), dtype=np.float32)
    real, imaginary = gaussian_filter(fields, (0, 0, *grain), mode="wrap", truncate=3.0)
    # the filter takes the same share of power from every field; the Rayleigh mean is SD * sqrt(pi / 2)
    deviation = np.sqrt(_power_kept(grain[0]) * _power_kept(grain[1]))
    mean: Picture = np.hypot(real, imaginary).mean(axis=0) / np.float32(deviation * np.sqrt(np.pi / 2))
    return mean


def _power_kept(sigma: float) -> float:
    """Share of white noise's power that the one-dimensional Gaussian filter of `speckle` lets through."""
    impulse = np.zeros(2 * int(3 * sigma + 0.5) + 1)
    impulse[len(impulse) // 2] = 1
    return float((gaussian_filter(impulse, sigma, mode="constant", truncate=3.0) ** 2).sum())


def averaged_blocks(picture: Picture, scale: int) -> Picture:
    """Down-sample by the mean of `scale` x `scale` pixels."""
    rows, columns = picture.shape
    blocks = picture.reshape(rows // scale, scale, columns // scale, scale)
    averaged: Picture = blocks.mean(axis=(1, 3))
    return averaged


def _through_jpeg(grey: Picture, quality: int | None) -> Picture:
    """Round to 8 bits, and compress and decompress where a quality is given."""
    eight_bits = Image.fromarray(np.rint(grey).astype(np.uint8))
    if quality is not None:
        stream = io.BytesIO()
        eight_bits.save(stream, "JPEG", quality=quality)
        eight_bits = Image.open(stream)
    return np.asarray(eight_bits, np.float32)
