"""A simulated lesion: its contour, echoes and bright foci as the latents say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoher2.synthetic.signal import FloatArray
from sonoher2.synthetic.speckle import smooth_noise

_ANGLES = np.linspace(0.0, 2 * np.pi, 720, endpoint=False)
_CANDIDATES = 8


@dataclass(frozen=True)
class LesionTraits:
    """What is the same in all views of one lesion.

    Attributes
    ----------
    diameter_mm
        Diameter of the circle of the area of the smooth ellipse below the irregular contour.
    height_to_width
        Ratio of the ellipse's axes.
    irregularity, spiculation
        SD of the lobulation and height of the spicules, as shares of the radius.
    heterogeneity_db, density
        SD of the internal echo level and scatterers per pixel.
    foci_height
        Where the band of bright foci lies: -1 at the anterior margin, 0 across the centre, 1 at the posterior margin.
    tilt_db
        Echo level at the posterior margin less that in the middle; at the anterior margin as much the other way.
    foci
        How many there are.
    echo_db
        Mean echo level over glandular tissue.
    attenuation
        Loss in dB per mm; positive casts a shadow, negative an enhancement.
    halo_db
        Echo level at the contour over that of the tissue around; it fades outwards.
    edge_mm
        SD of the blur of the margin.
    """

    diameter_mm: float
    height_to_width: float
    irregularity: float
    spiculation: float
    heterogeneity_db: float
    density: float
    foci_height: float
    tilt_db: float
    foci: int
    echo_db: float
    attenuation: float
    halo_db: float
    edge_mm: float


@dataclass(frozen=True)
class LesionView:
    """One view of a lesion on the pixel grid; all maps (rows, columns).

    Attributes
    ----------
    mask
        True inside the contour.
    margin_mm
        Distance along the ray from the centre to the contour: positive inside, negative outside, mm.
    echo_db
        Echo level where `mask` is true.
    foci
        Amplitude of the bright foci.
    """

    mask: NDArray[np.bool_]
    margin_mm: FloatArray
    echo_db: FloatArray
    foci: FloatArray


def draw_lesion(z_shape: float, z_texture: float, z_pattern: float, generator: np.random.Generator) -> LesionTraits:
    """Lesion of a patient with these latents; size, echo level, shadow, halo and number of foci are chance."""
    # linear, so that a measure of the picture is linear in the log-odds, and bounded, so that it can be drawn
    shape, texture, pattern = np.clip(0.5 + 0.2 * np.array([z_shape, z_texture, z_pattern]), 0, 1)
    return LesionTraits(
        diameter_mm=float(np.clip(12 * np.exp(0.1 * generator.standard_normal()), 8, 17)),
        height_to_width=float(0.55 + 0.65 * shape + 0.03 * generator.standard_normal()),
        irregularity=float(0.01 + 0.11 * shape),
        spiculation=float(0.01 + 0.44 * shape),
        heterogeneity_db=float(0.3 + 6.0 * texture),
        density=float(10 ** (-1.6 * texture)),
        foci_height=float(1.6 * pattern - 0.8),
        tilt_db=float(14 * pattern - 7),
        foci=int(generator.integers(8, 12)),
        echo_db=float(-17 + 1.0 * generator.standard_normal()),
        attenuation=float(np.clip(0.15 * generator.standard_normal(), -0.4, 0.4)),
        halo_db=float(generator.uniform(2, 4)),
        edge_mm=float(generator.uniform(0.25, 0.4)),
    )


def view_lesion(
    lesion: LesionTraits, size: tuple[int, int], mm_per_pixel: float, generator: np.random.Generator
) -> LesionView:
    """Draw one view: place, contour, internal echoes and foci are new in each.

    Parameters
    ----------
    lesion
        The lesion.
    size
        (rows, columns) of the picture.
    mm_per_pixel
        Size of a pixel.
    generator
        Source of this view's chance.
    """
    body = _body_radius(lesion, generator)
    contour = body * (1 + _spicules(lesion.spiculation, generator))
    row, column = _centre(contour, size, mm_per_pixel, generator)
    down = ((np.arange(size[0]) + 0.5) * mm_per_pixel - row)[:, None]
    across = (np.arange(size[1]) + 0.5) * mm_per_pixel - column
    angle = np.arctan2(down, across)
    margin = _at_angle(contour, angle) - np.hypot(down, across)
    grain = smooth_noise(size, (0.5 / mm_per_pixel, 0.7 / mm_per_pixel), generator)
    foci = _foci(lesion, body, generator)
    # from -1 to 1 between the lesion's first and last row: a mirror image has the mirrored tilt, so that radiomics,
    # which knows no up and down, cannot see it
    top, bottom = (contour * np.sin(_ANGLES)).min(), (contour * np.sin(_ANGLES)).max()
    tilt = np.clip((2 * down - top - bottom) / (bottom - top), -1, 1)
    return LesionView(
        mask=margin > 0,
        margin_mm=margin,
        echo_db=lesion.echo_db + lesion.tilt_db * tilt + lesion.heterogeneity_db * grain,
        foci=_draw_foci(foci, down, across, mm_per_pixel),
    )


def _body_radius(lesion: LesionTraits, generator: np.random.Generator) -> FloatArray:
    """Radius in mm at each angle: an ellipse with lobulations of exactly the lesion's irregularity."""
    stretch = np.sqrt(lesion.height_to_width)
    tilt = generator.normal(0, 0.2)
    ellipse = 1 / np.hypot(np.cos(_ANGLES - tilt) * stretch, np.sin(_ANGLES - tilt) / stretch)
    orders = np.arange(3, 9)
    waves = np.cos(orders[:, None] * _ANGLES + generator.uniform(0, 2 * np.pi, (orders.size, 1)))
    lobes = (generator.standard_normal(orders.size) / np.sqrt(orders)) @ waves
    radius: FloatArray = lesion.diameter_mm / 2 * ellipse * (1 + lesion.irregularity * lobes / lobes.std())
    return radius


