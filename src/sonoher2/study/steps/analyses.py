"""All analyses, in order: one line each, and nothing else has to know of it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from sonoher2.study.analyses.analysis import Analysis, Part, Scored
from sonoher2.study.analyses.performance import added_value, comparisons, signatures, subgroups, uncertainty
from sonoher2.study.analyses.robustness import ablation, harmonisation, shift, sites, stability

ANALYSES: tuple[Analysis, ...] = (
    signatures.ANALYSIS,
    comparisons.ANALYSIS,
    subgroups.SUBGROUPS,
    subgroups.INTERACTIONS,
    sites.ANALYSIS,
    added_value.ANALYSIS,
    uncertainty.COVERAGE,
    uncertainty.ZONES,
    harmonisation.SITE_EFFECTS,
    harmonisation.HARMONISED,
    stability.FEATURE_ICC,
    stability.PERTURBED,
    ablation.ANALYSIS,
    shift.SHIFT,
    shift.DOMAIN,
)

Tables = dict[Part, dict[str, pd.DataFrame]]


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
            tables[analysis.part][analysis.name] = analysis.compute(scored)
    return tables
