"""Helpers for tests of checks: a sound cohort and a sound result, and ways to spoil them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.special import expit

from sonoher2.cohort.images.check import ImageRecord
from sonoher2.cohort.patients.cohort import Cohort
from sonoher2.cohort.split import Split
from sonoher2.config.clinical import ClinicalColumn
from sonoher2.config.study import StudyConfig
from sonoher2.core.columns import TEST, TRAIN, TRAIN_OOF
from sonoher2.study.analyses.performance.signatures import signature_table
from sonoher2.study.checks.facts import Facts
from sonoher2.study.checks.folds import FoldRecord
from sonoher2.study.results.parts import About, CohortResult, Performance, StudyResult
from sonoher2.study.results.predictions import learn_thresholds, long_predictions
from study_results import changed

CONFIG = StudyConfig.model_validate(
    {
        "clinical": {"table": "c.csv"},
        "target": {"column": "x", "positive": "1"},
        "evaluation": {"bootstrap": 100},
    }
)

CLASSES = ("negative", "positive")


def facts(patients: int = 200, *, images: bool = True, seed: int = 0, **config: object) -> Facts:
    """A sound study: four patients in ten are cases, 140 train, one picture each, all alike."""
    rng = np.random.default_rng(seed)
    index = pd.Index([f"P{i:03}" for i in range(patients)], name="patient_id")
    table = pd.DataFrame(
        {
            "label": (rng.random(patients) < 0.4).astype(int),
            "group": np.arange(patients),
            "age": rng.normal(55, 10, patients),
        },
        index=index,
    )
    study = StudyConfig.model_validate(
        {
            "clinical": {"table": "c.csv", "columns": {"age": {"kind": "number", "timing": "pre-biopsy"}}},
            "target": {"column": "x", "positive": "1"},
            "images": {"table": "i.csv"} if images else None,
            **config,
        }
    )
    pictures = pd.DataFrame({"patient_id": index, "image": [f"/{name}.png" for name in index]}) if images else None
    cohort = Cohort(
        table,
        pd.DataFrame() if pictures is None else pictures,
        ("negative", "positive"),
        study.clinical.columns,
        (),
    )
    sets = pd.Series(np.where(np.arange(patients) < 0.7 * patients, TRAIN, TEST), index=index, dtype=object)
    records = [picture(rng) for _ in range(patients)] if images else []
    return Facts(study, cohort, Split(sets, {}), records)


def picture(rng: np.random.Generator, **changes: object) -> ImageRecord:
    """An image record that differs from others by chance alone."""
    values: dict[str, object] = {
        "format": "PNG",
        "file_shape": (int(rng.integers(400, 500)), 600),
        "black_border": float(rng.uniform(0, 0.1)),
        "callipers": int(rng.random() < 0.1) * 4,
    }
    return ImageRecord(**(values | changes))  # type: ignore[arg-type]


def with_pictures(known: Facts, others: np.ndarray | None = None, **changes: object) -> Facts:
    """Pictures that are all alike, but for `changes` in those of some patients: nothing else varies, and is tested."""
    values: dict[str, object] = {"format": "PNG", "file_shape": (450, 600), "mm_per_pixel": (0.125, 0.125)}
    alike, other = (ImageRecord(**made) for made in (values, values | changes))  # type: ignore[arg-type]
    chosen = np.zeros(len(known.cohort.patients), bool) if others is None else others
    return replace(known, records=[other if one else alike for one in chosen])


def with_patients(known: Facts, **columns: Sequence[object]) -> Facts:
    return replace(known, cohort=replace(known.cohort, patients=known.cohort.patients.assign(**columns)))


def with_clinical(known: Facts, name: str, values: Sequence[object], **declared: object) -> Facts:
    column = ClinicalColumn.model_validate({"kind": "number", "timing": "pre-biopsy", **declared})
    columns = {**known.cohort.clinical, name: column}
    study = known.config.model_copy(update={"clinical": known.config.clinical.model_copy(update={"columns": columns})})
    cohort = replace(known.cohort, clinical=columns, patients=known.cohort.patients.assign(**{name: values}))
    return replace(known, config=study, cohort=cohort)


def labels(known: Facts) -> np.ndarray:
    return known.cohort.patients["label"].to_numpy()


def sign(known: Facts, in_cases: float, in_controls: float) -> np.ndarray:
    """Patients who bear a sign, (patients,); its AUC is 0.5 + (in_cases - in_controls) / 2."""
    share = np.where(labels(known) == 1, in_cases, in_controls)
    place = known.cohort.patients.groupby("label").cumcount().to_numpy()
    # multiples of the golden ratio are spread evenly, so that the training patients have about these shares too
    return np.asarray((place + 1) * 0.618034 % 1 < share)


def result(
    training: float = 1.0, test: float = 1.0, slope: float = 1.0, shift: float = 0.0, seed: int = 3, n: int = 400
) -> StudyResult:
    """A study of `n` training and `n` test patients whose log odds are a normal score times `training` or `test`.

    What is reported is the log odds times `slope` plus `shift`.
    """
    rng = np.random.default_rng(seed)
    parts = []
    for subset, strength in ((TRAIN_OOF, training), (TEST, test)):
        signal = rng.normal(size=n)
        label = (rng.random(n) < expit(strength * signal)).astype(int)
        probability = expit(slope * max(strength, 1.0) * signal + shift)
        ids = pd.Index([f"{subset}{i}" for i in range(n)], name="patient_id")
        both = np.column_stack([1 - probability, probability])
        parts.append(long_predictions({"Radiomics": both}, pd.Series(label, index=ids), CLASSES, subset))
    predictions = pd.concat(parts, ignore_index=True)
    thresholds = learn_thresholds(predictions[predictions["set"] == TRAIN_OOF], CONFIG.evaluation)
    return StudyResult(
        about=About(CONFIG, "study", CLASSES, "Radiomics", record={"ledger": [{"model": "a"}]}),
        cohort=CohortResult(predictions.set_index("patient_id")[["set", "label"]]),
        performance=Performance(
            predictions, thresholds, signature_table(predictions, thresholds, CONFIG.evaluation, 0)
        ),
    )


def validation() -> StudyResult:
    known = result()
    return changed(known, predictions=known.performance.predictions[known.performance.predictions["set"] == TEST])


def folds(n: int = 60, **changes: object) -> FoldRecord:
    rng = np.random.default_rng(0)
    values = {
        "fold": np.arange(n) % 3,
        "group": np.arange(n),
        "out_of_fold": {"Radiomics": rng.random((n, 2))},
        "in_sample": {"Radiomics": rng.random((n, 2))},
    }
    return FoldRecord(**(values | changes))  # type: ignore[arg-type]
