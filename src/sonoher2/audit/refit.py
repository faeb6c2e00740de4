"""A study's whole pipeline on other labels: what is measured stays, everything that is learned is learned anew."""

from __future__ import annotations

import contextlib
import io
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.cohort.split import draw_or_reload
from sonoher2.config.deep import DeepConfig
from sonoher2.config.study import StudyConfig
from sonoher2.core.columns import TRAIN
from sonoher2.core.files import content_key
from sonoher2.engine import ExecutionContext, local_context
from sonoher2.evaluation.discrimination import auc
from sonoher2.signatures.feature_table import RADIOMICS
from sonoher2.signatures.registry import build_signatures
from sonoher2.study.cache import code_key
from sonoher2.study.compute import run_jobs
from sonoher2.study.measure.checked import checked_cohort
from sonoher2.study.measure.prepare import Measured, measure_cohort
from sonoher2.study.measure.steps import fit_signatures
from sonoher2.study.outcomes import outcome_scores
from sonoher2.study.pipeline import study_networks, with_tuned_networks
from sonoher2.study.scoring import score_patients, training_set

CHEAP_SIZE = 96
"""Side of the input of the cheap network, pixels."""


@dataclass(frozen=True)
class Refit:
    """One run: the pipeline is fitted on `labels` instead of the patients' own.

    Attributes
    ----------
    number
        Of the run.
    labels
        (patients,), 0 to K-1, in the order of `Measured.cohort.patients`.
    """

    number: int
    labels: NDArray[np.int64]


@dataclass(frozen=True)
class Bench:
    """What every run of an audit shares.

    Attributes
    ----------
    study
        Its settings; the runs keep its seed and its split.
    measured
        The cohort and what is known of it, measured once: none of it depends on labels.
    in_training
        (patients,), True for a training patient.
    """

    study: StudyConfig
    measured: Measured
    in_training: NDArray[np.bool_]


def cheaper(study: StudyConfig) -> StudyConfig:
    """Give a study the smallest network: EfficientNet-Lite0, frozen, small input. One without a network stays."""
    if study.deep is None:
        return study
    named = study.deep.weights in ("auto", "offline", "hub", "none")
    deep = DeepConfig(size=CHEAP_SIZE, weights=study.deep.weights if named else "auto")
    return study.model_copy(update={"deep": deep})


def set_up(study: StudyConfig, out: Path, context: ExecutionContext) -> Bench:
    """Read, split and measure a study, as its run did; what its cache holds is not measured again.

    Raises
    ------
    InputError, FindingsError
        The study cannot be run as it is.
    """
    checked = checked_cohort(study, context)
    study = checked.study
    split = draw_or_reload(checked.cohort, study, out / "split.json")
    measured = measure_cohort(checked.cohort, study, checked.hashes, context, study_networks(study))
    return Bench(study, measured, (split.sets.loc[measured.feature_table.index] == TRAIN).to_numpy())


def refit(
    bench: Bench, runs: Sequence[Refit], context: ExecutionContext, label: str
) -> Iterator[tuple[int, pd.DataFrame]]:
    """Fit and score each run, side by side; a run that the cache holds is taken from there.

    Parameters
    ----------
    bench
        What the runs share.
    runs
        The labels.
    context
        Cache and processes.
    label
        Of the progress bar.

    Yields
    ------
    (number of the run, its predictions as in `StudyResult`), in the order of `runs`.
    """
    # one process for each run: within a run its parts are fitted one after another
    common = content_key(
        code_key("selection", "classifiers", "deep", "signatures", "radiomics", "study", "audit"),
        bench.study.model_dump(mode="json", exclude={"data"}),
        _frame_key(bench.measured.feature_table),
        bench.in_training.tolist(),
        bench.measured.cohort.patients["group"].tolist(),
    )
    keys = [content_key(common, run.labels.tolist()) for run in runs]
    waiting = [i for i, key in enumerate(keys) if not context.cache.has("refits", key, ".parquet")]
    # a run's own networks start from the study's; the frozen ones have said what they see
    lean = replace(bench, measured=replace(bench.measured, features=pd.DataFrame(), networks=()))
    jobs = [(lean, runs[i].labels, context.cache.path("refits", keys[i], "")) for i in waiting]
    for i, predictions in run_jobs(_refit_one, jobs, workers=context.workers, label=label):
        context.cache.write_frame("refits", keys[waiting[i]], predictions)
        shutil.rmtree(jobs[i][2], ignore_errors=True)
    for run, key in zip(runs, keys, strict=True):
        yield run.number, context.cache.frame("refits", key)


def _refit_one(job: tuple[Bench, NDArray[np.int64], Path]) -> pd.DataFrame:
    """Predictions of one run; the folds of an unfinished one lie in its own folder, so that it resumes."""
    bench, labels, folder = job
    # the audit's bar counts runs; those of the steps inside would write over it
    with contextlib.redirect_stderr(io.StringIO()):
        return predictions_on(bench, labels, local_context(folder, 1))


def predictions_on(bench: Bench, labels: NDArray[np.int64], context: ExecutionContext) -> pd.DataFrame:
    """Fit the whole pipeline on other labels; predictions as in `StudyResult`, with these labels.

    Parameters
    ----------
    bench
        Study, patients and split.
    labels
        (patients,), 0 to K-1.
    context
        Cache and processes.
    """
    cohort = bench.measured.cohort
    relabelled = replace(bench.measured, cohort=replace(cohort, patients=cohort.patients.assign(label=labels)))
    relabelled = with_tuned_networks(relabelled, bench.in_training, bench.study, context)
    has_radiomics = RADIOMICS in relabelled.feature_table.columns
    signatures = build_signatures(bench.study, cohort.clinical, has_radiomics)
    fitted = fit_signatures(signatures, training_set(relabelled, bench.in_training), bench.study, context)
    return score_patients(relabelled, fitted, bench.in_training)


def auc_table(predictions: pd.DataFrame, run: int) -> pd.DataFrame:
    """AUC of one run: `run, signature, set, outcome, auc`."""
    parts = predictions.groupby(["signature", "set", "outcome"], sort=False)
    rows = [
        {
            "run": run,
            "signature": name,
            "set": subset,
            "outcome": outcome,
            "auc": auc(*outcome_scores(part, str(outcome))),
        }
        for (name, subset, outcome), part in parts
    ]
    return pd.DataFrame(rows)


def _frame_key(table: pd.DataFrame) -> str:
    hashed = pd.util.hash_pandas_object(table.astype(object).where(table.notna(), None).astype(str))
    return content_key(hashed.tolist(), [list(map(str, column)) for column in table.columns])
