"""Whether signatures work alike in all kinds of patients: AUC within levels, and tests between them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
import pandas as pd

from sonoher2.config.clinical import ClinicalColumn
from sonoher2.config.evaluation import EvaluationConfig
from sonoher2.core.columns import TEST
from sonoher2.core.natural import natural_key
from sonoher2.engine import FRAME, Keyed, Step, settings_key
from sonoher2.evaluation.compare.comparison import holm
from sonoher2.evaluation.compare.independent import auc_heterogeneity
from sonoher2.evaluation.compare.interaction import score_by_group, usable_levels
from sonoher2.evaluation.compare.subgroups import auc_by_subgroup
from sonoher2.study.analyses.analysis import Analysis, Scored
from sonoher2.study.analyses.performance.lesion_size import LESION_SIZE
from sonoher2.study.results import columns as c
from sonoher2.study.results.outcomes import outcome_scores
from sonoher2.study.results.predictions import each_part
from sonoher2.study.results.schema import declare


def subgroup_table(
    predictions: pd.DataFrame,
    patients: pd.DataFrame,
    evaluation: EvaluationConfig,
    declared: Mapping[str, ClinicalColumn],
    medians: Mapping[str, float],
) -> pd.DataFrame:
    """AUC of each signature within levels of chosen columns and of lesion size; numbers are cut at the training median.

    Parameters
    ----------
    predictions
        Long predictions.
    patients
        Index `patient_id`, with `set` and the columns that `evaluation.subgroups` names.
    evaluation
        Its `subgroups` and `confidence`.
    declared
        The clinical columns, for the names of their levels.
    medians
        By column the training median, where it is known from a frozen model. Other numbers are cut at the median of
        the training patients in the table or, where there are none, of all.

    Returns
    -------
    `subgroup, level, signature, set, outcome, n, events, auc, auc_low, auc_high`.
    """
    rows = []
    for name, levels in _groupings(patients, evaluation, declared, medians).items():
        for (signature, subset, outcome), part in each_part(predictions, [c.SIGNATURE, c.SET, c.OUTCOME]):
            y, score = outcome_scores(part, outcome)
            group = levels.reindex(part[c.PATIENT_ID]).to_numpy()
            rows += [
                {
                    c.SUBGROUP: name,
                    c.LEVEL: found.level,
                    c.SIGNATURE: signature,
                    c.SET: subset,
                    c.OUTCOME: outcome,
                    c.N: found.n,
                    c.EVENTS: found.events,
                    c.AUC: found.auc.value,
                    c.low(c.AUC): found.auc.low,
                    c.high(c.AUC): found.auc.high,
                }
                for found in sorted(
                    auc_by_subgroup(y, score, group, confidence=evaluation.confidence),
                    key=lambda found: natural_key(found.level),
                )
            ]
    return pd.DataFrame(rows)


def _groupings(
    patients: pd.DataFrame,
    evaluation: EvaluationConfig,
    declared: Mapping[str, ClinicalColumn],
    medians: Mapping[str, float],
) -> dict[str, pd.Series]:
    """Level of each patient, (patients,), by subgroup."""
    known = {**declared, **LESION_SIZE}
    return {
        name: _levels(patients[name], patients[c.SET], known.get(name), medians.get(name))
        for name in subgroup_names(patients, evaluation)
    }


def subgroup_names(patients: pd.DataFrame, evaluation: EvaluationConfig) -> list[str]:
    """List the columns that patients are grouped by: those of the study file, and lesion size where it was measured."""
    return [*evaluation.subgroups, *(name for name in LESION_SIZE if name in patients)]


def interaction_table(
    predictions: pd.DataFrame,
    patients: pd.DataFrame,
    evaluation: EvaluationConfig,
    declared: Mapping[str, ClinicalColumn],
    medians: Mapping[str, float],
) -> pd.DataFrame:
    """Test whether each signature's score means the same, and separates as well, in all levels of each subgroup.

    Parameters
    ----------
    predictions, patients, evaluation, declared, medians
        As in `subgroup_table`.

    Returns
    -------
    `subgroup, signature, set, outcome, levels, chi2, df, p, p_holm, p_auc`: likelihood ratio test of the interaction of
    score and level, corrected over the subgroups of a signature, set and outcome; and the test that all AUCs are equal.
    """
    rows = []
    groupings = _groupings(patients, evaluation, declared, medians)
    for (signature, subset, outcome), part in each_part(predictions, [c.SIGNATURE, c.SET, c.OUTCOME]):
        y, score = outcome_scores(part, outcome)
        for name, levels in groupings.items():
            group = levels.reindex(part[c.PATIENT_ID]).to_numpy()
            test = score_by_group(y, score, group)
            numbers = usable_levels(y == 1, group, 5)
            parts = [(y[numbers == k], score[numbers == k]) for k in range(test.levels)]
            rows.append(
                {
                    c.SUBGROUP: name,
                    c.SIGNATURE: signature,
                    c.SET: subset,
                    c.OUTCOME: outcome,
                    c.LEVELS: test.levels,
                    c.CHI2: test.chi2,
                    c.DF: test.degrees,
                    c.P: test.p,
                    c.P_AUC: auc_heterogeneity(parts).p,
                }
            )
    table = pd.DataFrame(rows)
    if table.empty:
        return table
    by = table.groupby([c.SIGNATURE, c.SET, c.OUTCOME], sort=False)[c.P]
    return table.assign(**{c.P_HOLM: by.transform(lambda p: holm(p.to_numpy()))})


def _levels(values: pd.Series, subset: pd.Series, declared: ClinicalColumn | None, median: float | None) -> pd.Series:
    """Name of each patient's level; None where it is unknown."""
    if declared is None or declared.kind == "category":
        return values.astype(object)
    if declared.kind == "number":
        if median is None:
            median = values[subset != TEST].median() if (subset != TEST).any() else values.median()
        names = np.where(values <= median, f"at most {median:g}", f"above {median:g}")
        return pd.Series(names, index=values.index).where(values.notna(), None)
    known = dict(enumerate(declared.levels or ["no", "yes"]))
    return values.map(known, na_action="ignore").astype(object)


