"""The null audit: the whole pipeline on permuted labels, whose AUC must be 0.5 within its own error."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from sonoher2.audit.refit import Bench, Refit, refit
from sonoher2.audit.set_up import auc_table, cheaper, model_aucs, of_signatures, set_up
from sonoher2.config.study import StudyConfig
from sonoher2.core.errors import UsageError
from sonoher2.engine import ExecutionContext, Workers, local_context
from sonoher2.evaluation.compare.permutation import mean_of_runs, permutation_p, permute_labels, standard_error
from sonoher2.study.results import columns as c
from sonoher2.study.results.audits import NullAudit, NullSettings, load_audits, write_audit
from sonoher2.study.results.parts import StudyResult
from sonoher2.study.run import run_study

KEYS = [c.SIGNATURE, c.SET, c.OUTCOME]


def audit_null(
    study: StudyConfig, out: Path, *, runs: int = 20, jobs: Workers = None, cheap: bool = False
) -> StudyResult:
    """Run a study, where it is not finished yet, and then its whole pipeline on permuted labels.

    The split and all measurements stay; selection, model choice, networks, fusion and calibration are learned anew on
    labels that `evaluation.permutation.permute_labels` has permuted among the patients.

    Parameters
    ----------
    study
        The study.
    out
        Folder of its run; gets ``audit/null.csv``, ``audit/null_summary.csv`` and ``audit/null.json``. What is
        finished is kept in ``cache``: a killed audit resumes, and more runs later need only the new ones.
    runs
        Permutations, at least 2.
    jobs
        Processes; all processors unless told.
    cheap
        Use the smallest network, frozen. The real labels are then run with it too, so that like is compared with like.

    Returns
    -------
    The result of the study, with its audits.

    Raises
    ------
    UsageError
        Fewer than two permutations.
    InputError, FindingsError
        The study cannot be run.
    """
    if runs < 2:
        raise UsageError(f"a null audit of {runs} runs was asked for; ask for at least 2.")
    result = run_study(study, out, jobs)
    context = local_context(out / "cache", jobs)
    used = cheaper(study) if cheap else study
    bench = set_up(used, out, context)
    known = [result.performance.predictions, result.performance.model_predictions]
    real = pd.concat(known, ignore_index=True) if used == study else None
    audit = null_audit(bench, runs, context, real)
    write_audit(replace(audit, settings={**audit.settings, "cheap": cheap}), result.performance.predictions, out)
    return replace(result, audits=load_audits(result.performance.predictions, out))


def null_audit(bench: Bench, runs: int, context: ExecutionContext, real: pd.DataFrame | None = None) -> NullAudit:
    """Fit and score a pipeline on permuted labels, and on the real ones.

    Parameters
    ----------
    bench
        Study, patients and split.
    runs
        Permutations; the seed of each is its number, so that a longer audit begins with the runs of a shorter one.
    context
        Where it is computed and kept.
    real
        Predictions of the real labels, when the very same pipeline has made them before; those of a comparison of
        models too.
    """
    patients = bench.measured.cohort.patients
    labels, groups = patients[c.LABEL].to_numpy(np.int64), patients[c.GROUP].to_numpy(np.int64)
    todo = [Refit(i, permute_labels(labels, groups, bench.in_training, seed=i)) for i in range(1, runs + 1)]
    if real is None:
        todo.insert(0, Refit(0, labels))
    found = [] if real is None else [(0, real)]
    found += refit(bench, todo, context, "Null runs")
    table = pd.concat([auc_table(of_signatures(scored), number) for number, scored in found], ignore_index=True)
    models = pd.concat([model_aucs(scored, number) for number, scored in found], ignore_index=True)
    network = "" if bench.study.deep is None else str(bench.study.deep.network)
    settings = NullSettings(permutations=runs, network=network, seed=bench.study.seed)
    return NullAudit(table, summarise(table), settings, models)


def summarise(runs: pd.DataFrame) -> pd.DataFrame:
    """Compare the real labels with the permuted ones.

    Parameters
    ----------
    runs
        `run, signature, set, outcome, auc`; run 0 has the real labels.

    Returns
    -------
    `signature, set, outcome, real, runs, mean, se, mean_low, mean_high, p`: mean AUC of the permuted labels, its
    standard error and 95 % interval, and the p value of the real AUC among them.
    """
    return pd.DataFrame([_summary(key, part) for key, part in runs.groupby(KEYS, sort=False)])


def _summary(key: tuple[Hashable, ...], part: pd.DataFrame) -> dict[str, object]:
    real = float(part.loc[part[c.RUN] == 0, c.AUC].iloc[0])
    null = part.loc[part[c.RUN] > 0, c.AUC].to_numpy()
    mean = mean_of_runs(null)
    return {
        **dict(zip(KEYS, key, strict=True)),
        c.REAL: real,
        c.RUNS: len(null),
        c.MEAN: mean.value,
        c.SE: standard_error(null),
        c.low(c.MEAN): mean.low,
        c.high(c.MEAN): mean.high,
        c.P: permutation_p(real, null),
    }
