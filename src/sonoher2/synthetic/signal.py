r"""The HER2 signal of the synthetic cohort, and the best AUC that it allows.

Two independent standard normal latents, the tumour's biology and the clinical course, drive the log-odds of HER2
positivity:

.. math:: \operatorname{logit} p = \beta_0 + \beta_t z_t + \beta_c z_c

Nobody sees them. The tumour shows itself in three marks of the picture (shape, texture, pattern), the course in two
clinical columns, each a standard normal of known correlation with its latent and independent of the others given it.
The best score :math:`S` of some marks is the mean of the log-odds given them: :math:`P(y=1|S)` rises with :math:`S`,
and by Neyman and Pearson no other score of the same marks has a larger AUC. :math:`S` and the rest of the log-odds are
independent normals, so that AUC is an integral over one dimension.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, roots_hermitenorm

from sonoher2.core import columns as c

INTERCEPT = -1.6
COEFFICIENTS: Mapping[str, float] = MappingProxyType({"tumour": 3.0, "clinical": 2.0})
MARKS: Mapping[str, float] = MappingProxyType({"shape": 0.8, "texture": 0.6, "pattern": 0.75})
"""Marks of the picture, and the correlation of each with the tumour latent."""
CLINICAL_CORRELATION = 0.95
"""Correlation of each of the two informative clinical columns (before rounding) with the clinical latent."""
CLINICAL_COLUMNS = 2
SIGNATURE_PARTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "clinical": ("clinical",),
        "radiomics": ("shape", "texture"),
        "deep": ("pattern",),
        "dlr": ("shape", "texture", "pattern"),
        "combined": ("shape", "texture", "pattern", "clinical"),
    }
)

FloatArray = NDArray[np.floating[Any]]


def patient_generator(seed: int, patient: int, *stream: int) -> np.random.Generator:
    """Random numbers of one patient's stream: they depend neither on the other patients nor on how many there are."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(patient, *stream)))


def latent_signal(patients: int, seed: int) -> pd.DataFrame:
    """Latents, marks, probability and label of each patient.

    Parameters
    ----------
    patients
        How many; a smaller cohort is the beginning of a larger one.
    seed
        Seed of the cohort.

    Returns
    -------
    One row per patient: `patient_id`; the latents `z_tumour`, `z_clinical`; the marks `z_shape`, `z_texture`,
    `z_pattern`; `probability` of HER2 positivity; `label` (1 positive, 0 negative).
    """
    rows = [_patient_signal(seed, patient) for patient in range(patients)]
    names = [f"z_{name}" for name in (*COEFFICIENTS, *MARKS)]
    return pd.DataFrame(rows, columns=[c.PATIENT_ID, *names, "probability", c.LABEL])


def _patient_signal(seed: int, patient: int) -> tuple[str | float | int, ...]:
    generator = patient_generator(seed, patient, 0)
    tumour, clinical = generator.standard_normal(2)
    correlation = np.array(list(MARKS.values()))
    marks = correlation * tumour + np.sqrt(1 - correlation**2) * generator.standard_normal(len(MARKS))
    log_odds = INTERCEPT + COEFFICIENTS["tumour"] * tumour + COEFFICIENTS["clinical"] * clinical
    probability = float(expit(log_odds))
    return f"SYN{patient + 1:04d}", tumour, clinical, *marks, probability, int(generator.random() < probability)


def best_possible_auc(parts: Collection[str] = SIGNATURE_PARTS["combined"]) -> float:
    """Largest AUC that any model can have, in expectation, when it sees some of the marks.

    Parameters
    ----------
    parts
        Which it sees of shape, texture and pattern, and of the clinical columns ("clinical").

    Returns
    -------
    The area under the curve of the best score, by numerical integration (error below 1e-4).
    """
    variance = _known_variance(set(parts))
    return _auc_of_score(variance, _total_variance() - variance)


def prevalence() -> float:
    """Give the expected share of HER2-positive patients."""
    return float(_positive_share(np.zeros(1), _total_variance())[0])


def _total_variance() -> float:
    return sum(value**2 for value in COEFFICIENTS.values())


def _known_variance(parts: set[str]) -> float:
    """Variance of the log-odds that the marks explain.

    Measurements of correlations r with a standard normal latent, their errors independent, explain the share
    P / (1 + P) of its variance, where P is the sum of r^2 / (1 - r^2) (the posterior variance of a normal mean).
    """
    seen = {
        "tumour": [correlation for mark, correlation in MARKS.items() if mark in parts],
        "clinical": [CLINICAL_CORRELATION] * CLINICAL_COLUMNS if "clinical" in parts else [],
    }
    known = 0.0
    for latent, correlations in seen.items():
        precision = sum(r**2 / (1 - r**2) for r in correlations)
        known += COEFFICIENTS[latent] ** 2 * precision / (1 + precision)
    return known


def _positive_share(score: FloatArray, unknown_variance: float) -> FloatArray:
    """P(positive | score) when a normal of this variance is added to the log-odds; Gauss-Hermite quadrature."""
    nodes, weights = roots_hermitenorm(64)
    log_odds = INTERCEPT + score[:, None] + np.sqrt(unknown_variance) * nodes
    share: FloatArray = expit(log_odds) @ (weights / weights.sum())
    return share


def _auc_of_score(variance: float, unknown_variance: float) -> float:
    """P(score of a positive > score of a negative) for a normal score; midpoint rule on a grid of 8 SD each side."""
    steps = np.linspace(-8.0, 8.0, 4001)
    density = np.exp(-0.5 * steps**2)
    positive_share = _positive_share(np.sqrt(variance) * steps, unknown_variance)
    positive, negative = density * positive_share, density * (1 - positive_share)
    below = np.cumsum(negative) - negative / 2
    return float(positive @ below / (positive.sum() * negative.sum()))
