"""From scores to the tables of the report: thresholds, metrics, comparisons, subgroups."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import combinations
from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.config.clinical import ClinicalColumn
from sonoher2.config.evaluation import EvaluationConfig
from sonoher2.core.columns import TEST, TRAIN_OOF
from sonoher2.core.natural import natural_key
from sonoher2.engine import FRAME, ExecutionContext, Keyed, Step, settings_key
from sonoher2.evaluation.compare.comparison import delong_test, holm
from sonoher2.evaluation.compare.independent import auc_heterogeneity
from sonoher2.evaluation.compare.interaction import score_by_group, usable_levels
from sonoher2.evaluation.compare.subgroups import auc_by_subgroup
from sonoher2.evaluation.discrimination import auc, macro_auc
from sonoher2.evaluation.table import METRICS, metric_row
from sonoher2.evaluation.thresholds import threshold_at_sensitivity, threshold_at_specificity, youden_threshold
from sonoher2.study.analyses.lesion_size import LESION_SIZE
from sonoher2.study.outcomes import outcome_scores

if TYPE_CHECKING:
    from sonoher2.config.study import StudyConfig

MACRO = "macro"
"""Outcome name of the mean over classes, each against the rest, in studies of more than two classes."""


def long_predictions(
    probabilities: Mapping[str, NDArray[np.float64]], labels: pd.Series, classes: tuple[str, ...], subset: str
) -> pd.DataFrame:
    """One row per patient, signature and outcome.

    Parameters
    ----------
    probabilities
        By signature, (patients, classes).
    labels
        (patients,) of 0 to K-1, index `patient_id`.
    classes
        Names of the labels.
    subset
        Name of the set.
    """
    outcomes = [1] if len(classes) == 2 else range(len(classes))
    names = np.asarray(classes, dtype=object)[labels.to_numpy()]
    rows = [
        pd.DataFrame(
            {
                "patient_id": labels.index,
                "set": subset,
                "label": names,
                "outcome": classes[outcome],
                "signature": signature,
                "score": probability[:, outcome],
            }
        )
        for signature, probability in probabilities.items()
        for outcome in outcomes
    ]
    return pd.concat(rows, ignore_index=True)


def each_part(predictions: pd.DataFrame, by: list[str]) -> Iterable[tuple[tuple[str, ...], pd.DataFrame]]:
    """Split long predictions by some of their columns, in order of appearance."""
    return cast("Iterable[tuple[tuple[str, ...], pd.DataFrame]]", predictions.groupby(by, sort=False))


def learn_thresholds(training: pd.DataFrame, evaluation: EvaluationConfig) -> pd.DataFrame:
    """Operating threshold of each signature and outcome, from out-of-fold training scores alone.

    Returns
    -------
    `signature, outcome, threshold, rule`.
    """
    rules: dict[str, tuple[Callable[..., float], str]] = {
        "youden": (youden_threshold, "largest Youden index"),
        "sensitivity": (
            lambda y, s: threshold_at_sensitivity(y, s, evaluation.threshold_at),
            f"sensitivity at least {evaluation.threshold_at:g}",
        ),
        "specificity": (
            lambda y, s: threshold_at_specificity(y, s, evaluation.threshold_at),
            f"specificity at least {evaluation.threshold_at:g}",
        ),
    }
    learn, rule = rules[evaluation.threshold]
    return pd.DataFrame(
        [
            {
                "signature": signature,
                "outcome": outcome,
                "threshold": learn(*outcome_scores(rows, outcome)),
                "rule": rule,
            }
            for (signature, outcome), rows in each_part(training, ["signature", "outcome"])
        ]
    )


def signature_table(
    predictions: pd.DataFrame, thresholds: pd.DataFrame, evaluation: EvaluationConfig, seed: int
) -> pd.DataFrame:
    """All metrics of each signature in each set, at its frozen threshold.

    Returns
    -------
    `signature, set, n, events, auc, auc_low, auc_high, outcome`, then the other metrics.
    """
    frozen = thresholds.set_index(["signature", "outcome"])["threshold"]
    rows: list[dict[str, object]] = []
    for (signature, subset, outcome), part in each_part(predictions, ["signature", "set", "outcome"]):
        y, score = outcome_scores(part, outcome)
        row = metric_row(
            y,
            score,
            float(frozen[signature, outcome]),
            repeats=evaluation.bootstrap,
            seed=seed,
            confidence=evaluation.confidence,
        )
        rows.append({"signature": signature, "set": subset, "outcome": outcome, **row})
    if predictions["outcome"].nunique() > 1:
        rows += _macro_rows(predictions, evaluation, seed)
    # the mean over classes has no count of events
    table = pd.DataFrame(rows).astype({"n": "Int64", "events": "Int64"})
    first = ["signature", "set", "n", "events", "auc", "auc_low", "auc_high", "outcome"]
    return table[first + [name for name in METRICS if name not in first]]


def _macro_rows(predictions: pd.DataFrame, evaluation: EvaluationConfig, seed: int) -> list[dict[str, object]]:
    outcomes = list(predictions["outcome"].unique())
    rows: list[dict[str, object]] = []
    for (signature, subset), part in each_part(predictions, ["signature", "set"]):
        wide = part.pivot(index="patient_id", columns="outcome", values="score")[outcomes]
        names = part.drop_duplicates("patient_id").set_index("patient_id")["label"].loc[wide.index]
        labels = names.map({name: i for i, name in enumerate(outcomes)}).to_numpy(np.int64)
        estimate = macro_auc(
            labels, wide.to_numpy(), repeats=evaluation.bootstrap, seed=seed, confidence=evaluation.confidence
        )
        rows.append(
            {
                "signature": signature,
                "set": subset,
                "outcome": MACRO,
                "n": len(wide),
                "auc": estimate.value,
                "auc_low": estimate.low,
                "auc_high": estimate.high,
            }
        )
    return rows


def main_signature(signatures: pd.DataFrame) -> str:
    """Name the signature with the highest out-of-fold training AUC, averaged over outcomes; the first one of equals."""
    training = signatures[signatures["set"].eq(TRAIN_OOF) & signatures["outcome"].ne(MACRO)]
    return str(training.groupby("signature", sort=False)["auc"].mean().idxmax())


def comparison_table(predictions: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """DeLong's test between all pairs of signatures, Holm-corrected within a set and outcome.

    Returns
    -------
    `set, outcome, a, b, auc_a, auc_b, difference, low, high, z, p, p_holm`; empty with one signature.
    """
    tables = [
        _compare_all(part, subset, outcome, confidence)
        for (subset, outcome), part in each_part(predictions, ["set", "outcome"])
    ]
    return pd.concat(tables, ignore_index=True)


def _compare_all(part: pd.DataFrame, subset: str, outcome: str, confidence: float) -> pd.DataFrame:
    wide = part.pivot(index="patient_id", columns="signature", values="score")
    y = part.drop_duplicates("patient_id").set_index("patient_id")["label"].loc[wide.index].eq(outcome)
    outcomes = y.to_numpy(np.int64)
    rows = []
    for a, b in combinations(part["signature"].unique(), 2):
        score_a, score_b = wide[a].to_numpy(), wide[b].to_numpy()
        test = delong_test(outcomes, score_a, score_b, confidence)
        rows.append(
            {
                "set": subset,
                "outcome": outcome,
                "a": a,
                "b": b,
                "auc_a": auc(outcomes, score_a),
                "auc_b": auc(outcomes, score_b),
                "difference": test.difference,
                "low": test.low,
                "high": test.high,
                "z": test.z,
                "p": test.p,
            }
        )
    table = pd.DataFrame(rows)
    return table.assign(p_holm=holm(table["p"].to_numpy())) if rows else table


def subgroup_table(
    predictions: pd.DataFrame,
    patients: pd.DataFrame,
    evaluation: EvaluationConfig,
    declared: Mapping[str, ClinicalColumn],
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

    Returns
    -------
    `subgroup, level, signature, set, outcome, n, events, auc, auc_low, auc_high`.
    """
    rows = []
    for name, levels in _groupings(patients, evaluation, declared).items():
        for (signature, subset, outcome), part in each_part(predictions, ["signature", "set", "outcome"]):
            y, score = outcome_scores(part, outcome)
            group = levels.reindex(part["patient_id"]).to_numpy()
            rows += [
                {
                    "subgroup": name,
                    "level": found.level,
                    "signature": signature,
                    "set": subset,
                    "outcome": outcome,
                    "n": found.n,
                    "events": found.events,
                    "auc": found.auc.value,
                    "auc_low": found.auc.low,
                    "auc_high": found.auc.high,
                }
                for found in sorted(
                    auc_by_subgroup(y, score, group, confidence=evaluation.confidence),
                    key=lambda found: natural_key(found.level),
                )
            ]
    return pd.DataFrame(rows)


