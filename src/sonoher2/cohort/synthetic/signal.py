r"""The HER2 signal of the synthetic cohort, and the best AUC that it allows.

Four independent standard normal latents drive the log-odds of HER2 positivity:

.. math:: \operatorname{logit} p = \beta_0 + \beta_s z_s + \beta_t z_t + \beta_c z_c + \beta_p z_p

(shape, texture, clinical, pattern). The best score of a part is its share :math:`S` of this sum: :math:`P(y=1|S)` rises
with :math:`S`, and by Neyman and Pearson no other score of the same latents has a larger AUC. :math:`S` and the rest of
the sum are independent normals, so that AUC is an integral over one dimension.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, roots_hermitenorm

INTERCEPT = -2.16
COEFFICIENTS: Mapping[str, float] = MappingProxyType({"shape": 2.4, "texture": 2.4, "clinical": 3.0, "pattern": 2.8})
SIGNATURE_PARTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "clinical": ("clinical",),
        "radiomics": ("shape", "texture"),
        "deep": ("pattern",),
        "dlr": ("shape", "texture", "pattern"),
        "combined": ("shape", "texture", "clinical", "pattern"),
    }
)
CLINICAL_CORRELATION = 0.95
"""Correlation of each of the two informative clinical columns (before rounding) with the clinical latent."""

FloatArray = NDArray[np.floating[Any]]


def patient_generator(seed: int, patient: int, *stream: int) -> np.random.Generator:
    """Random numbers of one patient's stream: they depend neither on the other patients nor on how many there are."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(patient, *stream)))


def latent_signal(patients: int, seed: int) -> pd.DataFrame:
    """Latents, probability and label of each patient.

    Parameters
    ----------
    patients
        How many; a smaller cohort is the beginning of a larger one.
    seed
        Seed of the cohort.

    Returns
    -------
    One row per patient: `patient_id`, `z_shape`, `z_texture`, `z_clinical`, `z_pattern`, `probability` of HER2
    positivity, `label` (1 positive, 0 negative).
    """
    rows = [_patient_signal(seed, patient) for patient in range(patients)]
    return pd.DataFrame(rows, columns=["patient_id", *(f"z_{part}" for part in COEFFICIENTS), "probability", "label"])


def _patient_signal(seed: int, patient: int) -> tuple[str | float | int, ...]:
    generator = patient_generator(seed, patient, 0)
    latents = generator.standard_normal(len(COEFFICIENTS))
    probability = float(expit(INTERCEPT + np.dot(list(COEFFICIENTS.values()), latents)))
    return f"SYN{patient + 1:04d}", *latents, probability, int(generator.random() < probability)


def best_possible_auc(parts: Collection[str] = tuple(COEFFICIENTS), *, measured: bool = False) -> float:
    """Largest AUC that any model can have, in expectation, when it knows some of the latents.

    Parameters
    ----------
    parts
        Which of shape, texture, clinical and pattern the model knows.
    measured
        The clinical latent is known only through the two noisy columns that carry it, as it is for a study.

    Returns
    -------
    The area under the curve of the best score, by numerical integration (error below 1e-4).
    """
    variance = sum(_known_variance(part, measured) for part in set(parts))
    return _auc_of_score(variance, _total_variance() - variance)


def prevalence() -> float:
    """Give the expected share of HER2-positive patients."""
    return float(_positive_share(np.zeros(1), _total_variance())[0])


def _total_variance() -> float:
    return sum(value**2 for value in COEFFICIENTS.values())


def _known_variance(part: str, measured: bool) -> float:
    """Variance of the log-odds that a part explains.

    Two measurements of correlation r with a standard normal latent, their errors independent, explain the share
    1 - 1 / (1 + 2 r^2 / (1 - r^2)) of its variance (the posterior variance of a normal mean).
    """
    variance = COEFFICIENTS[part] ** 2
    if part == "clinical" and measured:
        precision = 1 + 2 * CLINICAL_CORRELATION**2 / (1 - CLINICAL_CORRELATION**2)
        variance *= 1 - 1 / precision
    return variance


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
