"""`sonoher2 audit simulated-signal`: what share of a known signal each signature finds."""

from __future__ import annotations

from typing import Annotated

import typer

from sonoher2.cli.audit.shown import Cheap, RunFolder, show_audit
from sonoher2.cli.common.options import DataFolder, StudyFile, grouped
from sonoher2.cli.common.processes import Processes
from sonoher2.core.errors import UsageError
from sonoher2.study.results import columns as c


@grouped
def simulated_signal(
    study: StudyFile,
    out: RunFolder,
    *,
    strength: Annotated[float, typer.Option(help="Standard deviation of the planted log-odds.")] = 2.0,
    mixture: Annotated[
        str, typer.Option(help="Weights such as clinical=1,radiomics=1,deep=1; equal ones unless told.")
    ] = "",
    runs: Annotated[int, typer.Option(min=2, help="Draws of the signal and of the labels.")] = 10,
    data: DataFolder = None,
    processes: Processes,
    cheap: Cheap = False,
) -> None:
    """Plant a known signal into the labels and tell what share of it each signature finds."""
    from sonoher2.config.load import load_study

    config = load_study(study, data)
    from sonoher2.audit.simulated_signal import audit_planted
    from sonoher2.core.files import run_lock

    weights = read_mixture(mixture)
    columns = [c.SIGNATURE, c.SET, c.AUC, c.error(c.AUC), c.BEST, c.SHARE, c.error(c.SHARE), c.GAIN, c.error(c.GAIN)]
    with run_lock(out), processes.workers(out) as workers:
        result = audit_planted(config, out, strength=strength, mixture=weights, runs=runs, jobs=workers, cheap=cheap)
        show_audit(result, out, "planted", columns)


def read_mixture(text: str) -> dict[str, float]:
    """Weights from ``clinical=1,radiomics=0.5``.

    Raises
    ------
    UsageError
        It is not written so.
    """
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    try:
        return {name.strip(): float(weight) for name, _, weight in pairs}
    except ValueError:
        raise UsageError(f"cannot read the mixture '{text}'; write it as clinical=1,radiomics=1,deep=1") from None
