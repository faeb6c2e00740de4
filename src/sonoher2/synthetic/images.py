"""The pictures of one simulated patient: two views of one lesion on one scanner."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoher2.synthetic.lesion import LesionTraits, view_lesion
from sonoher2.synthetic.signal import patient_generator
from sonoher2.synthetic.speckle import Scanner, b_mode
from sonoher2.synthetic.tissue import breast

SCANNERS = (
    Scanner("Scanner A", 38.4, 0.12, 0.28, 15.0, 3, 58.0, -38.0),
    Scanner("Scanner B", 44.8, 0.16, 0.34, 18.0, 2, 55.0, -36.0),
)
VIEWS = ("radial", "antiradial")
GAIN_SD_DB = 1.0


@dataclass(frozen=True)
class Picture:
    """One view: grey levels and lesion mask, both (rows, columns), and where they come from."""

    view: str
    site: str
    mm_per_pixel: float
    pixels: NDArray[np.uint8]
    mask: NDArray[np.bool_]


def patient_pictures(lesion: LesionTraits, patient: int, seed: int, size: tuple[int, int]) -> list[Picture]:
    """Image the lesion of a patient.

    Parameters
    ----------
    lesion
        The lesion.
    patient
        Place of the patient in the cohort, from 0.
    seed
        Seed of the cohort.
    size
        (rows, columns) of the pictures, pixels; the depth in mm is the scanner's whatever the size.

    Returns
    -------
    A picture for each of `VIEWS`.
    """
    scanner = SCANNERS[int(patient_generator(seed, patient, 3).integers(len(SCANNERS)))]
    return [
        _picture(lesion, view, scanner, size, patient_generator(seed, patient, 3, place))
        for place, view in enumerate(VIEWS)
    ]


def _picture(
    lesion: LesionTraits, view: str, scanner: Scanner, size: tuple[int, int], generator: np.random.Generator
) -> Picture:
    mm_per_pixel = scanner.depth_mm / size[0]
    maps = view_lesion(lesion, size, mm_per_pixel, generator)
    tissue = breast(lesion, maps, mm_per_pixel, generator)
    pixels = b_mode(tissue, mm_per_pixel, scanner, generator.normal(0, GAIN_SD_DB), generator)
    return Picture(view, scanner.name, mm_per_pixel, pixels, maps.mask)
