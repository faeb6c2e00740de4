"""`sonoher2 validate`: a frozen model on a second cohort."""

from __future__ import annotations

from typing import Annotated

import typer

from sonoher2.cli.common.options import BundleFolder, DataFolder, OutFolder, StudyFile, Trust, grouped
from sonoher2.cli.common.processes import Processes
from sonoher2.cli.common.results import show_study
from sonoher2.cli.common.unread import UNREAD, unread_listed


@grouped
def validate(
    bundle: BundleFolder,
    study: StudyFile,
    out: OutFolder,
    *,
    data: DataFolder = None,
    recalibrate: Annotated[
        float | None,
        typer.Option(
            min=0.05, max=0.95, help="Also recalibrate on this share of the patients and judge it on the others."
        ),
    ] = None,
    trust: Trust = None,
    processes: Processes,
) -> None:
    """Test a frozen model on a second cohort; the frozen result comes first, whatever else is asked for."""
    from sonoher2.bundle.load import load_bundle
    from sonoher2.config.load import load_study
    from sonoher2.core.files import run_lock
    from sonoher2.study.external import refuse_bundle, validate_bundle

    # before anything is written there
    refuse_bundle(out)
    with run_lock(out):
        with unread_listed(out / UNREAD), processes.workers(out) as workers:
            result = validate_bundle(load_bundle(bundle, trust), load_study(study, data), out, workers, recalibrate)
        show_study(result, out, processes.jobs)
