"""When the model may say "don't know": learned on out-of-fold training scores, checked on the test set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.bundle.uncertainty import Uncertainty
from sonoher2.config.evaluation import EvaluationConfig
from sonoher2.evaluation.estimate import Estimate
from sonoher2.evaluation.uncertainty.conformal import conformal_quantiles, prediction_sets, set_coverage
from sonoher2.evaluation.uncertainty.zones import Zones, learn_zones, zone_figures
from sonoher2.study.analyses.analysis import Analysis, Scored
from sonoher2.study.results import columns as c
from sonoher2.study.results.outcomes import outcome_scores
from sonoher2.study.results.predictions import each_part
from sonoher2.study.results.schema import Column, declare

SLACK = 0.02
"""Scores of equal patients differ by less than this between the models of the folds; see `conformal_quantiles`."""
ALL = "all"
"""Name of the row of all classes together."""


def class_probabilities(
    rows: pd.DataFrame, classes: Sequence[str]
) -> tuple[pd.Index, NDArray[np.int64], NDArray[np.float64]]:
    """Patients, labels (patients,) and probabilities (patients, K) of one signature in one set.

    Parameters
    ----------
    rows
        Of `StudyResult.predictions`.
    classes
        Names of the labels, in order.
    """
    wide = rows.pivot(index=c.PATIENT_ID, columns=c.OUTCOME, values=c.SCORE)
    names = rows.drop_duplicates(c.PATIENT_ID).set_index(c.PATIENT_ID)[c.LABEL].loc[wide.index]
    numbers = {name: number for number, name in enumerate(classes)}
    labels = np.asarray(names.map(numbers), dtype=np.int64)
    if len(classes) == 2:
        positive = np.asarray(wide[classes[1]], dtype=np.float64)
        return wide.index, labels, np.column_stack([1 - positive, positive])
    return wide.index, labels, np.asarray(wide[list(classes)], dtype=np.float64)


def learn_uncertainty(
    training: pd.DataFrame, classes: Sequence[str], evaluation: EvaluationConfig
) -> dict[str, Uncertainty]:
    """Limits of each signature, from out-of-fold training scores alone.

    Parameters
    ----------
    training
        Predictions of the training set, as in `StudyResult`.
    classes
        Names of the labels, in order.
    evaluation
        Its `coverage`, `rule_out_sensitivity` and `rule_in_specificity`.
    """
    learned: dict[str, Uncertainty] = {}
    for signature, rows in training.groupby(c.SIGNATURE, sort=False):
        _, labels, probabilities = class_probabilities(rows, classes)
        zones = {
            str(outcome): learn_zones(
                *outcome_scores(part, str(outcome)),
                sensitivity=evaluation.rule_out_sensitivity,
                specificity=evaluation.rule_in_specificity,
            )
            for outcome, part in rows.groupby(c.OUTCOME, sort=False)
        }
        quantiles = conformal_quantiles(labels, probabilities, evaluation.coverage, SLACK)
        learned[str(signature)] = Uncertainty(
            coverage=evaluation.coverage,
            conformal_quantiles=tuple(map(float, quantiles)),
            sensitivity=evaluation.rule_out_sensitivity,
            specificity=evaluation.rule_in_specificity,
            rule_out={outcome: found.rule_out for outcome, found in zones.items()},
            rule_in={outcome: found.rule_in for outcome, found in zones.items()},
        )
    return learned


def coverage_table(
    predictions: pd.DataFrame, learned: Mapping[str, Uncertainty], classes: Sequence[str], confidence: float
) -> pd.DataFrame:
    """How often the sets hold the true class, and how much they say.

    Returns
    -------
    `signature, set, label` (a class, or `ALL`), `asked`, then the columns of `evaluation.conformal.set_coverage`.
    """
    tables = []
    for (signature, subset), rows in each_part(predictions, [c.SIGNATURE, c.SET]):
        if signature not in learned:
            continue
        uncertainty = learned[signature]
        _, labels, probabilities = class_probabilities(rows, classes)
        table = set_coverage(labels, prediction_sets(probabilities, uncertainty.conformal_quantiles), confidence)
        table[c.LABEL] = [classes[k] if k >= 0 else ALL for k in table[c.LABEL]]
        table[[c.SIGNATURE, c.SET, c.ASKED]] = signature, subset, uncertainty.coverage
        tables.append(table)
    first = [c.SIGNATURE, c.SET, c.LABEL, c.ASKED]
    if not tables:
        return pd.DataFrame(columns=first)
    table = pd.concat(tables, ignore_index=True)
    return table[first + [name for name in table if name not in first]]


def zone_table(predictions: pd.DataFrame, learned: Mapping[str, Uncertainty], confidence: float) -> pd.DataFrame:
    """Figures of ruling out and ruling in.

    Returns
    -------
    `signature, set, outcome, rule_out, rule_in, asked_sensitivity, asked_specificity`, then, with `_low` and `_high`,
    the figures of `evaluation.zones.ZoneFigures`.
    """
    rows = []
    for (signature, subset, outcome), part in each_part(predictions, [c.SIGNATURE, c.SET, c.OUTCOME]):
        if signature not in learned:
            continue
        limits = learned[signature]
        zones = Zones(limits.rule_out[outcome], limits.rule_in[outcome])
        figures = zone_figures(*outcome_scores(part, outcome), zones, confidence)
        asked = {c.ASKED_SENSITIVITY: limits.sensitivity, c.ASKED_SPECIFICITY: limits.specificity}
        place = {c.SIGNATURE: signature, c.SET: subset, c.OUTCOME: outcome}
        rows.append({**place, **vars(zones), **asked, **_columns(vars(figures))})
    return pd.DataFrame(rows)


def _columns(figures: Mapping[str, Estimate]) -> dict[str, float]:
    return {
        f"{name}{end}": value
        for name, estimate in figures.items()
        for end, value in (("", estimate.value), ("_low", estimate.low), ("_high", estimate.high))
    }


def _has_limits(scored: Scored) -> bool:
    return bool(scored.learned)


COVERAGE_SCHEMA = declare(
    "Sets of classes",
    *(c.SIGNATURE, c.SET, Column(c.LABEL, "text", "a class, or all of them"), c.ASKED, c.N, c.COVERAGE),
    *(c.LOW, c.HIGH, c.SINGLE, c.SEVERAL, c.EMPTY, c.RIGHT),
)
ZONES_SCHEMA = declare(
    "Ruling out and ruling in",
    *(c.SIGNATURE, c.SET, c.OUTCOME, c.RULE_OUT, c.RULE_IN, c.ASKED_SENSITIVITY, c.ASKED_SPECIFICITY),
    *(c.SENSITIVITY, c.SPECIFICITY, c.NPV, c.PPV, c.RULED_OUT, c.UNDECIDED, c.RULED_IN),
    ends=[c.SENSITIVITY, c.SPECIFICITY, c.NPV, c.PPV, c.RULED_OUT, c.UNDECIDED, c.RULED_IN],
)
COVERAGE = Analysis(
    "coverage",
    "uncertainty",
    COVERAGE_SCHEMA,
    lambda scored: coverage_table(scored.predictions, scored.learned, scored.classes, scored.confidence),
    _has_limits,
)
ZONES = Analysis(
    "zones",
    "uncertainty",
    ZONES_SCHEMA,
    lambda scored: zone_table(scored.predictions, scored.learned, scored.confidence),
    _has_limits,
)
