"""`sonoher2 report`: the report of a finished run, drawn again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sonoher2.cli.common.options import Jobs
from sonoher2.cli.common.terminal import say


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a finished run or validation.")],
    *,
    for_print: Annotated[
        bool, typer.Option("--print", help="Write each figure as PNG (300 dpi) and PDF, too; later reports keep them.")
    ] = False,
    jobs: Jobs = None,
) -> None:
    """Draw the report of a finished run again, from its kept results; images and tables are not needed."""
    from sonoher2.core.files import run_lock
    from sonoher2.report.page.html import write_report
    from sonoher2.study.results.saved import open_run

    result = open_run(run)
    with run_lock(run):
        say(f"Report: {write_report(result, run, jobs, for_print=for_print)}")
