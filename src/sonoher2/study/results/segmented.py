"""A lesion that the segmenter found, with its pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class SegmentedLesion:
    """One image with what the segmenter drew.

    Attributes
    ----------
    patient_id, found, confidence
        As in the table of segmented lesions.
    pixels
        (rows, columns), grey in [0, 255].
    mask
        (rows, columns), True inside the lesion; nowhere when no lesion was found.
    """

    patient_id: str
    found: bool
    confidence: float
    pixels: NDArray[np.float64]
    mask: NDArray[np.bool_]
