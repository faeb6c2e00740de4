"""The size of each patient's lesion, so that every study of images can be read by lesion size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sonoher2.cohort.images.check import ImageRecord
from sonoher2.config.base import LengthUnit
from sonoher2.config.clinical import ClinicalColumn
from sonoher2.radiomics.lesion import pool_patients
from sonoher2.study.measure.measured import Measured
from sonoher2.study.results import columns as c

LESION_SIZE = {
    f"lesion diameter ({unit})": ClinicalColumn(kind="number", timing="pre-biopsy", unit=unit)
    for unit in ("mm", "pixels")
}
"""Columns of the patients' table that `lesion_diameter` may add."""
AREA = "original_shape2D_PixelSurface"


def lesion_diameter(measured: Measured, records: Sequence[ImageRecord], unit: LengthUnit | None) -> pd.DataFrame:
    """Diameter of the circle of the lesion's area, mean area over a patient's images, to one decimal.

    Parameters
    ----------
    measured
        The cohort.
    records
        Of its images, in their order. Areas in pixels are turned into mm² where all pixel sizes are known.
    unit
        That the features were measured in.

    Returns
    -------
    (patients, 1), named after `LESION_SIZE`; no column without images.
    """
    if AREA not in measured.features:
        return pd.DataFrame(index=measured.feature_table.index)
    area = measured.features[AREA].astype(np.float64)
    sizes = [record.mm_per_pixel for record in records if record.mm_per_pixel is not None]
    if unit != "mm" and len(sizes) == len(area):
        area, unit = area * np.prod(sizes, axis=1), "mm"
    pooled = pool_patients(area.to_frame(), measured.cohort.images[c.PATIENT_ID])[AREA]
    return pd.DataFrame({f"lesion diameter ({unit or 'pixels'})": (2 * np.sqrt(pooled / np.pi)).round(1)})
