"""What taking the sites' effects out of the radiomic features changes: in the features, and in the results."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sonoher2.core.columns import TEST, TRAIN_OOF
from sonoher2.evaluation.shift.differences import variance_between_groups
from sonoher2.signatures.feature_table import RADIOMICS
from sonoher2.signatures.registry import build_signatures
from sonoher2.study.analyses.analysis import Analysis, Scored
from sonoher2.study.analyses.compared import COMPARED, compared_rows
from sonoher2.study.fit.scoring import score_patients, training_set
from sonoher2.study.fit.signatures import fit_signatures
from sonoher2.study.results import columns as c
from sonoher2.study.results.predictions import learn_thresholds
from sonoher2.study.results.schema import declare

VISIBLE = 0.05
"""P value below which a feature is said to differ between sites."""


def harmonised_results(scored: Scored) -> pd.DataFrame:
    """Run the study a second time without harmonising, everything learned anew.

    Parameters
    ----------
    scored
        The study that harmonises.

    Returns
    -------
    `set` and the columns of `compared.compared_rows` of the signatures with harmonised features, `difference`
    against those without, `moved` and `switched` likewise.
    """
    measured, in_training = scored.measured, scored.in_training
    plain = scored.study.model_copy(update={"harmonise": None})
    signatures = build_signatures(plain, measured.cohort.clinical, has_images=True)
    fitted = fit_signatures(signatures, training_set(measured, in_training), plain, scored.context)
    without = score_patients(measured, fitted, in_training)
    # a threshold is learned, too: that of the other model says nothing of these scores
    learned = learn_thresholds(_of(without, TRAIN_OOF), plain.evaluation)
    own = learned.set_index([c.SIGNATURE, c.OUTCOME])[c.THRESHOLD]
    rows = [
        {c.SET: subset, **row}
        for subset in (TRAIN_OOF, TEST)
        for row in compared_rows(
            _of(without, subset), _of(scored.predictions, subset), scored.limits, scored.confidence, own
        )
    ]
    return pd.DataFrame(rows)


def _of(predictions: pd.DataFrame, subset: str) -> pd.DataFrame:
    return predictions[predictions[c.SET] == subset]


def site_effects(scored: Scored) -> pd.DataFrame:
    """How far the site explains the features, before and after, in patients that ComBat saw and in others.

    Parameters
    ----------
    scored
        The study that harmonises.

    Returns
    -------
    `set, harmonised, patients, sites, features, explained` (median share of a feature's variance that the site
    explains), `differing` (share of features with p < `VISIBLE`).
    """
    measured, in_training = scored.measured, scored.in_training
    sites = measured.cohort.patients[c.SITE].to_numpy(dtype=object)
    tables = {
        False: measured.feature_table[RADIOMICS],
        True: scored.model.harmonised(measured.feature_table)[RADIOMICS],
    }
    rows = []
    for subset, chosen in ((TRAIN_OOF, in_training), (TEST, ~in_training)):
        for harmonised, features in tables.items():
            explained, p = variance_between_groups(features[chosen], sites[chosen])
            known = ~np.isnan(p)
            row = {
                c.SET: subset,
                c.HARMONISED: harmonised,
                c.PATIENTS: int(chosen.sum()),
                c.SITES: int(pd.Series(sites[chosen]).nunique()),
                c.FEATURES: int(known.sum()),
                c.EXPLAINED: float(np.median(explained[known])) if known.any() else np.nan,
                c.DIFFERING: float((p[known] < VISIBLE).mean()) if known.any() else np.nan,
            }
            rows.append(row)
    return pd.DataFrame(rows)


def _harmonises(scored: Scored) -> bool:
    in_study = scored.bundle is None and scored.study.harmonise is not None
    return in_study and RADIOMICS in scored.measured.feature_table.columns


SITE_SCHEMA = declare(
    "Effects of the sites on the features",
    *(c.SET, c.HARMONISED, c.PATIENTS, c.SITES, c.FEATURES, c.EXPLAINED, c.DIFFERING),
)
RESULTS_SCHEMA = declare("Results with and without harmonising", c.SET, *COMPARED, ends=[c.AUC])
SITE_EFFECTS = Analysis("site_effects", "robustness", SITE_SCHEMA, site_effects, _harmonises)
HARMONISED = Analysis("harmonised", "robustness", RESULTS_SCHEMA, harmonised_results, _harmonises)
