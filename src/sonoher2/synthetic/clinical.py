"""The clinical table of the synthetic cohort: noisy measurements of one latent, chance columns and raw HER2 tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sonoher2.core import columns as c
from sonoher2.synthetic.lesion import LesionTraits
from sonoher2.synthetic.signal import CLINICAL_CORRELATION, patient_generator

AGE_MEAN, AGE_SD = 56, 11
"""Of the age, years."""
WEEKS_MEDIAN, WEEKS_LOG_SD = 16, 0.5
"""Of the weeks of symptoms, and of their natural logarithm."""
MISSING_SHARE = 0.04
INDETERMINATE_SHARE = 0.05
MISSING_SPELLINGS = ("", "N/A", "not available", "unknown")


def clinical_table(signal: pd.DataFrame, lesions: Sequence[LesionTraits], seed: int) -> pd.DataFrame:
    """Clinical data of the patients, as a hospital's spreadsheet would hold them.

    Parameters
    ----------
    signal
        What `latent_signal` returned for the same seed.
    lesions
        The lesion of each patient.
    seed
        Seed of the cohort.

    Returns
    -------
    One row per patient, all values text: `patient_id`; `age` (years) and `symptom_weeks`, which measure the clinical
    latent; `menopause`, which follows age; `size_mm`, which measures the lesion; `nodes` (cN0 to cN2) and
    `family_history`, which are chance; `her2_ihc` and `her2_ish`.
    """
    rows = []
    patients = zip(signal[c.PATIENT_ID], signal["z_clinical"], signal[c.LABEL], lesions, strict=True)
    for position, (patient_id, z_clinical, label, lesion) in enumerate(patients):
        generator = patient_generator(seed, position, 1)
        history = _history(z_clinical, lesion.diameter_mm, generator)
        rows.append({c.PATIENT_ID: patient_id, **history, **_her2_tests(label, generator)})
    return pd.DataFrame(rows)


def _history(z_clinical: float, diameter_mm: float, generator: np.random.Generator) -> dict[str, str]:
    """Columns known before the biopsy; HER2-positive patients are younger and come sooner."""
    error = np.sqrt(1 - CLINICAL_CORRELATION**2)
    youth, haste = CLINICAL_CORRELATION * z_clinical + error * generator.standard_normal(2)
    age = round(float(np.clip(AGE_MEAN - AGE_SD * youth, 24, 90)))
    values = {
        "age": str(age),
        "menopause": "yes" if age + generator.normal(0, 3) > 51 else "no",
        "symptom_weeks": f"{max(1, WEEKS_MEDIAN * np.exp(-WEEKS_LOG_SD * haste)):.0f}",
        "size_mm": f"{diameter_mm * generator.uniform(0.9, 1.1):.0f}",
        "nodes": str(generator.choice(["cN0", "cN1", "cN2"], p=[0.6, 0.3, 0.1])),
        "family_history": "yes" if generator.random() < 0.15 else "no",
    }
    # drawn for every column, needed or not, so that one column's chance never shifts another's
    lost = generator.random(len(values)) < MISSING_SHARE
    spelling = generator.choice(MISSING_SPELLINGS, len(values))
    return {key: str(spelling[i]) if lost[i] else value for i, (key, value) in enumerate(values.items())}


def _her2_tests(label: int, generator: np.random.Generator) -> dict[str, str]:
    """Raw tests that give the label by ASCO/CAP; a few are IHC 2+ without ISH, whatever the label."""
    if generator.random() < INDETERMINATE_SHARE:
        return {"her2_ihc": "2+", "her2_ish": str(generator.choice(MISSING_SPELLINGS))}
    if label:
        ihc = str(generator.choice(["3+", "2+"], p=[0.75, 0.25]))
    else:
        ihc = str(generator.choice(["0", "1+", "2+"], p=[0.3, 0.4, 0.3]))
    if ihc == "2+":
        return {"her2_ihc": ihc, "her2_ish": "positive" if label else "negative"}
    return {"her2_ihc": ihc, "her2_ish": ""}
