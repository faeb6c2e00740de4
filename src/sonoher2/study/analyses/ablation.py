"""What automatic outlines and enhanced images do to the results of a frozen model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.cohort.load import load_cohort
from sonoher2.config.study import StudyConfig
from sonoher2.core.columns import TEST
from sonoher2.engine import ExecutionContext
from sonoher2.signatures.set import SignatureSet
from sonoher2.study.analyses.performance import long_predictions
from sonoher2.study.analyses.stability import compared_rows
from sonoher2.study.measure.lesion_files import file_hashes
from sonoher2.study.measure.measured import Measured
from sonoher2.study.measure.prepare import measure_cohort
from sonoher2.study.measure.segmented import outline_cohort

AS_RUN = "as run"


def reading_ablation(
    measured: Measured,
    in_training: NDArray[np.bool_],
    model: SignatureSet,
    thresholds: pd.DataFrame,
    study: StudyConfig,
    context: ExecutionContext,
) -> pd.DataFrame:
    """Score the test patients by the frozen model with the other kind of mask, and with the other kind of image.

    Parameters
    ----------
    measured, in_training
        The study's patients as they were measured, and who is in training.
    model, thresholds
        Fitted on the training patients.
    study
        Its `regions` and `enhance` say how it was run; `ablation` whether this is wanted.
    context
        Where it is computed and kept.

    Returns
    -------
    `reading` (``as run`` first), `dice` (mean overlap of automatic and given masks, NaN without), and the columns of
    `stability.compared_rows`, on the test patients who have both readings; empty when nothing is to compare.
    """
    others = other_readings(study)
    if not study.ablation or not others:
        return pd.DataFrame()
    tested = measured.cohort.patients.index[~in_training]
    rows: list[dict[str, Any]] = []
    for name, change in others.items():
        feature_table, overlap = _measured_otherwise(measured, tested, study.model_copy(update=change), context)
        rows += _compared(measured, feature_table, model, thresholds, study, name, overlap)
    first = [row for row in rows if row["reading"] == AS_RUN]
    # the plain reading is the same in each comparison unless a reading lost patients
    keys = {(row["signature"], row["outcome"], row["n"]): row for row in first}
    return pd.DataFrame([*keys.values(), *(row for row in rows if row["reading"] != AS_RUN)])


def other_readings(study: StudyConfig) -> dict[str, dict[str, str]]:
    """Name the changes to the study file that lead to the other mask and to the other image."""
    if study.images is None:
        return {}
    others: dict[str, dict[str, str]] = {}
    if study.regions == "given":
        others["automatic masks"] = {"regions": "segment"}
    elif study.regions == "segment" and study.images.mask is not None:
        others["given masks"] = {"regions": "given"}
    other = "gan" if study.enhance == "none" else "none"
    others["enhanced images" if other == "gan" else "images as they are"] = {"enhance": other}
    return others


def _measured_otherwise(
    measured: Measured, tested: pd.Index, study: StudyConfig, context: ExecutionContext
) -> tuple[pd.DataFrame, float]:
    """Blocks of the test patients under another reading, and the overlap of its masks with the given ones."""
    whole = load_cohort(study)
    cohort = replace(
        whole,
        patients=measured.cohort.patients.loc[tested],
        images=whole.images[whole.images["patient_id"].isin(tested)].reset_index(drop=True),
    )
    cohort, outlines = outline_cohort(cohort, study, context)
    hashes = file_hashes(cohort.images)
    feature_table = measure_cohort(cohort, study, hashes, context, measured.networks).feature_table
    return feature_table, float(outlines["dice"].mean()) if len(outlines) else float("nan")


def _compared(
    measured: Measured,
    feature_table: pd.DataFrame,
    model: SignatureSet,
    thresholds: pd.DataFrame,
    study: StudyConfig,
    name: str,
    overlap: float,
) -> list[dict[str, Any]]:
    patients, classes = feature_table.index, measured.cohort.classes
    labels = measured.cohort.patients.loc[patients, "label"]
    limits = thresholds.set_index(["signature", "outcome"])["threshold"]
    plain = measured.feature_table.loc[patients]
    given, changed = (
        long_predictions(model.predict_proba(X), labels, classes, TEST)
        for X in (plain, feature_table.reindex(columns=plain.columns))
    )
    return [
        *({"reading": AS_RUN, "dice": np.nan} | row for row in compared_rows(given, given, limits, study)),
        *({"reading": name, "dice": overlap} | row for row in compared_rows(given, changed, limits, study)),
    ]
