"""`sonoher2 run`: a whole study."""

from __future__ import annotations

from sonoher2.cli.common.options import DataFolder, OutFolder, StudyFile, grouped
from sonoher2.cli.common.processes import Processes
from sonoher2.cli.common.results import show_study
from sonoher2.cli.common.unread import UNREAD, unread_listed


@grouped
def run(study: StudyFile, out: OutFolder, *, data: DataFolder = None, processes: Processes) -> None:
    """Run a whole study: measure, select, fit, evaluate, report, freeze. A second run resumes."""
    from sonoher2.config.load import load_study

    config = load_study(study, data)
    from sonoher2.core.files import run_lock
    from sonoher2.study.run import run_study

    with run_lock(out):
        with unread_listed(out / UNREAD), processes.workers(out) as workers:
            result = run_study(config, out, workers)
        show_study(result, out, processes.jobs)
