"""`sonoher2 validate`: a frozen model meets a second cohort; nothing of it is fitted, no threshold is moved."""

from __future__ import annotations

from pathlib import Path

from sonoher2.bundle.load import Bundle
from sonoher2.bundle.schema import MANIFEST, SCHEMA
from sonoher2.config.study import StudyConfig
from sonoher2.core.errors import UsageError
from sonoher2.engine import Workers, local_context
from sonoher2.study.pipeline import VALIDATION
from sonoher2.study.results.manifest import now
from sonoher2.study.results.parts import StudyResult
from sonoher2.study.run import follow
from sonoher2.study.steps.state import RunState


def validate_bundle(
    bundle: Bundle, study: StudyConfig, out: Path, jobs: Workers = None, recalibrate: float | None = None
) -> StudyResult:
    """Score every patient of a second cohort with a frozen model and evaluate at its frozen thresholds.

    Parameters
    ----------
    bundle
        The frozen model.
    study
        The second cohort: its tables, target and clinical columns. Images are read and measured as the bundle says.
    out
        Folder for everything that the validation writes.
    jobs
        Processes; all processors unless told.
    recalibrate
        Also update the probabilities on this share of the cohort and judge the update on the rest. The frozen result
        stays what it is, of all patients.

    Raises
    ------
    InputError, FindingsError
        The cohort cannot be used, or its classes or columns are not those of the model.
    """
    refuse_bundle(out)
    if (out / "split.json").exists():
        raise UsageError(f"{out} holds a study", fix="Choose another folder", hint="output")
    context = local_context(out / "cache", jobs)
    state = RunState(study, out, context, now(), bundle=bundle, recalibrate=recalibrate)
    follow(VALIDATION, state)
    return state.result


def refuse_bundle(out: Path) -> None:
    """Refuse to write patients into a model's bundle, which is given to others.

    Raises
    ------
    UsageError
        The folder is a bundle or lies in one.
    """
    if any(
        (folder / SCHEMA).is_file() and (folder / MANIFEST).is_file()
        for folder in (out.resolve(), *out.resolve().parents)
    ):
        raise UsageError(
            f"{out} lies in a model's bundle, which others are given", fix="Choose another folder", hint="output"
        )
