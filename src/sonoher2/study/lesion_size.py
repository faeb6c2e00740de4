"""The size of each patient's lesion, so that every study of images can be read by lesion size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sonoher2.cohort.image_check import ImageRecord
from sonoher2.config import ClinicalColumn
from sonoher2.fusion.blocks import RADIOMICS

LESION_SIZE = {
    f"lesion diameter ({unit})": ClinicalColumn(kind="number", timing="pre-biopsy", unit=unit)
    for unit in ("mm", "pixels")
}
"""Columns of the patients' table that `lesion_diameter` may add."""
AREA = "original_shape2D_PixelSurface"


def lesion_diameter(blocks: pd.DataFrame, records: Sequence[ImageRecord]) -> pd.DataFrame:
    """Diameter of the circle of the lesion's area, mean area over a patient's images, to one decimal.

    Parameters
    ----------
    blocks
        As `Measured.blocks`.
    records
        Of the images, for the unit: mm where all pixel sizes are known, pixels where none is.

    Returns
    -------
    (patients, 1), named after `LESION_SIZE`; no column without images or where the images' units differ.
    """
    known = {record.mm_per_pixel is not None for record in records}
    if len(known) != 1 or (RADIOMICS, AREA) not in blocks:
        return pd.DataFrame(index=blocks.index)
    name = f"lesion diameter ({'mm' if known == {True} else 'pixels'})"
    diameter = 2 * np.sqrt(blocks[RADIOMICS, AREA].astype(np.float64) / np.pi)
    return pd.DataFrame({name: diameter.round(1)})
