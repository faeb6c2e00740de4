"""Changes that an ultrasound image could have come with: another gain, depth, noise or framing; never upside down.

Grey values of a B-mode image are close to the logarithm of the echo, so that a gain shifts them, attenuation tilts
them with depth, the scanner's dynamic range stretches them, and multiplicative speckle adds to them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import affine_transform, gaussian_filter

from sonoher2.deep.crop import Crop


@dataclass(frozen=True)
class Augmentation:
    """Largest changes; each is drawn uniformly up to them. The scanner's side of a crop is always up.

    Attributes
    ----------
    mirror
        Whether left and right are swapped, every second time.
    gain
        Shift of all grey values, grey levels.
    attenuation
        Difference of the shift between top and bottom, grey levels.
    dynamic_range
        Stretch of the grey values about mid-grey, as a share.
    speckle
        Standard deviation of the added noise, grey levels; its grain is about two pixels.
    scale
        Magnification or reduction, as a share.
    shift
        Displacement, as a share of the side.
    """

    mirror: bool = True
    gain: float = 20.0
    attenuation: float = 20.0
    dynamic_range: float = 0.15
    speckle: float = 10.0
    scale: float = 0.12
    shift: float = 0.06


def augmented(crop: Crop, rng: np.random.Generator, largest: Augmentation | None = None) -> Crop:
    """One random variant of a crop; grey values change where there is echo, the mask only moves along.

    Parameters
    ----------
    crop
        Shape (layers, size, size): grey values, then masks if any, 0 to 255.
    rng
        Source of the draws.
    largest
        `Augmentation()` when None.
    """
    limits = largest or Augmentation()
    layers = crop.astype(np.float32)
    if limits.mirror and rng.random() < 0.5:
        layers = layers[..., ::-1]
    zoom = 1 + rng.uniform(-limits.scale, limits.scale)
    moved = _moved(layers, zoom, rng.uniform(-limits.shift, limits.shift, 2) * layers.shape[-1])
    moved[0] = _relit(moved[0], rng, limits)
    return np.clip(np.rint(moved), 0, 255).astype(np.uint8)


def _moved(layers: NDArray[np.float32], zoom: float, shift: NDArray[np.float64]) -> NDArray[np.float32]:
    """Magnify about the centre and displace by rows and columns; black comes in at the edges."""
    centre = (layers.shape[-1] - 1) / 2
    offset = centre - (centre + shift) / zoom
    return np.stack([affine_transform(layer, np.full(2, 1 / zoom), offset, order=1) for layer in layers])


def _relit(grey: NDArray[np.float32], rng: np.random.Generator, limits: Augmentation) -> NDArray[np.float32]:
    depth = np.linspace(-0.5, 0.5, len(grey), dtype=np.float32)[:, None]
    noise = gaussian_filter(rng.standard_normal(grey.shape, dtype=np.float32), 1.0)
    speckle = noise / noise.std() * rng.uniform(0, limits.speckle)
    tilt = rng.uniform(-limits.attenuation, limits.attenuation) * depth
    stretched = (grey - 128) * (1 + rng.uniform(-limits.dynamic_range, limits.dynamic_range)) + 128
    changed = stretched + rng.uniform(-limits.gain, limits.gain) + tilt + speckle
    return np.where(grey > 0, changed, 0).astype(np.float32)
