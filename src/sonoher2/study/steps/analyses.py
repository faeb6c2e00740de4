"""All analyses, in order: one line each, and nothing else has to know of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import pandas as pd

from sonoher2.study.analyses.analysis import Analysis, Part, Scored
from sonoher2.study.analyses.performance import (
    added_value,
    comparisons,
    model_comparison,
    signatures,
    subgroups,
    uncertainty,
)
from sonoher2.study.analyses.robustness import (
    ablation,
    harmonisation,
    new_site,
    outline_features,
    prevalence,
    selection_stability,
    shift,
    sites,
    stability,
)
from sonoher2.study.results.parts import ExternalResult, Performance, Robustness, UncertaintyResult

ANALYSES: tuple[Analysis, ...] = (
    signatures.ANALYSIS,
    comparisons.ANALYSIS,
    model_comparison.MODELS,
    model_comparison.MODEL_PREDICTIONS,
    subgroups.SUBGROUPS,
    subgroups.INTERACTIONS,
    sites.ANALYSIS,
    added_value.ANALYSIS,
    uncertainty.COVERAGE,
    uncertainty.ZONES,
    harmonisation.SITE_EFFECTS,
    harmonisation.HARMONISED,
    selection_stability.STEPS,
    selection_stability.FEATURES,
    selection_stability.STABILITY,
    stability.FEATURE_ICC,
    stability.PERTURBED,
    ablation.ANALYSIS,
    outline_features.ANALYSIS,
    shift.SHIFT,
    shift.DOMAIN,
    prevalence.ANALYSIS,
    new_site.REPAIRS,
)

PARTS: dict[Part, type] = {
    "performance": Performance,
    "uncertainty": UncertaintyResult,
    "robustness": Robustness,
    "external": ExternalResult,
}
Tables = dict[Part, dict[str, pd.DataFrame]]


def part_of(analysis: Analysis) -> Part:
    """Part of a result that takes the table of an analysis: ``extra`` when its own part has no field of this name."""
    own = PARTS.get(analysis.part)
    named = own is not None and analysis.name in {field.name for field in fields(own)}
    return analysis.part if named else "extra"


def analyse(scored: Scored, analyses: Sequence[Analysis] | None = None) -> Tables:
    """Answer every question that applies.

    Parameters
    ----------
    scored
        Patients and model.
    analyses
        `ANALYSES` unless told.

    Returns
    -------
    Tables by part and name; one that does not apply is absent.
    """
    tables: Tables = {"performance": {}, "uncertainty": {}, "robustness": {}, "external": {}, "extra": {}}
    for analysis in ANALYSES if analyses is None else analyses:
        if analysis.applies(scored):
            tables[part_of(analysis)][analysis.name] = analysis.compute(scored)
    return tables
