"""The tables of a result that no analysis makes, and the comparison of all tables with their declarations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

import pandas as pd

from sonoher2.study.results import columns as c
from sonoher2.study.results.parts import StudyResult
from sonoher2.study.results.schema import Column, TableSchema, declare
from sonoher2.study.steps import analyses as registry

FEATURES = declare("Selected features of each patient", index=c.PATIENT_ID, further=True)

TABLES: dict[str, TableSchema] = {
    "cohort.patients": declare("Patients", c.SET, c.LABEL, c.IMAGES, index=c.PATIENT_ID, further=True),
    "cohort.rule_counts": declare("HER2 status by the rule", c.BRANCH, c.STATUS, c.PATIENTS),
    "cohort.conflicts": declare("Derived and reported status", c.PATIENT_ID, c.DERIVED, c.REPORTED, c.BRANCH),
    "cohort.segmented": declare(
        "Automatic outlines",
        *(c.PATIENT_ID, c.IMAGE, c.FRAME, c.MASK, Column(c.FOUND, "truth", "whether a lesion was found")),
        *(c.CONFIDENCE, c.DICE, c.PROBLEM, Column(c.NETWORK, "text", "whom the network that drew it was trained on")),
        optional=[c.NETWORK],
    ),
    "performance.predictions": declare("Predictions", c.PATIENT_ID, c.SET, c.LABEL, c.OUTCOME, c.SIGNATURE, c.SCORE),
    "performance.thresholds": declare("Thresholds", c.SIGNATURE, c.OUTCOME, c.THRESHOLD, c.RULE),
    "model.candidates": declare(
        "Candidate models", c.SIGNATURE, c.MODEL, c.PARAMETERS, c.CV_AUC, c.CV_AUC_SD, c.CHOSEN
    ),
    "model.selection": declare(
        "Selection of features", c.STEP, c.FEATURES_IN, c.FEATURES_OUT, c.FALLBACK, optional=[c.FALLBACK]
    ),
    "model.coefficients": declare("Coefficients", c.FEATURE, c.COEFFICIENT),
    "model.heatmap": FEATURES,
    "external.updated.predictions": declare(
        "Updated probabilities", c.PATIENT_ID, c.LABEL, c.OUTCOME, c.SIGNATURE, c.UPDATE, c.SCORE
    ),
    "external.updated.figures": declare(
        "Updates",
        *(c.SIGNATURE, c.OUTCOME, c.UPDATE),
        *(Column(c.A, "number", "intercept learned"), Column(c.B, "number", "slope learned")),
        *(c.N, c.EVENTS, c.EXPECTED, c.AUC, c.SLOPE, c.INTERCEPT, c.BRIER),
        ends=[c.AUC, c.SLOPE, c.INTERCEPT],
    ),
    "checks.table": declare(
        "Checks", c.CODE, c.TITLE, c.RESULT, Column(c.FOUND, "text", "what was found"), c.REMEDY, c.PAGE
    ),
    "checks.shortcuts": declare("Shortcuts", c.SHORTCUT, c.OUTCOME, c.N, c.EVENTS, c.AUC, c.P, c.P_HOLM, ends=[c.AUC]),
    "explanations.points": declare("Points on the nomogram", c.PATIENT_ID, c.LABEL, c.SIGNATURE, c.VARIABLE, c.POINTS),
    "explanations.heat.shares": declare(
        "Where the heat lies",
        *(c.PATIENT_ID, c.LABEL, c.PREDICTED, c.LESION, c.RING, c.ELSEWHERE, c.LESION_AREA, c.RING_AREA),
    ),
    "explanations.heat.deletion": declare("Deletion", c.PATIENT_ID, c.SHARE, c.BY_HEAT, c.BY_CHANCE),
    "explanations.heat.randomised": declare("Randomisation", c.PATIENT_ID, c.STAGE, c.CORRELATION),
}
"""Declarations by part and name."""


def declared() -> dict[str, TableSchema]:
    """List the declarations of all tables of a result, those of the analyses included, by part and name."""
    return TABLES | {f"{registry.part_of(analysis)}.{analysis.name}": analysis.schema for analysis in registry.ANALYSES}


def check_tables(result: StudyResult) -> None:
    """Compare every table of a result with its declaration.

    Raises
    ------
    SchemaError
        A table is not as it is declared, or not declared at all.
    """
    known = declared()
    for name, table in tables_of(result):
        # audits have files of their own, which say what they hold
        if not name.startswith("audits."):
            known.get(name, FEATURES).check(table, name)


def tables_of(value: object, place: str = "") -> Iterator[tuple[str, pd.DataFrame]]:
    """Every table within a result, by part and name."""
    if isinstance(value, pd.DataFrame):
        yield place, value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from tables_of(one, f"{place}.{key}")
    elif is_dataclass(value):
        for one in fields(value):
            yield from tables_of(getattr(value, one.name), f"{place}.{one.name}".lstrip("."))
