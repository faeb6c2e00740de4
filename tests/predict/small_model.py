"""A model small enough to be made in a test: one clinical column, lesions measured in pixels."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from sonoher2.bundle.load import Bundle
from sonoher2.bundle.schema import BundleSchema
from sonoher2.config.clinical import ClinicalColumn
from sonoher2.config.images import ImageReading
from sonoher2.config.radiomics import RadiomicsConfig
from sonoher2.signatures.feature_table import CLINICAL

SIZE = (90, 100)


def schema(**changes: Any) -> BundleSchema:
    """How a model reads and measures, with `changes`."""
    known: dict[str, Any] = {
        "sonoher2": "0.2.0",
        "title": "a small model",
        "synthetic": False,
        "target": {"column": "status", "positive": "yes", "negative": "no"},
        "timing": "pre-biopsy",
        "classes": ("negative", "positive"),
        "signatures": ("Clinical",),
        "main": "Clinical",
        "thresholds": {"Clinical": {"positive": 0.5}},
        "threshold_rule": "Youden",
        "reading": ImageReading(),
        "radiomics": RadiomicsConfig(filters=["original"], unit="pixels"),
        "deep": None,
        "clinical": {"age": ClinicalColumn(kind="number", timing="pre-biopsy")},
        "training_patients": {"negative": 20, "positive": 20},
    }
    return BundleSchema(**{**known, **changes})


def bundle(model: Any = None, **changes: Any) -> Bundle:
    """Bundle around a model; without one it harmonises no sites and scores nothing."""
    return Bundle(schema(**changes), model or SimpleNamespace(harmoniser_=None, fitted_={}), "ab" * 32)


def clinical_table(patients: int = 40) -> tuple[pd.DataFrame, np.ndarray]:
    """Feature table with the age alone, and classes that go with it."""
    age = np.linspace(30, 80, patients)
    table = pd.DataFrame({(CLINICAL, "age"): age}, index=[f"P{i}" for i in range(patients)])
    return table, (age + 12 * np.sin(np.arange(patients)) > 55).astype(int)


def speckled(seed: int = 0) -> np.ndarray:
    """Image of many grey levels, uint8."""
    return np.random.default_rng(seed).integers(0, 250, SIZE, dtype=np.uint8)


def lesion() -> np.ndarray:
    """Mask of 30 x 40 pixels."""
    mask = np.zeros(SIZE, bool)
    mask[30:60, 30:70] = True
    return mask
