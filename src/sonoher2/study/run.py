"""Running a study: its steps one after another."""

from __future__ import annotations

from pathlib import Path

from sonoher2.config.study import StudyConfig
from sonoher2.core.progress_lines import write_line
from sonoher2.engine import Workers, local_context
from sonoher2.study.pipeline import STUDY, Steps
from sonoher2.study.results.manifest import now
from sonoher2.study.results.parts import StudyResult
from sonoher2.study.steps.state import RunState


def run_study(study: StudyConfig, out: Path, jobs: Workers = None) -> StudyResult:
    """Run a study; whatever is finished already is taken from `out/cache`.

    Parameters
    ----------
    study
        The study.
    out
        Folder for everything that the run writes.
    jobs
        Processes; all processors unless told.

    Returns
    -------
    What was found; written to `out` too, with the frozen model.

    Raises
    ------
    InputError, FindingsError
        The study cannot be run as it is.
    """
    state = RunState(study, out, local_context(out / "cache", jobs), now())
    follow(STUDY, state)
    return state.result


def follow(steps: Steps, state: RunState) -> None:
    """Do some steps, one after another, tell of each and take its time."""
    for number, (name, step) in enumerate(steps, start=1):
        write_line("stage", name=name, number=number, total=len(steps))
        with state.watch.step(name):
            step(state)
