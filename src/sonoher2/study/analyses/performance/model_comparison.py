"""Every model by itself, beside the signatures: a description, by which nothing is chosen."""

from __future__ import annotations

import pandas as pd

from sonoher2.config.evaluation import EvaluationConfig
from sonoher2.core.columns import TRAIN_OOF
from sonoher2.engine import FRAME, Keyed, Step, settings_key
from sonoher2.evaluation.compare.comparison import delong_test, holm
from sonoher2.study.analyses.analysis import Analysis, Scored
from sonoher2.study.analyses.performance.signatures import main_signature, signature_table
from sonoher2.study.results import columns as c
from sonoher2.study.results.outcomes import outcome_scores
from sonoher2.study.results.predictions import each_part, learn_thresholds
from sonoher2.study.results.schema import Column, declare

SIGNATURES = "Signatures"
"""Family of the signatures themselves."""
SHOWN = (c.AUC, c.SENSITIVITY, c.SPECIFICITY, c.F1, c.BRIER, c.CALIBRATION_SLOPE, c.CALIBRATION_INTERCEPT)


def model_table(
    models: pd.DataFrame, signatures: pd.DataFrame, evaluation: EvaluationConfig, seed: int
) -> pd.DataFrame:
    """Figures of every model and signature, each at its own frozen threshold, and its distance from the best one.

    The best one has the highest AUC of the training patients out of fold, averaged over the outcomes. Each other one is
    compared with it by DeLong's test, Holm-corrected over all of a set and outcome.

    Parameters
    ----------
    models
        Predictions by model, as from `score_models`.
    signatures
        Predictions by signature, as in `StudyResult`.
    evaluation
        Threshold rule, intervals and bootstrap.
    seed
        Of the bootstrap.

    Returns
    -------
    One row per model, set and outcome: `family, model, set, outcome, n, events`, metrics with their intervals,
    `threshold`, `difference, low, high, p, p_holm` (missing for the best one itself).
    """
    own = as_models(signatures)
    together = pd.concat([models, own], ignore_index=True)
    training = together[together[c.SET] == TRAIN_OOF]
    thresholds = learn_thresholds(training, evaluation)
    figures = signature_table(together, thresholds, evaluation, seed)
    names = together[[c.SIGNATURE, c.FAMILY, c.MODEL]].drop_duplicates()
    distances = _distances(together, main_signature(figures), evaluation.confidence)
    table = figures.merge(names, on=c.SIGNATURE, how="left")
    table = table.merge(distances, on=[c.SIGNATURE, c.SET, c.OUTCOME], how="left")
    return table[[name for name in SCHEMA.names if name in table]]


def as_models(signatures: pd.DataFrame) -> pd.DataFrame:
    """Give predictions by signature the columns of those by model."""
    return signatures.assign(**{c.FAMILY: SIGNATURES}).assign(**{c.MODEL: signatures[c.SIGNATURE]})


def _distances(predictions: pd.DataFrame, best: str, confidence: float) -> pd.DataFrame:
    tables = []
    for (subset, outcome), part in each_part(predictions, [c.SET, c.OUTCOME]):
        scores = {name: outcome_scores(rows, outcome) for (name,), rows in each_part(part, [c.SIGNATURE])}
        y, against = scores.pop(best)
        rows = []
        for name, (_, score) in scores.items():
            test = delong_test(y, score, against, confidence)
            rows.append(
                {
                    c.SIGNATURE: name,
                    c.SET: subset,
                    c.OUTCOME: outcome,
                    c.DIFFERENCE: test.difference,
                    c.LOW: test.low,
                    c.HIGH: test.high,
                    c.P: test.p,
                }
            )
        table = pd.DataFrame(rows)
        tables.append(table.assign(**{c.P_HOLM: holm(table[c.P].to_numpy())}) if rows else table)
    return pd.concat(tables, ignore_index=True)


SCHEMA = declare(
    "Comparison of models",
    c.FAMILY,
    Column(c.MODEL, "text", "model, network or signature"),
    *(c.SET, c.OUTCOME, c.N, c.EVENTS, *SHOWN, c.THRESHOLD),
    Column(c.DIFFERENCE, "number", "AUC less that of the best model out of fold"),
    *(c.LOW, c.HIGH, c.P, c.P_HOLM),
    ends=[name for name in SHOWN if name != c.BRIER],
)
PREDICTIONS = declare(
    "Predictions by model",
    *(c.PATIENT_ID, c.SET, c.LABEL, c.OUTCOME, Column(c.SIGNATURE, "text", "family and model"), c.SCORE),
    *(c.FAMILY, c.MODEL),
)
STEP = Step("model_comparison", model_table, FRAME)


def _asked_for(scored: Scored) -> bool:
    return not scored.models.empty


def _kept(scored: Scored) -> pd.DataFrame:
    evaluation = scored.study.evaluation
    judged = Keyed(evaluation, settings_key(evaluation, "threshold", "threshold_at", "bootstrap", "confidence"))
    return scored.context.run(STEP, scored.models, scored.predictions, judged, scored.study.seed)


MODELS = Analysis("models", "performance", SCHEMA, _kept, _asked_for)
MODEL_PREDICTIONS = Analysis("model_predictions", "performance", PREDICTIONS, lambda scored: scored.models, _asked_for)