def _has_subgroups(scored: Scored) -> bool:
    return bool(subgroup_names(scored.patients, scored.study.evaluation))


def _kept(step: Step[pd.DataFrame], scored: Scored) -> pd.DataFrame:
    evaluation, patients = scored.study.evaluation, scored.patients
    names = subgroup_names(patients, evaluation)
    declared = {name: column for name, column in scored.study.clinical.columns.items() if name in names}
    groups = Keyed(evaluation, settings_key(evaluation, "subgroups", "confidence"))
    medians = _training_medians(scored)
    return scored.context.run(step, scored.predictions, patients[[c.SET, *names]], groups, declared, medians)


def _training_medians(scored: Scored) -> dict[str, float]:
    """Medians of the clinical numbers in the frozen model's training patients; none in a study, which has these."""
    summaries = {} if scored.bundle is None else scored.bundle.schema.training.clinical
    # a category has shares; the type itself is not asked, since its module would be part of what the steps rest on
    quantiles = {name: getattr(summary, "quantiles", ()) for name, summary in summaries.items()}
    return {name: float(found[len(found) // 2]) for name, found in quantiles.items() if found}


BY_LEVEL_SCHEMA = declare(
    "Subgroups", c.SUBGROUP, c.LEVEL, c.SIGNATURE, c.SET, c.OUTCOME, c.N, c.EVENTS, c.AUC, ends=[c.AUC]
)
BETWEEN_LEVELS_SCHEMA = declare(
    "Tests between subgroups",
    *(c.SUBGROUP, c.SIGNATURE, c.SET, c.OUTCOME, c.LEVELS, c.CHI2, c.DF, c.P, c.P_AUC, c.P_HOLM),
)
BY_LEVEL = Step("subgroups", subgroup_table, FRAME)
BETWEEN_LEVELS = Step("interactions", interaction_table, FRAME)
SUBGROUPS = Analysis("subgroups", "performance", BY_LEVEL_SCHEMA, partial(_kept, BY_LEVEL), _has_subgroups)
INTERACTIONS = Analysis(
    "interactions", "performance", BETWEEN_LEVELS_SCHEMA, partial(_kept, BETWEEN_LEVELS), _has_subgroups
)
