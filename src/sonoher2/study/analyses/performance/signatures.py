"""All metrics of each signature, and which of them is the main one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sonoher2.config.evaluation import EvaluationConfig
from sonoher2.core.columns import TRAIN_OOF
from sonoher2.engine import FRAME, Keyed, Step, settings_key
from sonoher2.evaluation.discrimination import macro_auc
from sonoher2.evaluation.table import METRICS, metric_row
from sonoher2.study.analyses.analysis import Analysis, Scored
from sonoher2.study.results import columns as c
from sonoher2.study.results.outcomes import outcome_scores
from sonoher2.study.results.predictions import each_part
from sonoher2.study.results.schema import Column, declare

MACRO = "macro"
"""Outcome name of the mean over classes, each against the rest, in studies of more than two classes."""


def signature_table(
    predictions: pd.DataFrame, thresholds: pd.DataFrame, evaluation: EvaluationConfig, seed: int
) -> pd.DataFrame:
    """All metrics of each signature in each set, at its frozen threshold.

    Returns
    -------
    `signature, set, n, events, auc, auc_low, auc_high, outcome`, then the other metrics.
    """
    frozen = thresholds.set_index([c.SIGNATURE, c.OUTCOME])[c.THRESHOLD]
    rows: list[dict[str, object]] = []
    for (signature, subset, outcome), part in each_part(predictions, [c.SIGNATURE, c.SET, c.OUTCOME]):
        y, score = outcome_scores(part, outcome)
        row = metric_row(
            y,
            score,
            float(frozen[signature, outcome]),
            repeats=evaluation.bootstrap,
            seed=seed,
            confidence=evaluation.confidence,
        )
        rows.append({c.SIGNATURE: signature, c.SET: subset, c.OUTCOME: outcome, **row})
    if predictions[c.OUTCOME].nunique() > 1:
        rows += _macro_rows(predictions, evaluation, seed)
    # the mean over classes has no count of events
    table = pd.DataFrame(rows).astype({c.N: "Int64", c.EVENTS: "Int64"})
    first = [c.SIGNATURE, c.SET, c.N, c.EVENTS, c.AUC, c.low(c.AUC), c.high(c.AUC), c.OUTCOME]
    return table[first + [name for name in METRICS if name not in first]]


def _macro_rows(predictions: pd.DataFrame, evaluation: EvaluationConfig, seed: int) -> list[dict[str, object]]:
    outcomes = list(predictions[c.OUTCOME].unique())
    rows: list[dict[str, object]] = []
    for (signature, subset), part in each_part(predictions, [c.SIGNATURE, c.SET]):
        wide = part.pivot(index=c.PATIENT_ID, columns=c.OUTCOME, values=c.SCORE)[outcomes]
        names = part.drop_duplicates(c.PATIENT_ID).set_index(c.PATIENT_ID)[c.LABEL].loc[wide.index]
        labels = names.map({name: i for i, name in enumerate(outcomes)}).to_numpy(np.int64)
        estimate = macro_auc(
            labels, wide.to_numpy(), repeats=evaluation.bootstrap, seed=seed, confidence=evaluation.confidence
        )
        rows.append(
            {
                c.SIGNATURE: signature,
                c.SET: subset,
                c.OUTCOME: MACRO,
                c.N: len(wide),
                c.AUC: estimate.value,
                c.low(c.AUC): estimate.low,
                c.high(c.AUC): estimate.high,
            }
        )
    return rows


def main_signature(signatures: pd.DataFrame) -> str:
    """Name the signature with the highest out-of-fold training AUC, averaged over outcomes; the first one of equals."""
    training = signatures[signatures[c.SET].eq(TRAIN_OOF) & signatures[c.OUTCOME].ne(MACRO)]
    return str(training.groupby(c.SIGNATURE, sort=False)[c.AUC].mean().idxmax())


SCHEMA = declare(
    "Performance",
    c.SIGNATURE,
    c.SET,
    *(c.N, c.EVENTS, c.AUC, c.OUTCOME),
    *(Column(end(c.AUC_BOOT), "number", "end of the bootstrap interval of auc") for end in (c.low, c.high)),
    *(c.AUPRC, c.THRESHOLD, c.SENSITIVITY, c.SPECIFICITY, c.PPV, c.NPV, c.F1, c.ACCURACY, c.BRIER),
    *(c.CALIBRATION_SLOPE, c.CALIBRATION_INTERCEPT),
    ends={name for name in METRICS if c.low(name) in METRICS},
)
STEP = Step("signatures", signature_table, FRAME)


def _kept(scored: Scored) -> pd.DataFrame:
    evaluation = scored.study.evaluation
    intervals = Keyed(evaluation, settings_key(evaluation, "bootstrap", "confidence"))
    return scored.context.run(STEP, scored.predictions, scored.thresholds, intervals, scored.study.seed)


ANALYSIS = Analysis("signatures", "performance", SCHEMA, _kept)
