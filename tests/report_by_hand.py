"""Small results of a study, put together by hand: every number differs between the sets, so that a mix-up shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from sonoher2.config.clinical import ClinicalColumn, ClinicalConfig
from sonoher2.config.images import ImagesConfig
from sonoher2.config.study import StudyConfig
from sonoher2.config.target import ColumnTarget
from sonoher2.core.columns import TEST, TRAIN_OOF
from sonoher2.report.content.parts import Drawing, Part, Table
from sonoher2.report.content.view import View
from sonoher2.study.results.parts import About, CohortResult, Performance, StudyResult
from study_results import changed

CLASSES = ("HER2-negative", "HER2-positive")
NO, YES = CLASSES
COLUMNS = {
    "age": ClinicalColumn(kind="number", timing="pre-biopsy", unit="years"),
    "menopausal": ClinicalColumn(kind="yes/no", timing="pre-biopsy", levels=["no", "yes"]),
    "BI-RADS": ClinicalColumn(kind="ordered", timing="biopsy", levels=["3", "4A", "5"]),
    "quadrant": ClinicalColumn(kind="category", timing="pre-biopsy"),
}
PATIENTS = pd.DataFrame(
    [
        # seven training patients, two of them positive
        ("T1", TRAIN_OOF, NO, 1, 40.0, 0.0, 0.0, "inner"),
        ("T2", TRAIN_OOF, NO, 2, 50.0, 0.0, 0.0, "inner"),
        ("T3", TRAIN_OOF, NO, 1, 60.0, 1.0, 1.0, "outer"),
        ("T4", TRAIN_OOF, NO, 1, 70.0, 1.0, 1.0, "outer"),
        ("T5", TRAIN_OOF, YES, 3, 45.0, 0.0, 2.0, "inner"),
        ("T6", TRAIN_OOF, YES, 1, 55.0, 1.0, 2.0, "outer"),
        ("T10", TRAIN_OOF, NO, 1, np.nan, 0.0, 0.0, "inner"),
        # five test patients, three of them positive
        ("E1", TEST, NO, 1, 30.0, 1.0, 2.0, "outer"),
        ("E2", TEST, NO, 1, 34.0, 1.0, 2.0, "outer"),
        ("E3", TEST, YES, 4, 62.0, 1.0, 0.0, "inner"),
        ("E4", TEST, YES, 1, 66.0, 1.0, 1.0, "outer"),
        ("E5", TEST, YES, 1, 70.0, 0.0, 2.0, "outer"),
    ],
    columns=["patient_id", "set", "label", "images", "age", "menopausal", "BI-RADS", "quadrant"],
).set_index("patient_id")
SCORES = {
    "Clinical": [0.45, 0.4, 0.3, 0.1, 0.5, 0.3, 0.25, 0.3, 0.4, 0.2, 0.3, 0.7],
    "Radiomics": [0.1, 0.2, 0.6, 0.3, 0.7, 0.4, 0.05, 0.15, 0.55, 0.8, 0.45, 0.5],
}
THRESHOLDS = {"Clinical": 0.35, "Radiomics": 0.5}


def predictions() -> pd.DataFrame:
    keys = PATIENTS.reset_index()[["patient_id", "set", "label"]].assign(outcome=YES)
    tables = [keys.assign(signature=name, score=scores) for name, scores in SCORES.items()]
    return pd.concat(tables, ignore_index=True)


def thresholds() -> pd.DataFrame:
    rows = [(name, YES, value, "largest Youden index") for name, value in THRESHOLDS.items()]
    return pd.DataFrame(rows, columns=["signature", "outcome", "threshold", "rule"])


def with_ends(rows: pd.DataFrame, width: float, *names: str) -> pd.DataFrame:
    """Add an interval that is twice as wide above the value as below it."""
    for name in names:
        rows[f"{name}_low"], rows[f"{name}_high"] = rows[name] - width, rows[name] + 2 * width
    return rows


def signatures() -> pd.DataFrame:
    rows = pd.DataFrame(
        [
            # AUC, AUPRC, Brier, slope, intercept, sensitivity, specificity
            ("Clinical", TRAIN_OOF, 1007, 1002, 0.61, 0.41, 0.21, 1.11, -0.31, 0.51, 0.71),
            ("Radiomics", TRAIN_OOF, 1007, 1002, 0.72, 0.52, 0.22, 1.22, 0.32, 0.52, 0.72),
            ("Clinical", TEST, 5, 3, 0.63, 0.43, 0.23, 0.83, 0.13, 0.53, 0.73),
            ("Radiomics", TEST, 5, 3, 0.74, 0.54, 0.24, 0.94, -0.24, 0.54, 0.74),
        ],
        columns=[
            "signature", "set", "n", "events", "auc", "auprc", "brier", "calibration_slope", "calibration_intercept",
            "sensitivity", "specificity",
        ],
    ).assign(outcome=YES)  # fmt: skip
    return with_ends(rows, 0.1, "auc", "auprc", "calibration_slope", "calibration_intercept", "sensitivity")


def study_config(**changes: object) -> StudyConfig:
    values: dict[str, object] = {
        "title": "A small study",
        "seed": 11,
        "images": ImagesConfig(table=Path("images.csv")),
        "clinical": ClinicalConfig(table=Path("clinical.csv"), columns=COLUMNS),
        "timing": "biopsy",
        "target": ColumnTarget(column="her2", positive="yes"),
        "evaluation": {"bootstrap": 300, "confidence": 0.9},
    }
    return StudyConfig.model_validate(values | changes)


def study(**changes: object) -> StudyResult:
    """A study of twelve patients and two signatures."""
    result = StudyResult(
        about=About(study_config(), "study", CLASSES, main="Radiomics"),
        cohort=CohortResult(PATIENTS),
        performance=Performance(predictions(), thresholds(), signatures()),
    )
    return changed(result, **changes)


def validation(**changes: object) -> StudyResult:
    """The test patients as a second cohort that the frozen model met."""
    result, tables = study(), {}
    for name in ("predictions", "signatures"):
        table = getattr(result.performance, name)
        tables[name] = table[table["set"] == TEST]
    result = changed(result, kind="validation", patients=PATIENTS[PATIENTS["set"] == TEST], **tables)
    return changed(result, **changes)


def three_classes(**changes: object) -> StudyResult:
    """Three outcomes, one signature; the rows of each outcome are told apart by their numbers."""
    classes = ("zero", "low", "high")
    labels = ["zero", "low", "high", "zero", "low", "high", "low", "zero", "low", "high", "low", "high"]
    patients = PATIENTS.assign(label=labels)
    keys = patients.reset_index()[["patient_id", "set", "label"]]
    scores = {"zero": 0.2, "low": 0.3, "high": 0.5}
    bump = np.linspace(-0.1, 0.1, len(keys))
    table = pd.concat(
        [keys.assign(outcome=o, signature="Clinical", score=s + bump) for o, s in scores.items()], ignore_index=True
    )
    rows = [("Clinical", o, limit, "Youden") for o, limit in zip(classes, (0.21, 0.32, 0.53), strict=True)]
    metrics = pd.DataFrame(
        [
            ("Clinical", subset, o, n, events, auc, 0.6, 0.7, 1.0, 0.0, 0.2)
            for subset, n, base in ((TRAIN_OOF, 7, 0.6), (TEST, 5, 0.7))
            for o, events, auc in (("zero", 1, base), ("low", 2, base + 0.03), ("high", 3, base + 0.06))
        ],
        columns=[
            "signature", "set", "outcome", "n", "events", "auc", "sensitivity", "specificity", "calibration_slope",
            "calibration_intercept", "brier",
        ],
    )  # fmt: skip
    metrics = with_ends(metrics, 0.05, "auc", "sensitivity", "calibration_slope", "calibration_intercept", "brier")
    result = study(
        classes=classes,
        main="Clinical",
        patients=patients,
        predictions=table,
        thresholds=pd.DataFrame(rows, columns=["signature", "outcome", "threshold", "rule"]),
        signatures=metrics,
    )
    return changed(result, **changes)


def tables(parts: Iterable[Part]) -> dict[str, Table]:
    """Tables of a chapter by name."""
    return {part.name: part for part in parts if isinstance(part, Table)}


def drawings(parts: Iterable[Part]) -> dict[str, Drawing]:
    """Figures of a chapter by name."""
    return {part.name: part for part in parts if isinstance(part, Drawing)}


def headings(parts: Iterable[Part]) -> list[tuple[str, str, str]]:
    """Kind, name and title of the tables and figures of a chapter."""
    return [(part.kind, part.name, part.title) for part in parts if isinstance(part, Table | Drawing)]


def view(result: StudyResult | None = None, **changes: object) -> View:
    """View of the study of twelve patients, or of another result, with other values."""
    return View(changed(result or study(), **changes))


def configured(result: StudyResult, **changes: object) -> StudyResult:
    """The same result of another study file."""
    return replace(result, about=replace(result.about, config=study_config(**changes)))