def _groupings(
    patients: pd.DataFrame, evaluation: EvaluationConfig, declared: Mapping[str, ClinicalColumn]
) -> dict[str, pd.Series]:
    """Level of each patient, (patients,), by subgroup."""
    known = {**declared, **LESION_SIZE}
    return {
        name: _levels(patients[name], patients["set"], known.get(name)) for name in subgroup_names(patients, evaluation)
    }


def subgroup_names(patients: pd.DataFrame, evaluation: EvaluationConfig) -> list[str]:
    """List the columns that patients are grouped by: those of the study file, and lesion size where it was measured."""
    return [*evaluation.subgroups, *(name for name in LESION_SIZE if name in patients)]


def interaction_table(
    predictions: pd.DataFrame,
    patients: pd.DataFrame,
    evaluation: EvaluationConfig,
    declared: Mapping[str, ClinicalColumn],
) -> pd.DataFrame:
    """Test whether each signature's score means the same, and separates as well, in all levels of each subgroup.

    Parameters
    ----------
    predictions, patients, evaluation, declared
        As in `subgroup_table`.

    Returns
    -------
    `subgroup, signature, set, outcome, levels, chi2, df, p, p_holm, p_auc`: likelihood ratio test of the interaction of
    score and level, corrected over the subgroups of a signature, set and outcome; and the test that all AUCs are equal.
    """
    rows = []
    groupings = _groupings(patients, evaluation, declared)
    for (signature, subset, outcome), part in each_part(predictions, ["signature", "set", "outcome"]):
        y, score = outcome_scores(part, outcome)
        for name, levels in groupings.items():
            group = levels.reindex(part["patient_id"]).to_numpy()
            test = score_by_group(y, score, group)
            numbers = usable_levels(y == 1, group, 5)
            parts = [(y[numbers == k], score[numbers == k]) for k in range(test.levels)]
            rows.append(
                {
                    "subgroup": name,
                    "signature": signature,
                    "set": subset,
                    "outcome": outcome,
                    "levels": test.levels,
                    "chi2": test.chi2,
                    "df": test.degrees,
                    "p": test.p,
                    "p_auc": auc_heterogeneity(parts).p,
                }
            )
    table = pd.DataFrame(rows)
    if table.empty:
        return table
    by = table.groupby(["signature", "set", "outcome"], sort=False)["p"]
    return table.assign(p_holm=by.transform(lambda p: holm(p.to_numpy())))


