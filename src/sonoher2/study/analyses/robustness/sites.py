"""Each site by itself, and what is to be expected at a further one."""

from __future__ import annotations

import pandas as pd

from sonoher2.evaluation.compare.pooling import poolable, pooled_auc
from sonoher2.evaluation.compare.subgroups import auc_by_subgroup
from sonoher2.study.analyses.analysis import Analysis, Scored
from sonoher2.study.results import columns as c
from sonoher2.study.results.outcomes import outcome_scores
from sonoher2.study.results.predictions import each_part
from sonoher2.study.results.schema import declare

POOLED, FURTHER = "pooled", "a further site"
"""Names of the rows below the sites: random-effects mean, and prediction interval."""


def site_table(predictions: pd.DataFrame, patients: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """AUC of each signature at each site of each set, pooled where two sites or more have one.

    Parameters
    ----------
    predictions
        As in `StudyResult`.
    patients
        Index `patient_id`; `site`, where the cohort has sites.
    confidence
        Level of the intervals.

    Returns
    -------
    `signature, set, outcome, site, n, events, auc, auc_low, auc_high, tau2, i2`. `tau2` (on
    the logit scale) and `i2` are of the pooled row alone; a further site is predicted from three sites on. Both rows
    count the patients of the sites that are pooled.
    """
    rows: list[dict[str, object]] = []
    for (signature, subset, outcome), part in each_part(predictions, [c.SIGNATURE, c.SET, c.OUTCOME]):
        y, score = outcome_scores(part, outcome)
        sites = auc_by_subgroup(y, score, patients[c.SITE].reindex(part[c.PATIENT_ID]), confidence=confidence)
        place = {c.SIGNATURE: signature, c.SET: subset, c.OUTCOME: outcome}
        rows += [
            {
                **place,
                c.SITE: site.level,
                c.N: site.n,
                c.EVENTS: site.events,
                c.AUC: site.auc.value,
                c.low(c.AUC): site.auc.low,
                c.high(c.AUC): site.auc.high,
            }
            for site in sites
        ]
        pooled = pooled_auc([site.auc for site in sites], confidence)
        if pooled.sites < 2:
            continue
        usable = [site for site in sites if poolable(site.auc)]
        counts = {c.N: sum(site.n for site in usable), c.EVENTS: sum(site.events for site in usable)}
        mean = {c.AUC: pooled.mean.value, c.low(c.AUC): pooled.mean.low, c.high(c.AUC): pooled.mean.high}
        rows.append({**place, c.SITE: POOLED, **counts, **mean, c.TAU2: pooled.tau2, c.I2: pooled.i2})
        if pooled.sites < 3:
            continue
        further = {c.AUC: pooled.mean.value, c.low(c.AUC): pooled.prediction_low, c.high(c.AUC): pooled.prediction_high}
        rows.append({**place, c.SITE: FURTHER, **counts, **further})
    return pd.DataFrame(rows).astype({c.N: "Int64", c.EVENTS: "Int64"})


def _has_sites(scored: Scored) -> bool:
    return c.SITE in scored.patients and scored.patients[c.SITE].nunique() > 1


SCHEMA = declare(
    "Sites",
    c.SIGNATURE,
    c.SET,
    c.OUTCOME,
    c.SITE,
    c.N,
    c.EVENTS,
    c.AUC,
    c.TAU2,
    c.I2,
    ends=[c.AUC],
    optional=[c.TAU2, c.I2],
)
ANALYSIS = Analysis(
    "sites",
    "performance",
    SCHEMA,
    lambda scored: site_table(scored.predictions, scored.patients, scored.confidence),
    _has_sites,
)
