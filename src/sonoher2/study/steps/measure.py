"""Measuring the lesions, training networks and fitting the signatures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sonoher2.config.study import StudyConfig
from sonoher2.core.columns import TRAIN
from sonoher2.engine import ExecutionContext
from sonoher2.study.fit.scoring import fit_measured
from sonoher2.study.fit.stored_networks import frozen_networks
from sonoher2.study.fit.tuned import with_tuned_networks
from sonoher2.study.measure.prepare import measure_cohort
from sonoher2.study.steps.state import RunState

if TYPE_CHECKING:
    from sonoher2.deep.encoder import FrozenEncoder


def measure(state: RunState) -> None:
    """Measure every lesion; a validation uses the networks of its model."""
    networks = state.bundle.networks if state.bundle is not None else study_networks(state.study, state.context)
    checked = state.checked
    state.measured = measure_cohort(checked.cohort, state.study, checked.hashes, state.context, networks)
    state.in_training = (state.split.sets.loc[state.measured.feature_table.index] == TRAIN).to_numpy()
    state.findings += state.measured.findings


def tune_networks(state: RunState) -> None:
    """Fine-tune the networks, where the study asks for it."""
    state.measured = with_tuned_networks(state.measured, state.in_training, state.study, state.context)


def fit(state: RunState) -> None:
    """Fit the signatures on the training patients."""
    state.fitted = fit_measured(state.measured, state.in_training, state.study, state.context)


def study_networks(study: StudyConfig, context: ExecutionContext) -> Sequence[FrozenEncoder]:
    """Fetch the networks of a study that may describe any patient: the frozen ones.

    None when they are to be fine-tuned; their weights are fetched all the same, so that a lack of them shows at once.

    Raises
    ------
    InputError
        No such network, or its weights cannot be had.
    """
    deep = study.networks
    if study.images is None or deep is None:
        return ()
    if deep.training == "frozen":
        return frozen_networks(deep, context)
    # networks are slow to import, and most commands need none
    from sonoher2.deep.lesion import starting_points

    starting_points(deep)
    return ()
