"""What automatic masks and enhanced images do to the results of a frozen model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from sonoher2.cohort.load import load_cohort
from sonoher2.config.study import StudyConfig
from sonoher2.core.columns import TEST
from sonoher2.networks.own import SHIPPED_NETWORKS
from sonoher2.study.analyses.analysis import Analysis, Scored
from sonoher2.study.analyses.compared import COMPARED, Row, compared_rows
from sonoher2.study.measure.lesion_files import file_hashes
from sonoher2.study.measure.own_networks import with_enhancers
from sonoher2.study.measure.prepare import measure_cohort
from sonoher2.study.measure.segmented import segment_cohort
from sonoher2.study.results import columns as c
from sonoher2.study.results.predictions import long_predictions
from sonoher2.study.results.schema import declare

AS_RUN = "as run"


def reading_ablation(scored: Scored) -> pd.DataFrame:
    """Score the test patients by the frozen model with the other kind of mask, and with the other kind of image.

    Parameters
    ----------
    scored
        A study of images; its `regions` and `enhance` say how it was run.

    Returns
    -------
    `reading` (``as run`` first), `dice` (mean overlap of automatic and given masks, NaN without), and the columns of
    `compared.compared_rows`, on the test patients who have both readings.
    """
    rows: list[Row] = []
    for name, change in other_readings(scored.study).items():
        rows += _compared(scored, name, *measured_otherwise(scored, scored.study.model_copy(update=change)))
    first = [row for row in rows if row[c.READING] == AS_RUN]
    # the plain reading is the same in each comparison unless a reading lost patients
    keys = {(row[c.SIGNATURE], row[c.OUTCOME], row[c.N]): row for row in first}
    return pd.DataFrame([*keys.values(), *(row for row in rows if row[c.READING] != AS_RUN)])


def other_readings(study: StudyConfig) -> dict[str, dict[str, str]]:
    """Name the changes to the study file that lead to the other mask and to the other image."""
    if study.images is None:
        return {}
    others: dict[str, dict[str, str]] = {}
    if study.regions == "given":
        others["automatic masks"] = {"regions": "segment"}
    elif study.regions != "segment-missing" and study.images.mask is not None:
        others["given masks"] = {"regions": "given"}
    other = "gan" if study.enhance == "none" else "none"
    others["enhanced images" if other == "gan" else "images as they are"] = {"enhance": other}
    return others


def measured_otherwise(scored: Scored, study: StudyConfig) -> tuple[pd.DataFrame, float]:
    """Measure the test patients under another reading.

    Parameters
    ----------
    scored
        The study as it was run.
    study
        Its settings, with the other reading.

    Returns
    -------
    Feature table of those whose lesion is found, and the mean overlap of automatic masks with the given ones, NaN
    where the reading makes none.
    """
    measured, tested, whole = scored.measured, scored.X.index, load_cohort(study)
    cohort = replace(
        whole,
        patients=measured.cohort.patients.loc[tested],
        images=whole.images[whole.images[c.PATIENT_ID].isin(tested)].reset_index(drop=True),
    )
    networks = scored.networks or SHIPPED_NETWORKS
    cohort, segmented = segment_cohort(cohort, study, scored.context, networks)
    cohort = with_enhancers(cohort, study, networks)
    hashes = file_hashes(cohort.images)
    feature_table = measure_cohort(cohort, study, hashes, scored.context, measured.networks).feature_table
    return feature_table, float(segmented[c.DICE].mean()) if len(segmented) else float("nan")


def _compared(scored: Scored, name: str, feature_table: pd.DataFrame, overlap: float) -> list[Row]:
    patients = feature_table.index
    labels = scored.measured.cohort.patients.loc[patients, c.LABEL]
    plain = scored.measured.feature_table.loc[patients]
    given, changed = (
        long_predictions(scored.model.predict_proba(X), labels, scored.classes, TEST)
        for X in (plain, feature_table.reindex(columns=plain.columns))
    )
    limits, confidence = scored.limits, scored.confidence
    first: Row = {c.READING: AS_RUN, c.DICE: np.nan}
    second: Row = {c.READING: name, c.DICE: overlap}
    return [
        *(first | row for row in compared_rows(given, given, limits, confidence)),
        *(second | row for row in compared_rows(given, changed, limits, confidence)),
    ]


def _wanted(scored: Scored) -> bool:
    return scored.bundle is None and scored.study.ablation and bool(other_readings(scored.study))


SCHEMA = declare("What masks and enhancement change", c.READING, c.DICE, *COMPARED, ends=[c.AUC])
ANALYSIS = Analysis("ablation", "robustness", SCHEMA, reading_ablation, _wanted)
