"""A study's whole pipeline on other labels: what is measured stays, everything that is learned is learned anew."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.core.columns import GROUP, LABEL, SITE
from sonoher2.engine import FRAME, ArtifactStore, ExecutionContext, Keyed, Step, settings_key
from sonoher2.study.fit.scoring import fit_measured, score_models, score_patients
from sonoher2.study.fit.tuned import with_tuned_networks
from sonoher2.study.measure.measured import Measured

if TYPE_CHECKING:
    from sonoher2.config.study import StudyConfig
    from sonoher2.deep.lesion import StartingPoint


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


def predictions_on(bench: Bench, labels: NDArray[np.int64], context: ExecutionContext) -> pd.DataFrame:
    """Fit the whole pipeline on other labels; predictions as in `StudyResult`, with these labels.

    Those of a comparison of models come after those of the signatures.

    Parameters
    ----------
    bench
        Study, patients and split.
    labels
        (patients,), 0 to K-1.
    context
        Where its parts are kept.
    """
    cohort = bench.measured.cohort
    relabelled = replace(bench.measured, cohort=replace(cohort, patients=cohort.patients.assign(**{LABEL: labels})))
    relabelled = with_tuned_networks(relabelled, bench.in_training, bench.study, context)
    fitted = fit_measured(relabelled, bench.in_training, bench.study, context)
    scored = [score(relabelled, fitted, bench.in_training) for score in (score_patients, score_models)]
    return pd.concat(scored, ignore_index=True)


def _refit(labels: NDArray[np.int64], bench: Bench, scratch: Path) -> pd.DataFrame:
    """Predictions of one run; the folds of an unfinished one lie in its own folder, so that it resumes."""
    # the audit's bar counts runs; those of the steps inside would write over it
    with contextlib.redirect_stderr(io.StringIO()):
        return predictions_on(bench, labels, ExecutionContext(ArtifactStore(scratch)))


REFITS = Step("refits", _refit, FRAME, scratch=True)


def refit(
    bench: Bench, runs: Sequence[Refit], context: ExecutionContext, label: str
) -> Iterator[tuple[int, pd.DataFrame]]:
    """Fit and score each run, side by side; a run that is kept is taken from there.

    Parameters
    ----------
    bench
        What the runs share.
    runs
        The labels.
    context
        Where runs are computed and kept.
    label
        Of the progress bar.

    Yields
    ------
    (number of the run, its predictions as in `StudyResult`), in the order of `runs`.
    """
    # one process for each run: within a run its parts are fitted one after another
    # a run's own networks start from the study's; the frozen ones have said what they see
    lean = replace(bench, measured=replace(bench.measured, features=pd.DataFrame(), networks=()))
    given = Keyed(lean, _bench_key(bench))
    found = context.map(replace(REFITS, label=label), [run.labels for run in runs], given)
    yield from zip((run.number for run in runs), found, strict=True)


def _bench_key(bench: Bench) -> list[object]:
    """All that the predictions of a run depend on besides its labels."""
    study, measured = bench.study, bench.measured
    patients = measured.cohort.patients
    crops = [] if measured.crops.empty else [[name, path.stem] for name, path in measured.crops.to_numpy().tolist()]
    start: tuple[StartingPoint, ...] = ()
    deep = study.networks
    if deep is not None and deep.training != "frozen":
        from sonoher2.deep.lesion import starting_points

        start = starting_points(deep)
    return [
        settings_key(study, "seed", "validation", "selection", "models", "harmonise", "deep", "comparison"),
        dict(measured.cohort.clinical),
        measured.cohort.classes,
        measured.feature_table,
        bench.in_training,
        patients[[name for name in (GROUP, SITE) if name in patients]],
        crops,
        [network.sha256 for network in start],
    ]
