"""`sonoher2 audit null`: the whole pipeline on permuted labels."""

from __future__ import annotations

from typing import Annotated

import typer

from sonoher2.cli.audit.shown import Cheap, RunFolder, show_audit
from sonoher2.cli.common.options import DataFolder, StudyFile, grouped
from sonoher2.cli.common.processes import Processes
from sonoher2.study.results import columns as c


@grouped
def null(
    study: StudyFile,
    out: RunFolder,
    *,
    runs: Annotated[int, typer.Option(min=2, help="Permutations; 20 show a leak, 199 give a p value.")] = 20,
    data: DataFolder = None,
    processes: Processes,
    cheap: Cheap = False,
) -> None:
    """Run the whole pipeline on permuted labels: its AUC must be 0.5. A killed audit resumes."""
    from sonoher2.config.load import load_study

    config = load_study(study, data)
    from sonoher2.audit.null import audit_null
    from sonoher2.core.files import run_lock

    with run_lock(out), processes.workers(out) as workers:
        result = audit_null(config, out, runs=runs, jobs=workers, cheap=cheap)
        columns = [c.SIGNATURE, c.SET, c.REAL, c.MEAN, c.SE, c.P]
        shown = columns if len(result.about.classes) == 2 else [*columns[:2], c.OUTCOME, *columns[2:]]
        show_audit(result, out, "null", shown)
