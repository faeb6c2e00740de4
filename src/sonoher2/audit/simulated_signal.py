"""The planted-truth audit: labels drawn from a known mixture of real clinical, radiomic and deep measurements.

The patients, their images and all that is measured of them are real; only the labels are drawn, so that the best
possible AUC is known and one can tell what share of it each signature finds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit

from sonoher2.audit.refit import Bench, Refit, refit
from sonoher2.audit.set_up import auc_table, cheaper, set_up
from sonoher2.classifiers.encoding import ClinicalEncoder
from sonoher2.config.study import StudyConfig
from sonoher2.core.columns import TEST, TRAIN_OOF
from sonoher2.core.errors import InputError, UsageError
from sonoher2.engine import ExecutionContext, Workers, local_context
from sonoher2.evaluation.compare.permutation import recovered_share, standard_error
from sonoher2.evaluation.discrimination import auc
from sonoher2.selection.prepare import MedianZScore, VarianceFilter
from sonoher2.signatures.feature_table import CLINICAL, DEEP, RADIOMICS
from sonoher2.signatures.registry import is_single
from sonoher2.study.results import columns as c
from sonoher2.study.results.audits import PlantedAudit, SignalSettings, load_audits, write_audit
from sonoher2.study.results.parts import StudyResult
from sonoher2.study.run import run_study

Floats = NDArray[np.float64]

PARTS = (CLINICAL, RADIOMICS, DEEP)
"""What a mixture may be made of."""
FEATURES = 3
"""Radiomic features, and deep components, that carry the signal of one run."""
COMPONENTS = 10
"""Leading principal components of the embedding that the deep signal is drawn from."""
CLASSES = ("absent", "planted")


def audit_planted(
    study: StudyConfig,
    out: Path,
    *,
    strength: float = 2.0,
    mixture: Mapping[str, float] | None = None,
    runs: int = 10,
    jobs: Workers = None,
    cheap: bool = False,
) -> StudyResult:
    """Run a study, where it is not finished yet, and then its whole pipeline on planted labels.

    Parameters
    ----------
    study
        The study; its own labels give the share of cases and nothing else.
    out
        Folder of its run; gets ``audit/planted.csv``, ``audit/planted_summary.csv`` and ``audit/planted.json``.
    strength
        Standard deviation of the planted log-odds among the patients; 2 gives a best AUC of about 0.87.
    mixture
        Weight of each of `PARTS`; by default 1 for each that the study has.
    runs
        Draws of directions and labels.
    jobs
        Processes; all processors unless told.
    cheap
        Use the smallest network, frozen.

    Returns
    -------
    The result of the study, with its audits.

    Raises
    ------
    UsageError
        `strength`, `runs` or the mixture makes no sense.
    InputError, FindingsError
        The study cannot be run, or lacks a part of the mixture.
    """
    _check_request(strength, runs, mixture)
    result = run_study(study, out, jobs)
    context = local_context(out / "cache", jobs)
    bench = set_up(cheaper(study) if cheap else study, out, context)
    audit = planted_audit(bench, strength, mixture or {}, runs, context)
    write_audit(replace(audit, settings={**audit.settings, "cheap": cheap}), result.performance.predictions, out)
    return replace(result, audits=load_audits(result.performance.predictions, out))


def _check_request(strength: float, runs: int, mixture: Mapping[str, float] | None) -> None:
    if strength <= 0 or runs < 2:
        raise UsageError("a planted signal needs a strength above 0 and at least 2 runs.")
    unknown = [name for name in mixture or {} if name not in PARTS]
    if unknown:
        raise UsageError(f"a mixture has no part called {', '.join(unknown)}; its parts are {', '.join(PARTS)}.")
    if mixture and (min(mixture.values()) < 0 or max(mixture.values()) <= 0):
        raise UsageError("the weights of a mixture are 0 or more, and one of them is more.")


def planted_audit(
    bench: Bench, strength: float, mixture: Mapping[str, float], runs: int, context: ExecutionContext
) -> PlantedAudit:
    """Fit and score a pipeline on planted labels.

    Parameters
    ----------
    bench
        Study, patients and split.
    strength, mixture, runs
        As in `audit_planted`; an empty mixture means equal parts.
    context
        Where it is computed and kept.

    Raises
    ------
    InputError
        The study lacks a part of the mixture, or the draw leaves the best AUC at chance.
    """
    cohort = bench.measured.cohort
    weights = _weights(bench, mixture)
    share = float((cohort.patients[c.LABEL] > 0).mean())
    signals = [planted_signal(bench, weights, seed) for seed in range(1, runs + 1)]
    chances = [planted_probability(signal.to_numpy() @ _unit(signal, weights) * strength, share) for signal in signals]
    labels = [
        np.random.default_rng((seed, 1)).binomial(1, chance).astype(np.int64)
        for seed, chance in enumerate(chances, start=1)
    ]
    two_classes = replace(bench.measured, cohort=replace(cohort, classes=CLASSES))
    todo = [Refit(number, drawn) for number, drawn in enumerate(labels, start=1)]
    alone = bench.study.model_copy(update={"comparison": False})
    tables = [
        _with_best(auc_table(found, number), chances[number - 1], labels[number - 1], bench.in_training)
        for number, found in refit(replace(bench, study=alone, measured=two_classes), todo, context, "Planted runs")
    ]
    table = pd.concat(tables, ignore_index=True)
    together = np.mean([signal.corr().to_numpy() for signal in signals], axis=0)
    settings = SignalSettings(
        runs=runs,
        strength=strength,
        mixture=weights,
        correlation=pd.DataFrame(together, list(weights), list(weights)).round(3).to_dict(),  # type: ignore[typeddict-item]
    )
    return PlantedAudit(table, summarise(table), settings)


def _weights(bench: Bench, mixture: Mapping[str, float]) -> dict[str, float]:
    """Weights of the parts that take part."""
    there = [name for name in PARTS if not _part(bench, name).empty]
    absent = [name for name, weight in mixture.items() if weight > 0 and name not in there]
    if absent:
        fix = f"Leave it out of the mixture; the study has {', '.join(there)}"
        raise InputError(f"the study measures nothing that is {' or '.join(absent)}", where="mixture", fix=fix)
    return {name: weight for name, weight in mixture.items() if weight > 0} or dict.fromkeys(there, 1.0)


def _part(bench: Bench, name: str) -> pd.DataFrame:
    """Columns of one kind of data, side by side."""
    feature_table = bench.measured.feature_table
    kind = feature_table.columns.get_level_values(0)
    if name == DEEP:
        # each network has its own feature group of embeddings; its scores, if any, were learned on labels
        return feature_table.loc[:, [str(group).startswith(DEEP) and "score" not in str(group) for group in kind]]
    return feature_table.loc[:, kind == name]


def planted_signal(bench: Bench, weights: Mapping[str, float], seed: int) -> pd.DataFrame:
    """Draw the direction of each part: (patients, parts), each of mean 0 and standard deviation 1.

    Clinical: the sum of all encoded columns, each with a random sign. Radiomics: the sum of `FEATURES` features drawn
    at random, each with a random sign. Deep: the same of the leading `COMPONENTS` principal components.

    Parameters
    ----------
    bench
        Study and patients.
    weights
        The parts.
    seed
        Of the draw.
    """
    rng = np.random.default_rng(seed)
    columns = {name: _columns(bench, name) for name in weights}
    drawn = {name: _draw(table, name, rng) for name, table in columns.items()}
    return pd.DataFrame(drawn, index=bench.measured.feature_table.index)


def _columns(bench: Bench, name: str) -> Floats:
    """Standardised columns of one kind; nothing here is learned, for the signal is made of them."""
    part = _part(bench, name)
    if name == CLINICAL:
        kinds = {key: column.kind for key, column in bench.measured.cohort.clinical.items()}
        encoded = ClinicalEncoder(kinds).fit_transform(part[CLINICAL])
        return _standardised(encoded.to_numpy(np.float64))
    values = part.to_numpy(np.float64)
    values = values[:, VarianceFilter().fit(values).get_support()]
    scaled = np.asarray(MedianZScore().fit_transform(values))
    if name == RADIOMICS:
        # some features have tails so long that a single patient would carry the signal
        return _standardised(np.clip(scaled, -3, 3))
    left, size, _ = np.linalg.svd(scaled, full_matrices=False)
    return _standardised((left * size)[:, :COMPONENTS])


def _draw(table: Floats, name: str, rng: np.random.Generator) -> Floats:
    count = table.shape[1] if name == CLINICAL else min(FEATURES, table.shape[1])
    chosen = rng.choice(table.shape[1], count, replace=False)
    signs = rng.choice([-1.0, 1.0], count)
    return _standardised((table[:, chosen] @ signs)[:, None])[:, 0]


def _standardised(table: Floats) -> Floats:
    spread = table.std(axis=0)
    return np.asarray((table - table.mean(axis=0)) / np.where(spread > 0, spread, 1.0))


def _unit(signal: pd.DataFrame, weights: Mapping[str, float]) -> Floats:
    """Weights, scaled so that the mixture has standard deviation 1 among these patients."""
    raw = np.array([weights[str(name)] for name in signal])
    spread = float((signal.to_numpy() @ raw).std())
    if spread < 1e-6:
        raise InputError("the parts of the mixture cancel out", where="mixture", fix="Give other weights")
    return raw / spread


def planted_probability(log_odds: Floats, share: float) -> Floats:
    """Probability of the label by a logistic model whose intercept gives a share of cases.

    Parameters
    ----------
    log_odds
        (patients,), without an intercept.
    share
        Mean of the probabilities, above 0 and below 1.
    """
    reach = float(np.abs(log_odds).max()) + 20.0
    intercept = brentq(lambda value: expit(value + log_odds).mean() - share, -reach, reach)
    return np.asarray(expit(intercept + log_odds))


def _with_best(
    table: pd.DataFrame, chance: Floats, labels: NDArray[np.int64], inside: NDArray[np.bool_]
) -> pd.DataFrame:
    """Add the AUC of the true probabilities among the same patients, and the share of it that was found."""
    best = {TRAIN_OOF: auc(labels[inside], chance[inside]), TEST: auc(labels[~inside], chance[~inside])}
    known = table[c.SET].map(best)
    share = [recovered_share(found, top) for found, top in zip(table[c.AUC], known, strict=True)]
    return table.drop(columns=c.OUTCOME).assign(**{c.BEST: known}).assign(**{c.SHARE: share})


def summarise(runs: pd.DataFrame) -> pd.DataFrame:
    """Mean over the runs, with standard errors.

    Parameters
    ----------
    runs
        `run, signature, set, auc, best, share`.

    Returns
    -------
    `signature, set, runs, auc, auc_se, best, share, share_se, gain, gain_se`: `gain` is the AUC less that of the best
    of the Clinical, Radiomics and Deep signatures of the same run; NaN for these and where there are fewer than two.
    """
    wide = runs.pivot(index=[c.RUN, c.SET], columns=c.SIGNATURE, values=c.AUC)
    single = wide[[name for name in wide if is_single(str(name))]]
    top = single.max(axis=1) if single.shape[1] > 1 else pd.Series(np.nan, index=wide.index)
    gains = wide.drop(columns=single.columns).sub(top, axis=0)
    rows = []
    for (name, subset), part in runs.groupby([c.SIGNATURE, c.SET], sort=False):
        gain = gains[name].xs(subset, level=c.SET).to_numpy() if name in gains else np.array([np.nan])
        rows.append(
            {
                c.SIGNATURE: name,
                c.SET: subset,
                c.RUNS: len(part),
                c.AUC: part[c.AUC].mean(),
                c.error(c.AUC): standard_error(part[c.AUC]),
                c.BEST: part[c.BEST].mean(),
                c.SHARE: part[c.SHARE].mean(),
                c.error(c.SHARE): standard_error(part[c.SHARE]),
                c.GAIN: float(gain.mean()),
                c.error(c.GAIN): standard_error(gain),
            }
        )
    return pd.DataFrame(rows)
