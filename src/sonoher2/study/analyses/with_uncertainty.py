"""What is told of a result beyond its metrics: added value, sites, and when the model does not know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sonoher2.bundle.uncertainty import Uncertainty
from sonoher2.core.columns import TRAIN_OOF
from sonoher2.study.analyses.added_value import added_value_table
from sonoher2.study.analyses.sites import site_table
from sonoher2.study.analyses.uncertainty import coverage_table, learn_uncertainty, zone_table
from sonoher2.study.results import StudyResult, UncertaintyResult


def with_uncertainty(result: StudyResult, frozen: Mapping[str, Uncertainty] | None = None) -> StudyResult:
    """Add the tables of added value, of sites and of uncertainty.

    Parameters
    ----------
    result
        Of a study or of a validation.
    frozen
        Limits that a bundle carries; learned on the result's own out-of-fold training scores when None.
    """
    evaluation, predictions = result.about.config.evaluation, result.performance.predictions
    limits = dict(frozen) if frozen is not None else {}
    if frozen is None:
        limits = learn_uncertainty(predictions[predictions["set"] == TRAIN_OOF], result.about.classes, evaluation)
    confidence, thresholds = evaluation.confidence, result.performance.thresholds
    return replace(
        result,
        uncertainty=UncertaintyResult(
            limits,
            coverage_table(predictions, limits, result.about.classes, confidence),
            zone_table(predictions, limits, confidence),
        ),
        performance=replace(
            result.performance,
            added_value=added_value_table(predictions, thresholds, confidence),
            sites=site_table(predictions, result.cohort.patients, confidence),
        ),
    )