def _levels(values: pd.Series, subset: pd.Series, declared: ClinicalColumn | None) -> pd.Series:
    """Name of each patient's level; None where it is unknown."""
    if declared is None or declared.kind == "category":
        return values.astype(object)
    if declared.kind == "number":
        median = values[subset != TEST].median() if (subset != TEST).any() else values.median()
        names = np.where(values <= median, f"at most {median:g}", f"above {median:g}")
        return pd.Series(names, index=values.index).where(values.notna(), None)
    known = dict(enumerate(declared.levels or ["no", "yes"]))
    return values.map(known, na_action="ignore").astype(object)


SIGNATURES = Step("signatures", signature_table, FRAME)
COMPARISONS = Step("comparisons", comparison_table, FRAME)
SUBGROUPS = Step("subgroups", subgroup_table, FRAME)
INTERACTIONS = Step("interactions", interaction_table, FRAME)


def assess(
    predictions: pd.DataFrame,
    thresholds: pd.DataFrame,
    patients: pd.DataFrame,
    study: StudyConfig,
    context: ExecutionContext,
) -> dict[str, pd.DataFrame]:
    """All tables of figures: `signatures`, `comparisons`, `subgroups` and `interactions`.

    Parameters
    ----------
    predictions, thresholds
        As in `StudyResult`.
    patients
        Index `patient_id`, with `set` and the subgroup columns.
    study
        Its `evaluation` and `seed`.
    context
        Where finished tables are kept.
    """
    evaluation = study.evaluation
    names = subgroup_names(patients, evaluation)
    declared = {name: column for name, column in study.clinical.columns.items() if name in names}
    intervals = Keyed(evaluation, settings_key(evaluation, "bootstrap", "confidence"))
    groups = Keyed(evaluation, settings_key(evaluation, "subgroups", "confidence"))
    by_group = (predictions, patients[["set", *names]], groups, declared)
    return {
        "signatures": context.run(SIGNATURES, predictions, thresholds, intervals, study.seed),
        "comparisons": context.run(COMPARISONS, predictions, evaluation.confidence),
        "subgroups": context.run(SUBGROUPS, *by_group),
        "interactions": context.run(INTERACTIONS, *by_group),
    }
