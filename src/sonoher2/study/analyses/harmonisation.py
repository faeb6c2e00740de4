"""What taking the sites' effects out of the radiomic features changes: in the features, and in the results."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.config.study import StudyConfig
from sonoher2.core.columns import TEST, TRAIN_OOF
from sonoher2.engine import ExecutionContext
from sonoher2.evaluation.shift.differences import variance_between_groups
from sonoher2.signatures.feature_table import RADIOMICS
from sonoher2.signatures.registry import build_signatures
from sonoher2.signatures.set import SignatureSet
from sonoher2.study.analyses.stability import compared_rows
from sonoher2.study.fit.signatures import fit_signatures
from sonoher2.study.measure.measured import Measured
from sonoher2.study.scoring import score_patients, training_set

VISIBLE = 0.05
"""P value below which a feature is said to differ between sites."""


def harmonisation_effect(
    measured: Measured,
    in_training: NDArray[np.bool_],
    model: SignatureSet,
    predictions: pd.DataFrame,
    thresholds: pd.DataFrame,
    study: StudyConfig,
    context: ExecutionContext,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Run the study a second time without harmonising, everything learned anew.

    Parameters
    ----------
    measured, in_training
        The patients, and who is in training.
    model, predictions, thresholds
        The study's own.
    study, context
        Settings; where it is computed and kept.

    Returns
    -------
    Features: `set, harmonised, patients, sites, features, explained` (median share of a feature's variance that the
    site explains), `differing` (share of features with p < `VISIBLE`). Results: `set` and the columns of
    `stability.compared_rows` of the signatures with harmonised features, `difference` against those without, `moved`
    and `switched` likewise. Both empty for a study that does not harmonise.
    """
    if study.harmonise is None or RADIOMICS not in measured.feature_table.columns:
        return pd.DataFrame(), pd.DataFrame()
    plain = study.model_copy(update={"harmonise": None})
    signatures = build_signatures(plain, measured.cohort.clinical, has_images=True)
    fitted = fit_signatures(signatures, training_set(measured, in_training), plain, context)
    without = score_patients(measured, fitted, in_training)
    limits = thresholds.set_index(["signature", "outcome"])["threshold"]
    rows = [
        {"set": subset, **row}
        for subset in (TRAIN_OOF, TEST)
        for row in compared_rows(_of(without, subset), _of(predictions, subset), limits, study)
    ]
    return _site_effects(measured, in_training, model), pd.DataFrame(rows)


def _of(predictions: pd.DataFrame, subset: str) -> pd.DataFrame:
    return predictions[predictions["set"] == subset]


def _site_effects(measured: Measured, in_training: NDArray[np.bool_], model: SignatureSet) -> pd.DataFrame:
    """How far the site explains the features, before and after, in patients that ComBat saw and in others."""
    sites = measured.cohort.patients["site"].to_numpy(dtype=object)
    tables = {False: measured.feature_table[RADIOMICS], True: model.harmonised(measured.feature_table)[RADIOMICS]}
    rows = []
    for subset, chosen in ((TRAIN_OOF, in_training), (TEST, ~in_training)):
        for harmonised, features in tables.items():
            explained, p = variance_between_groups(features[chosen], sites[chosen])
            known = ~np.isnan(p)
            row = {
                "set": subset,
                "harmonised": harmonised,
                "patients": int(chosen.sum()),
                "sites": len({site for site in sites[chosen] if site is not None}),
                "features": int(known.sum()),
                "explained": float(np.median(explained[known])) if known.any() else np.nan,
                "differing": float((p[known] < VISIBLE).mean()) if known.any() else np.nan,
            }
            rows.append(row)
    return pd.DataFrame(rows)
