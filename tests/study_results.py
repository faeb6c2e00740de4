"""Helpers for tests that need a result of a study with something else in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace

from sonoher2.bundle.uncertainty import Uncertainty
from sonoher2.core.columns import TRAIN_OOF
from sonoher2.study.analyses.performance.added_value import added_value_table
from sonoher2.study.analyses.performance.uncertainty import coverage_table, learn_uncertainty, zone_table
from sonoher2.study.analyses.robustness.sites import site_table
from sonoher2.study.results.parts import StudyResult

PARTS = ("about", "cohort", "performance", "model", "uncertainty", "robustness", "external", "checks")


def changed(result: StudyResult, **values: object) -> StudyResult:
    """The same result with other values: each name is a field of one of the parts, or a part."""
    for name, value in values.items():
        own = [part for part in PARTS if name in {field.name for field in fields(getattr(result, part))}]
        if own:
            value, name = replace(getattr(result, own[0]), **{name: value}), own[0]
        result = replace(result, **{name: value})
    return result


def with_uncertainty(result: StudyResult, frozen: Mapping[str, Uncertainty] | None = None) -> StudyResult:
    """The same result with coverage, zones, added value and sites, at limits that are given or learned in training."""
    predictions, confidence = result.performance.predictions, result.about.config.evaluation.confidence
    training = predictions[predictions["set"] == TRAIN_OOF]
    learned = frozen or learn_uncertainty(training, result.about.classes, result.about.config.evaluation)
    several = "site" in result.cohort.patients and result.cohort.patients["site"].nunique() > 1
    return changed(
        result,
        learned=dict(learned),
        coverage=coverage_table(predictions, learned, result.about.classes, confidence),
        zones=zone_table(predictions, learned, confidence),
        added_value=added_value_table(predictions, result.performance.thresholds, confidence),
        **({"sites": site_table(predictions, result.cohort.patients, confidence)} if several else {}),
    )
