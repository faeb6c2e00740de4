"""How far features and results depend on who outlined the lesions.

Masks are changed as another reader might have drawn them (`regions.perturb`). ICC(2,1) of each feature is measured on
training lesions; the frozen model is then asked about the test patients as if their lesions had been outlined
otherwise. Nothing is fitted or chosen here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.config.evaluation import StabilityConfig
from sonoher2.config.study import StudyConfig
from sonoher2.core.columns import TEST
from sonoher2.engine import ExecutionContext
from sonoher2.evaluation.compare.comparison import delong_test
from sonoher2.evaluation.discrimination import auc_delong
from sonoher2.lesions.perturb import Change
from sonoher2.radiomics.icc import icc_2_1
from sonoher2.radiomics.lesion import pool_patients
from sonoher2.signatures.feature_table import RADIOMICS
from sonoher2.signatures.set import SignatureSet
from sonoher2.study.analyses.performance import long_predictions
from sonoher2.study.analyses.perturbed_features import Way, measure_perturbed
from sonoher2.study.measure.features import measure_lesions
from sonoher2.study.measure.lesion_files import lesion_files
from sonoher2.study.measure.measured import Measured
from sonoher2.study.outcomes import outcome_scores

ICC_CHANGES: tuple[Change, ...] = ("shift", "grow", "shrink", "contour")
GIVEN = "given"
"""Name of the masks as they are."""


def feature_stability(
    measured: Measured,
    in_training: NDArray[np.bool_],
    study: StudyConfig,
    hashes: Mapping[str, str],
    context: ExecutionContext,
) -> pd.DataFrame:
    """ICC(2,1) of each radiomics feature between the given mask and changed ones, on training lesions.

    Parameters
    ----------
    measured
        The cohort.
    in_training
        (patients,), index as `measured.cohort.patients`.
    study
        Its `stability`, `reading`, `radiomics` and `seed`.
    hashes
        Sha256 of every file, by path.
    context
        Where it is computed and kept.

    Returns
    -------
    `feature, lesions, icc` (given and all changed masks), `icc_shift, icc_grow, icc_shrink, icc_contour` (given and
    this one), and `icc_second_reader` where at least two of the lesions have a second reader's mask. Empty for a study
    without images or without `stability`.
    """
    if study.reading is None or study.stability is None:
        return pd.DataFrame()
    images = _sample(measured, in_training, study.stability.patients, study.seed)
    given = measured.features.loc[images.index].to_numpy()
    ways = [Way(change, study.stability.strength) for change in ICC_CHANGES]
    redrawn = measure_perturbed(
        lesion_files(images), ways, study.reading, study.radiomics, hashes, study.seed, context
    ).features
    ratings = np.concatenate([given[:, None], redrawn], axis=1)
    table: dict[str, Any] = {"feature": measured.features.columns, "lesions": len(images), "icc": icc_2_1(ratings)}
    for position, change in enumerate(ICC_CHANGES, start=1):
        table[f"icc_{change}"] = icc_2_1(ratings[:, [0, position]])
    twice = images[images["second_mask"].notna()]
    if len(twice) > 1:
        files = lesion_files(twice, "second_mask")
        second, _ = measure_lesions(files, study.reading, study.radiomics, hashes, context)
        first = measured.features.loc[twice.index].to_numpy()
        table["icc_second_reader"] = icc_2_1(np.stack([first, second], axis=1))
    return pd.DataFrame(table)


def _sample(measured: Measured, in_training: NDArray[np.bool_], most: int, seed: int) -> pd.DataFrame:
    """Images of at most so many training patients."""
    patients = measured.cohort.patients.index[in_training]
    if len(patients) > most:
        patients = patients[np.random.default_rng(seed).choice(len(patients), most, replace=False)]
    images = measured.cohort.images
    return images[images["patient_id"].isin(patients)]


def redrawn_results(
    measured: Measured,
    in_training: NDArray[np.bool_],
    model: SignatureSet,
    thresholds: pd.DataFrame,
    study: StudyConfig,
    hashes: Mapping[str, str],
    context: ExecutionContext,
) -> pd.DataFrame:
    """Results of the frozen model in the test set, had its lesions been outlined otherwise.

    Parameters
    ----------
    measured, in_training, study, hashes, context
        As in `feature_stability`.
    model
        Fitted on the training patients.
    thresholds
        `signature, outcome, threshold`.

    Returns
    -------
    `change` (``given`` first), `strength`, `dice` (mean overlap with the given masks), `signature, outcome, n, events,
    auc, auc_low, auc_high`, `difference, low, high` (AUC minus that of the given masks), `moved` (mean absolute change
    of the score) and `switched` (share of patients who change sides of the threshold). Only signatures that rest on
    radiomics, and on no network: a network's view of the lesion is not taken anew.
    """
    names = remeasured_signatures(model)
    if study.reading is None or study.stability is None or not names:
        return pd.DataFrame()
    tested = measured.cohort.patients.index[~in_training]
    images = measured.cohort.images
    images = images[images["patient_id"].isin(tested)]
    ways = tested_ways(study.stability)
    redrawn = measure_perturbed(lesion_files(images), ways, study.reading, study.radiomics, hashes, study.seed, context)
    feature_table, labels = measured.feature_table.loc[tested], measured.cohort.patients.loc[tested, "label"]

    def scored(X: pd.DataFrame) -> pd.DataFrame:
        return long_predictions(model.predict_proba(X, names), labels, measured.cohort.classes, TEST)

    given = scored(feature_table)
    limits = thresholds.set_index(["signature", "outcome"])["threshold"]
    rows = [{"change": GIVEN, "strength": 0.0, "dice": 1.0} | row for row in compared_rows(given, given, limits, study)]
    for position, way in enumerate(ways):
        features = pd.DataFrame(redrawn.features[:, position], images.index, measured.features.columns)
        changed = feature_table.copy()
        own = changed.columns.get_level_values(0) == RADIOMICS
        changed.loc[:, own] = pool_patients(features, images["patient_id"]).loc[tested].to_numpy()
        how = {**way._asdict(), "dice": float(redrawn.dice[:, position].mean())}
        rows += [how | row for row in compared_rows(given, scored(changed), limits, study)]
    return pd.DataFrame(rows)


def compared_rows(
    given: pd.DataFrame, changed: pd.DataFrame, limits: pd.Series, study: StudyConfig
) -> list[dict[str, float | str]]:
    """One row per signature and outcome: the changed scores against those of the given masks."""
    rows: list[dict[str, float | str]] = []
    confidence = study.evaluation.confidence
    for signature, outcome in given[["signature", "outcome"]].drop_duplicates().itertuples(index=False, name=None):
        part = given[(given["signature"] == signature) & (given["outcome"] == outcome)]
        other = changed[(changed["signature"] == signature) & (changed["outcome"] == outcome)]
        y, before = outcome_scores(part, outcome)
        _, after = outcome_scores(other, outcome)
        area, test = auc_delong(y, after, confidence), delong_test(y, after, before, confidence)
        limit = float(limits[signature, outcome])
        rows.append(
            {
                "signature": signature,
                "outcome": outcome,
                "n": len(y),
                "events": int(y.sum()),
                "auc": area.value,
                "auc_low": area.low,
                "auc_high": area.high,
                "difference": test.difference,
                "low": test.low,
                "high": test.high,
                "moved": float(np.abs(after - before).mean()),
                "switched": float(((after >= limit) != (before >= limit)).mean()),
            }
        )
    return rows


def tested_ways(stability: StabilityConfig) -> list[Way]:
    """Ways in which the test patients' masks are changed: redrawn at each strength, and all too large or too small."""
    redrawn = [Way("redraw", strength) for strength in sorted(stability.strengths)]
    return [*redrawn, Way("grow", stability.strength), Way("shrink", stability.strength)]


def remeasured_signatures(model: SignatureSet) -> list[str]:
    """Signatures that use radiomics and nothing else of the image."""
    names: list[str] = []
    for name, signature in model.fitted_.items():
        own = set(signature.feature_groups) == {RADIOMICS}
        additive = signature.additive and bool(signature.parents)
        if own or (additive and all(parent in names for parent in signature.parents)):
            names.append(name)
    return names
