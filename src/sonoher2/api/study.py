"""Studies from Python: what the commands `check`, `run` and `validate` do."""

from __future__ import annotations

from pathlib import Path

from sonoher2.bundle.load import Bundle, load_bundle
from sonoher2.cohort.check import CheckReport
from sonoher2.config.load import checked_again, load_study
from sonoher2.config.study import StudyConfig
from sonoher2.core.files import run_lock
from sonoher2.study import check, external, run
from sonoher2.study.results.parts import StudyResult


def check_study(study: StudyConfig | str | Path, *, jobs: int | None = None) -> CheckReport:
    """Look for everything that is wrong with a study, and say what it can show at its size; nothing is kept.

    Parameters
    ----------
    study
        The study file, or what `load_study` gives.
    jobs
        Processes; all processors unless told.

    Raises
    ------
    InputError, FindingsError
        The study file or its tables cannot be used at all.

    Examples
    --------
    >>> import sonoher2
    >>> report = sonoher2.check_study("study.yaml", jobs=1)
    >>> report.errors
    ()
    >>> [row.value for row in report.rows if row.what == "in the table"]
    ['60']
    """
    return check.check_study(_config(study), jobs)


def run_study(study: StudyConfig | str | Path, out: str | Path, *, jobs: int | None = None) -> StudyResult:
    """Run a whole study: measure, select, fit, evaluate, freeze. What is finished already is not computed again.

    Parameters
    ----------
    study
        The study file, or what `load_study` gives.
    out
        Folder for everything that the run writes; `write_report` adds the report.
    jobs
        Processes; all processors unless told.

    Returns
    -------
    The results; their tables are DataFrames. `open_run` gives them again.

    Raises
    ------
    InputError, FindingsError
        The study cannot be run as it is, or another run is writing into the folder.

    Examples
    --------
    >>> import sonoher2
    >>> result = sonoher2.run_study("study.yaml", "run", jobs=1)
    >>> result.performance.signatures["signature"].unique().tolist()
    ['Clinical', 'Radiomics', 'Clinical+Radiomics']
    """
    with run_lock(Path(out)):
        return run.run_study(_config(study), Path(out), jobs)


def validate_bundle(
    bundle: Bundle | str | Path,
    study: StudyConfig | str | Path,
    out: str | Path,
    *,
    recalibrate: float | None = None,
    jobs: int | None = None,
) -> StudyResult:
    """Test a frozen model on a second cohort.

    Parameters
    ----------
    bundle
        Its folder, or what `load_bundle` gives.
    study
        The study file of the second cohort, or what `load_study` gives.
    out
        Folder for the results; not that of a study.
    recalibrate
        Also recalibrate on this share of the patients, and judge that on the others.
    jobs
        Processes; all processors unless told.

    Returns
    -------
    As from `run_study`.

    Raises
    ------
    InputError, FindingsError
        The cohort cannot be used, or its classes or columns are not those of the model.

    Examples
    --------
    >>> import sonoher2
    >>> result = sonoher2.validate_bundle("run/bundle", "study.yaml", "validation", jobs=1)
    >>> result.about.kind, result.performance.signatures["set"].unique().tolist()
    ('validation', ['test'])
    """
    model = bundle if isinstance(bundle, Bundle) else load_bundle(Path(bundle))
    with run_lock(Path(out)):
        return external.validate_bundle(model, _config(study), Path(out), jobs, recalibrate)


def _config(study: StudyConfig | str | Path) -> StudyConfig:
    return checked_again(study) if isinstance(study, StudyConfig) else load_study(Path(study))
