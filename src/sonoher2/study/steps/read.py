"""Reading the cohort: everything that can be said before anything is measured."""

from __future__ import annotations

from dataclasses import replace

from sonoher2.cohort.split import draw_or_reload
from sonoher2.core.errors import FindingsError, InputError
from sonoher2.study.checks.facts import facts_of
from sonoher2.study.checks.run import check_facts
from sonoher2.study.image_networks.crossfit import image_networks
from sonoher2.study.measure.checked import checked_cohort
from sonoher2.study.measure.segmented import lost_lesions
from sonoher2.study.steps.state import RunState
from sonoher2.study.steps.usable import usable_findings

_COUNTING = ("split", "target", "validation")
"""Settings that an error speaks of when there are too few patients."""


def train_image_networks(state: RunState) -> None:
    """Train the segmenter and the enhancer on the training patients, where the study asks for its own."""
    state.networks, state.drawn = image_networks(state.study, state.context)


def read_cohort(state: RunState) -> None:
    """Read, check and split the patients of a study.

    Raises
    ------
    InputError, FindingsError
        The study cannot be run as it is.
    """
    state.checked = checked_cohort(state.study, state.context, state.networks)
    state.study = state.checked.study
    kept = state.out / "split.json"
    drawn_before = kept.exists()
    try:
        state.split = draw_or_reload(state.checked.cohort, state.study, kept, state.drawn)
        report = state.checked.report(state.split)
        usable = usable_findings(state.study, state.checked.cohort, state.split)
        report = replace(report, findings=(*report.findings, *usable))
        report.raise_errors()
    except InputError as error:
        if not drawn_before:
            # the split of a study that cannot run: what the error asks for may be another one
            kept.unlink(missing_ok=True)
        lost = lost_lesions(state.checked.segmented, state.study, state.networks)
        # too few patients are only what follows where the segmenter found too few lesions
        if lost and any(one.where in _COUNTING for one in error.findings):
            raise FindingsError([*lost, *error.findings]) from None
        raise
    state.findings += report.findings


def judge_cohort(state: RunState) -> None:
    """Run the coded checks that need no model."""
    state.cohort_checks = check_facts(facts_of(state.checked, state.split))
