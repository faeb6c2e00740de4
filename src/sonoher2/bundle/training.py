"""How the training patients were distributed, column by column: what a new cohort is compared with. No patient."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from sonoher2.config.clinical import ClinicalColumn

STEPS = 20
"""Quantiles at every twentieth part of the patients, least and largest value included."""


class NumberSummary(BaseModel):
    """Distribution of a number, of an ordered column's codes or of yes (1) and no (0).

    Attributes
    ----------
    missing
        Share of patients without a value.
    mean, sd
        Of the known values; sd with n - 1.
    quantiles
        `STEPS` + 1, from the least to the largest value; none when no value is known.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    missing: float
    mean: float
    sd: float
    quantiles: tuple[float, ...]


class LevelSummary(BaseModel):
    """Shares of the levels of a category among the known values."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    missing: float
    shares: dict[str, float]


class TrainingSummary(BaseModel):
    """Distribution of the training patients.

    Attributes
    ----------
    features
        The selected features, as measured, per patient.
    clinical
        The clinical columns.
    images
        Size, mm per pixel and grey values, per image.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    features: dict[str, NumberSummary] = {}
    clinical: dict[str, NumberSummary | LevelSummary] = {}
    images: dict[str, NumberSummary] = {}


def summarise_training(
    features: pd.DataFrame, clinical: pd.DataFrame, columns: dict[str, ClinicalColumn], images: pd.DataFrame
) -> TrainingSummary:
    """Summarise training patients.

    Parameters
    ----------
    features
        (patients, features).
    clinical
        (patients, columns), typed as in `Cohort.patients`.
    columns
        The clinical columns by key.
    images
        (images, figures), of the training patients alone.
    """
    return TrainingSummary(
        features={str(name): number_summary(features[name]) for name in features},
        clinical={
            name: level_summary(clinical[name]) if column.kind == "category" else number_summary(clinical[name])
            for name, column in columns.items()
            if name in clinical
        },
        images={str(name): number_summary(images[name]) for name in images},
    )


def number_summary(values: pd.Series) -> NumberSummary:
    """Summarise a column of numbers, NaN where missing."""
    known = values.dropna().to_numpy(np.float64)
    missing = 1 - len(known) / len(values) if len(values) else 0.0
    if not len(known):
        return NumberSummary(missing=missing, mean=0.0, sd=0.0, quantiles=())
    quantiles = np.quantile(known, np.linspace(0, 1, STEPS + 1))
    sd = float(known.std(ddof=1)) if len(known) > 1 else 0.0
    return NumberSummary(missing=missing, mean=float(known.mean()), sd=sd, quantiles=tuple(map(float, quantiles)))


def level_summary(values: pd.Series) -> LevelSummary:
    """Summarise a category, None where missing."""
    known = values.dropna().astype(str)
    shares = known.value_counts(normalize=True).sort_index()
    missing = 1 - len(known) / len(values) if len(values) else 0.0
    return LevelSummary(missing=missing, shares={str(name): float(share) for name, share in shares.items()})
