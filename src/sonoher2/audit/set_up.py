"""The study that an audit is about, measured as its run did, and the figures of each run of the audit."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sonoher2.audit.refit import Bench
from sonoher2.config.deep import DeepConfig
from sonoher2.config.study import StudyConfig
from sonoher2.engine import ExecutionContext
from sonoher2.evaluation.discrimination import auc
from sonoher2.study.pipeline import MEASURING
from sonoher2.study.results import columns as c
from sonoher2.study.results.outcomes import outcome_scores
from sonoher2.study.run import follow
from sonoher2.study.steps.state import RunState

CHEAP_SIZE = 96
"""Side of the input of the cheap network, pixels."""


def cheaper(study: StudyConfig) -> StudyConfig:
    """Give a study the smallest network: EfficientNet-Lite0, frozen, small input. One without a network stays."""
    if study.deep is None:
        return study
    deep = DeepConfig(size=CHEAP_SIZE, weights="auto" if study.deep.weights_are_a_file else study.deep.weights)
    return study.model_copy(update={"deep": deep})


def set_up(study: StudyConfig, out: Path, context: ExecutionContext) -> Bench:
    """Read, split and measure a study, as its run did; what its cache holds is not measured again.

    Raises
    ------
    InputError, FindingsError
        The study cannot be run as it is.
    """
    state = RunState(study, out, context)
    follow(MEASURING, state)
    return Bench(state.study, state.measured, state.in_training)


def auc_table(predictions: pd.DataFrame, run: int) -> pd.DataFrame:
    """AUC of one run: `run, signature, set, outcome, auc`."""
    parts = predictions.groupby([c.SIGNATURE, c.SET, c.OUTCOME], sort=False)
    rows = [
        {
            c.RUN: run,
            c.SIGNATURE: name,
            c.SET: subset,
            c.OUTCOME: outcome,
            c.AUC: auc(*outcome_scores(part, str(outcome))),
        }
        for (name, subset, outcome), part in parts
    ]
    return pd.DataFrame(rows)


def of_signatures(predictions: pd.DataFrame) -> pd.DataFrame:
    """Leave out the models of a comparison."""
    return predictions[predictions[c.FAMILY].isna()] if c.FAMILY in predictions else predictions


def model_aucs(predictions: pd.DataFrame, run: int) -> pd.DataFrame:
    """AUC of each model of a comparison: `run, family, model, set, outcome, auc`; empty without one."""
    if c.FAMILY not in predictions:
        return pd.DataFrame()
    models = predictions.dropna(subset=c.FAMILY)
    names = models[[c.SIGNATURE, c.FAMILY, c.MODEL]].drop_duplicates()
    table = auc_table(models, run).merge(names, on=c.SIGNATURE)
    return table[[c.RUN, c.FAMILY, c.MODEL, c.SET, c.OUTCOME, c.AUC]]
