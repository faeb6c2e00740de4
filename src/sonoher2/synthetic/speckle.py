r"""B-mode ultrasound from scatterers: complex reflectivity, point-spread function, envelope, logarithm.

The linear, separable model of Bamber and Dickinson (Phys Med Biol 1980, 25:463), demodulated: the carrier turns a
scatterer's place within a wavelength into a random phase, so that the field is complex and the pulse is its envelope.
Many scatterers per resolution cell give Rayleigh speckle, few give a K distribution (Shankar, IEEE Trans Med Imaging
1995, 14:727).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.ndimage import gaussian_filter1d

from sonoher2.synthetic.signal import FloatArray

DEPTH_OF_FIELD_MM = 14.0
TOP_DB = 22.0
"""Echo level, in dB over glandular tissue, that is shown as white."""
SHADOW_BLUR_MM = 0.7


@dataclass(frozen=True)
class Scanner:
    """An ultrasound machine with its settings.

    Attributes
    ----------
    name
        What the images table calls the site.
    depth_mm
        Depth of the picture.
    pulse_mm, beam_mm
        SD of the pulse along the beam and of the beam's width at the focus.
    focus_mm
        Depth of the focus; the beam is wider above and below.
    looks
        Frames of different phase whose envelopes are averaged (spatial compounding).
    dynamic_range_db
        Range of echo levels from black to white.
    noise_db
        Level of the electronic noise, in dB over glandular tissue.
    """

    name: str
    depth_mm: float
    pulse_mm: float
    beam_mm: float
    focus_mm: float
    looks: int
    dynamic_range_db: float
    noise_db: float


@dataclass(frozen=True)
class Tissue:
    """What the sound meets. All maps have one shape (rows, columns).

    Attributes
    ----------
    echo_db
        Backscatter in dB over glandular tissue.
    density
        Scatterers per pixel, in (0, 1].
    specular
        Amplitude of smooth interfaces, which reflect in phase.
    attenuation
        Two-way loss in dB per mm beyond what the depth gain makes good; negative behind fluid.
    """

    echo_db: FloatArray
    density: FloatArray
    specular: FloatArray
    attenuation: FloatArray


def b_mode(
    tissue: Tissue, mm_per_pixel: float, scanner: Scanner, gain_db: float, generator: np.random.Generator
) -> NDArray[np.uint8]:
    """Image a tissue.

    Parameters
    ----------
    tissue
        Maps of shape (rows, columns), the first row at the skin.
    mm_per_pixel
        Size of a square pixel.
    scanner
        The machine.
    gain_db
        The user's gain.
    generator
        Source of the scatterers' places, strengths and phases and of the noise.

    Returns
    -------
    Grey levels (rows, columns), 0 black.
    """
    strength = _scatterer_strength(tissue, generator)
    loss = 10 ** (-_path_loss_db(tissue.attenuation, mm_per_pixel) / 20)
    frames = [
        _envelope((strength * _phases(strength.shape, generator) + tissue.specular) * loss, mm_per_pixel, scanner)
        for _ in range(scanner.looks)
    ]
    noise = 10 ** (scanner.noise_db / 20) * np.abs(_phases(strength.shape, generator))
    return _compress(np.hypot(np.mean(frames, axis=0), noise), scanner.dynamic_range_db, gain_db)


def smooth_noise(shape: tuple[int, int], sigma: tuple[float, float], generator: np.random.Generator) -> FloatArray:
    """White noise behind a Gaussian filter, of mean 0 and SD 1.

    Parameters
    ----------
    shape
        (rows, columns).
    sigma
        SD of the filter, (rows, columns), pixels.
    generator
        Source of the noise.
    """
    spectrum = fft.rfft2(generator.standard_normal(shape))
    rows, columns = fft.fftfreq(shape[0])[:, None], fft.rfftfreq(shape[1])
    spectrum *= np.exp(-2 * np.pi**2 * ((sigma[0] * rows) ** 2 + (sigma[1] * columns) ** 2))
    spectrum[0, 0] = 0
    noise = fft.irfft2(spectrum, s=shape)
    unit: FloatArray = noise / noise.std()
    return unit


def _scatterer_strength(tissue: Tissue, generator: np.random.Generator) -> FloatArray:
    """Scatterers of the given density, their mean power as the echo map says whatever the density."""
    present = generator.random(tissue.density.shape) < tissue.density
    strength: FloatArray = present * 10 ** (tissue.echo_db / 20) / np.sqrt(tissue.density)
    return strength


def _phases(shape: tuple[int, ...], generator: np.random.Generator) -> NDArray[np.complex128]:
    """Circular complex normal numbers of mean power 1."""
    parts = generator.standard_normal((2, *shape)) * np.sqrt(0.5)
    phases: NDArray[np.complex128] = parts[0] + 1j * parts[1]
    return phases


def _path_loss_db(attenuation: FloatArray, mm_per_pixel: float) -> FloatArray:
    """Loss in dB collected from the skin to each pixel, its edges softened by the width of the beam."""
    collected = np.cumsum(attenuation, axis=0) * mm_per_pixel
    loss: FloatArray = gaussian_filter1d(collected, SHADOW_BLUR_MM / mm_per_pixel, axis=1, mode="nearest")
    return loss


def _envelope(field: NDArray[np.complex128], mm_per_pixel: float, scanner: Scanner) -> FloatArray:
    """Convolve with the pulse down the lines and with the beam, wider away from the focus, across; then detect.

    Both filters keep the power of white noise, so that the mean echo level does not depend on depth.
    """
    depth = (np.arange(field.shape[0]) + 0.5) * mm_per_pixel
    widening = np.hypot(1, (depth - scanner.focus_mm) / DEPTH_OF_FIELD_MM)
    # never narrower than the grid can show, so that small pictures have speckle too
    beam = np.maximum(scanner.beam_mm * widening / mm_per_pixel, 0.8)[:, None]
    pulse = max(scanner.pulse_mm / mm_per_pixel, 0.6)
    across = np.exp(-2 * (np.pi * beam * fft.fftfreq(field.shape[1])) ** 2) * _power_gain(beam)
    lines = fft.ifft(fft.fft(field, axis=1) * across, axis=1)
    envelope: FloatArray = np.abs(gaussian_filter1d(lines, pulse, axis=0, mode="constant")) * _power_gain(pulse)
    return envelope


def _power_gain(sigma: float | FloatArray) -> float | FloatArray:
    """Amplitude that makes good what a Gaussian filter of unit sum takes from white noise, per axis."""
    gain: float | FloatArray = np.sqrt(2 * np.sqrt(np.pi) * sigma)
    return gain


def _compress(envelope: FloatArray, dynamic_range_db: float, gain_db: float) -> NDArray[np.uint8]:
    """Log compression to 8 bits."""
    level = 20 * np.log10(np.maximum(envelope, 1e-6)) + gain_db
    return np.rint(255 * np.clip((level - TOP_DB) / dynamic_range_db + 1, 0, 1)).astype(np.uint8)
