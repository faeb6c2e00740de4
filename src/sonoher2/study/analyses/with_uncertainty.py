"""What is told of a result beyond its metrics: added value, sites, and when the model does not know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sonoher2.bundle.uncertainty import Uncertainty
from sonoher2.study.analyses.added_value import added_value_table
from sonoher2.study.analyses.sites import site_table
from sonoher2.study.analyses.uncertainty import coverage_table, learn_uncertainty, zone_table
from sonoher2.study.results import TRAIN, StudyResult


def with_uncertainty(result: StudyResult, frozen: Mapping[str, Uncertainty] | None = None) -> StudyResult:
    """Add the tables of added value, of sites and of uncertainty.

    Parameters
    ----------
    result
        Of a study or of a validation.
    frozen
        Limits that a bundle carries; learned on the result's own out-of-fold training scores when None.
    """
    evaluation, predictions = result.config.evaluation, result.predictions
    limits = dict(frozen) if frozen is not None else {}
    if frozen is None:
        limits = learn_uncertainty(predictions[predictions["set"] == TRAIN], result.classes, evaluation)
    return replace(
        result,
        uncertainty=limits,
        coverage=coverage_table(predictions, limits, result.classes, evaluation.confidence),
        zones=zone_table(predictions, limits, evaluation.confidence),
        added_value=added_value_table(predictions, result.thresholds, evaluation.confidence),
        sites=site_table(predictions, result.patients, evaluation.confidence),
    )