def _spicules(height: float, generator: np.random.Generator) -> FloatArray:
    """Relative height at each angle of pointed spicules of uneven place, length and width."""
    count = int(generator.integers(9, 12))
    centres = 2 * np.pi * (np.arange(count) + generator.uniform(-0.45, 0.45, count)) / count
    widths = generator.uniform(0.08, 0.12, (count, 1))
    heights = height * generator.uniform(0.7, 1.3, (count, 1))
    distance = np.abs((_ANGLES - centres[:, None] + np.pi) % (2 * np.pi) - np.pi)
    spicules: FloatArray = np.max(heights * np.exp(-distance / widths), axis=0)
    return spicules


def _centre(
    contour: FloatArray, size: tuple[int, int], mm_per_pixel: float, generator: np.random.Generator
) -> tuple[float, float]:
    """Row and column in mm of a centre that keeps the contour in the picture and clear of skin and chest wall."""
    height, width = size[0] * mm_per_pixel, size[1] * mm_per_pixel
    down, across = contour * np.sin(_ANGLES), contour * np.cos(_ANGLES)
    depth = generator.uniform(0.36, 0.44) * height
    depth = float(np.clip(depth, 3 - down.min(), 0.85 * height - down.max()))
    place = (0.5 + generator.uniform(-0.15, 0.15)) * width
    return depth, float(np.clip(place, 1 - across.min(), width - 1 - across.max()))


def _at_angle(radius: FloatArray, angle: FloatArray) -> FloatArray:
    """Radius at other angles."""
    return np.interp(angle, _ANGLES, radius, period=2 * np.pi)


def _foci(lesion: LesionTraits, body: FloatArray, generator: np.random.Generator) -> FloatArray:
    """Places (foci, 2) in mm from the centre, (down, across): a loose band across the lesion.

    Each is the one of a few candidates that is farthest from those before it (Mitchell, SIGGRAPH 1991). The band has
    one shape and density wherever it lies, and anterior and posterior bands mirror each other: features that do
    not know up from down, as radiomics does not, cannot tell them apart.
    """
    places = np.empty((0, 2))
    for _ in range(lesion.foci):
        down = lesion.foci_height + generator.normal(0, 0.06, _CANDIDATES)
        across = generator.uniform(-0.5, 0.5, _CANDIDATES)
        radius = np.minimum(1, 0.8 / np.hypot(down, across)) * _at_angle(body, np.arctan2(down, across))
        candidates = radius[:, None] * np.stack([down, across], axis=1)
        gaps = np.linalg.norm(candidates[:, None] - places, axis=2).min(axis=1, initial=np.inf)
        places = np.vstack([places, candidates[np.argmax(gaps)]])
    return places


def _draw_foci(places: FloatArray, down: FloatArray, across: FloatArray, mm_per_pixel: float) -> FloatArray:
    """Amplitude map of point reflectors of 0.3 mm, or of one pixel where that is larger."""
    radius = max(0.15, mm_per_pixel / 2)
    distance = ((down - row) ** 2 + (across - column) ** 2 for row, column in places)
    return sum((np.exp(-0.5 * d / radius**2) for d in distance), start=np.zeros((down.size, across.size)))
