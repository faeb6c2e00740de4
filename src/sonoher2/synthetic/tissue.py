"""The breast around a simulated lesion: skin, subcutaneous fat with its septa, gland, pectoral muscle, chest wall."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from sonoher2.synthetic.lesion import LesionTraits, LesionView
from sonoher2.synthetic.signal import FloatArray
from sonoher2.synthetic.speckle import Tissue, smooth_noise

FOCUS_AMPLITUDE = 9.0
HALO_MM = 0.8


@dataclass(frozen=True)
class _Layer:
    """One layer of tissue, from its top to the next one's.

    Attributes
    ----------
    top, top_sd
        Mean and SD along the skin of the depth of its top, as shares of the picture's depth.
    interface
        Amplitude of the bright line along its top.
    echo_db, grain_db, grain_mm
        Echo level over average gland, its SD, and the size of its grain (down, across).
    """

    top: float
    top_sd: float
    interface: float
    echo_db: float
    grain_db: float
    grain_mm: tuple[float, float]


_SKIN = _Layer(0.004, 0.0, 3.0, 6, 1.0, (0.4, 2.0))
_FAT = _Layer(0.045, 0.003, 2.0, -13, 2.0, (0.8, 2.0))
_GLAND = _Layer(0.2, 0.035, 0.6, -1, 5.0, (0.45, 2.5))
_MUSCLE = _Layer(0.66, 0.03, 1.8, -11, 5.0, (0.3, 4.0))
_CHEST = _Layer(0.84, 0.02, 2.2, -24, 4.0, (1.0, 5.0))
_LAYERS = (_SKIN, _FAT, _GLAND, _MUSCLE, _CHEST)
_BREAST_TOP, _BREAST_END = _LAYERS.index(_FAT), _LAYERS.index(_MUSCLE)
_MUSCLE_ATTENUATION = 0.6


def breast(lesion: LesionTraits, view: LesionView, mm_per_pixel: float, generator: np.random.Generator) -> Tissue:
    """Put a view of a lesion into a breast of its own.

    Parameters
    ----------
    lesion, view
        The lesion and its maps (rows, columns).
    mm_per_pixel
        Size of a pixel.
    generator
        Source of the surroundings' chance.

    Returns
    -------
    The tissue, maps of the view's shape.
    """
    size = (view.mask.shape[0], view.mask.shape[1])
    depth = np.arange(size[0])[:, None] + 0.5
    tops = _tops(size, mm_per_pixel, generator)
    echo = _layered_echo(depth, tops, mm_per_pixel, generator)
    echo = echo + lesion.halo_db * np.exp(np.minimum(view.margin_mm, 0) / HALO_MM)
    inside = gaussian_filter(view.mask.astype(np.float64), lesion.edge_mm / mm_per_pixel)
    behind = depth > tops[_BREAST_END]
    septa = _septa(size, mm_per_pixel, generator) * ((depth > tops[_BREAST_TOP]) & ~behind)
    lines = septa + _interfaces(depth, tops, generator)
    return Tissue(
        echo_db=inside * view.echo_db + (1 - inside) * echo,
        density=np.where(view.mask, lesion.density, 1.0),
        specular=(1 - inside) * lines + FOCUS_AMPLITUDE * view.foci,
        attenuation=np.where(view.mask, lesion.attenuation, 0.0) + behind * _MUSCLE_ATTENUATION,
    )


def _tops(size: tuple[int, int], mm_per_pixel: float, generator: np.random.Generator) -> FloatArray:
    """Row at which each layer begins in each column; shape (layers, columns)."""
    wave = (0.0, 9.0 / mm_per_pixel)
    bends = [generator.normal() / 2 + smooth_noise((1, size[1]), wave, generator)[0] for _ in _LAYERS]
    tops = [size[0] * (layer.top + layer.top_sd * bend) for layer, bend in zip(_LAYERS, bends, strict=True)]
    return np.maximum.accumulate(tops, axis=0)


def _layered_echo(
    depth: FloatArray, tops: FloatArray, mm_per_pixel: float, generator: np.random.Generator
) -> FloatArray:
    """Echo level of the layers without lines and lesion, dB."""
    size = (depth.shape[0], tops.shape[1])
    echoes = []
    for layer in _LAYERS:
        grain = (layer.grain_mm[0] / mm_per_pixel, layer.grain_mm[1] / mm_per_pixel)
        echoes.append(layer.echo_db + layer.grain_db * smooth_noise(size, grain, generator))
    index = (depth > tops[1:, None]).sum(axis=0)
    echo: FloatArray = gaussian_filter(np.choose(index, echoes), 0.2 / mm_per_pixel)
    return echo


def _septa(size: tuple[int, int], mm_per_pixel: float, generator: np.random.Generator) -> FloatArray:
    """Curved bright lines: where a smooth random field is zero, brighter where it is level."""
    field = smooth_noise(size, (1.6 / mm_per_pixel, 4.0 / mm_per_pixel), generator)
    slope_down, slope_across = np.gradient(field, mm_per_pixel)
    steepness = np.hypot(slope_down, slope_across) + 1e-9
    distance = np.abs(field) / steepness
    facing = (slope_down / steepness) ** 4
    strength = np.clip(0.5 + smooth_noise(size, (2 / mm_per_pixel, 3 / mm_per_pixel), generator), 0, 2)
    lines: FloatArray = 0.9 * strength * facing * np.exp(-0.5 * (distance / 0.12) ** 2)
    return lines


def _interfaces(depth: FloatArray, tops: FloatArray, generator: np.random.Generator) -> FloatArray:
    """Bright lines along the layers' tops, weaker where they slope away from the beam."""
    strength = np.array([layer.interface for layer in _LAYERS])[:, None]
    facing = np.exp(-((np.gradient(tops, axis=1) / 0.25) ** 2))
    patches = smooth_noise(tops.shape, (0, tops.shape[1] / 24), generator)
    amplitude = strength * facing * np.clip(0.4 + 0.6 * patches, 0.05, 1.6)
    lines = np.exp(-0.5 * ((depth - tops[:, None]) / 0.8) ** 2) * amplitude[:, None]
    total: FloatArray = lines.sum(axis=0)
    return total
