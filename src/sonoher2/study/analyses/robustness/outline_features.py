"""What the model's features measure under the other kind of outline: which of them live on who drew it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.evaluation.compare.comparison import delong_test
from sonoher2.evaluation.compare.rank_correlation import rank_correlation
from sonoher2.evaluation.discrimination import auc
from sonoher2.signatures.feature_table import RADIOMICS
from sonoher2.signatures.registry import RADIOMICS_SIGNATURE
from sonoher2.study.analyses.analysis import Analysis, Scored
from sonoher2.study.analyses.robustness.ablation import ANALYSIS as ABLATION
from sonoher2.study.analyses.robustness.ablation import measured_otherwise, other_readings
from sonoher2.study.results import columns as c
from sonoher2.study.results.schema import Column, declare

REGIONS = "regions"
"""Setting that says which outlines are used."""


def features_by_outline(scored: Scored) -> pd.DataFrame:
    """Compare each feature of the Radiomics signature, in the test patients, with itself under the other outline.

    Nothing is fitted. A feature alone counts as a score of each outcome, turned so that its AUC as run is 0.5 or more.

    Parameters
    ----------
    scored
        A study of images with the signature Radiomics and masks of both kinds.

    Returns
    -------
    `reading` (the other outline), `feature, outcome`, `n, events` (patients measured under both), `correlation`
    (Spearman), `shift` (mean of the other measurements less that as run, in standard deviations as run), `auc` as run,
    `auc_other`, `difference, low, high` (DeLong); what loses most comes first.
    """
    selection = scored.model.fitted_[RADIOMICS_SIGNATURE].final_selection
    outline = _other_outline(scored)
    rows: list[dict[str, object]] = []
    if selection is not None and outline is not None:
        reading, change = outline
        table, _ = measured_otherwise(scored, scored.study.model_copy(update=change))
        both = table.index.intersection(scored.X.index)
        labels = np.asarray(scored.measured.cohort.patients.loc[both, c.LABEL], dtype=np.int64)
        for name in selection.get_feature_names_out():
            own, other = (X.loc[both, (RADIOMICS, name)].to_numpy(np.float64) for X in (scored.X, table))
            rows += [{c.READING: reading, c.FEATURE: str(name)} | row for row in _rows(scored, labels, own, other)]
    found = pd.DataFrame(rows, columns=list(SCHEMA.names))
    return found.sort_values(c.DIFFERENCE, kind="stable", ignore_index=True)


def _rows(
    scored: Scored, labels: NDArray[np.int64], own: NDArray[np.float64], other: NDArray[np.float64]
) -> Iterator[dict[str, object]]:
    """One row of figures for each outcome; none where too few patients are known both ways."""
    known = np.isfinite(own) & np.isfinite(other)
    labels, own, other = labels[known], own[known], other[known]
    spread = float(own.std()) if len(own) else 0.0
    for number in scored.measured.cohort.outcomes:
        events = np.asarray(labels == number, dtype=np.int64)
        if not 0 < events.sum() < len(events):
            continue
        upwards = auc(events, own) >= 0.5
        before, after = (values if upwards else -values for values in (own, other))
        test = delong_test(events, after, before, scored.confidence)
        yield {
            c.OUTCOME: scored.classes[number],
            c.N: len(events),
            c.EVENTS: int(events.sum()),
            c.CORRELATION: rank_correlation(own, other),
            c.SHIFT: float((other - own).mean() / spread) if spread > 0 else float("nan"),
            c.AUC: auc(events, before),
            c.AUC_OTHER: auc(events, after),
            c.DIFFERENCE: test.difference,
            c.LOW: test.low,
            c.HIGH: test.high,
        }


def _other_outline(scored: Scored) -> tuple[str, dict[str, str]] | None:
    """Name of the other kind of outline, and the change to the study file that leads to it; None without one."""
    return next(((name, change) for name, change in other_readings(scored.study).items() if REGIONS in change), None)


def _applies(scored: Scored) -> bool:
    with_radiomics = RADIOMICS_SIGNATURE in dict(scored.model.signatures)
    return ABLATION.applies(scored) and with_radiomics and _other_outline(scored) is not None


SCHEMA = declare(
    "What the other outline makes of the model's features",
    *(c.READING, c.FEATURE, c.OUTCOME, c.N, c.EVENTS),
    Column(c.CORRELATION, "number", "rank correlation of the feature under both outlines"),
    Column(c.SHIFT, "number", "mean under the other outline less that as run, in standard deviations as run"),
    Column(c.AUC, "number", "area under the ROC curve of the feature alone, as run; 0.5 or more by its direction"),
    Column(c.AUC_OTHER, "number", "the same under the other outline, in the same direction"),
    *(c.DIFFERENCE, c.LOW, c.HIGH),
)
ANALYSIS = Analysis("outline_features", "robustness", SCHEMA, features_by_outline, _applies)
