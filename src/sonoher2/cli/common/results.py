"""What the commands print of a study's results."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sonoher2.cli.common.terminal import say, show_findings
from sonoher2.core.progress_lines import write_line
from sonoher2.study.results import columns as c

if TYPE_CHECKING:
    from sonoher2.study.results.parts import StudyResult


def show_study(result: StudyResult, out: Path, jobs: int | None = 1) -> None:
    """Print what was noticed, write the report in so many processes and print the signatures' AUC."""
    from sonoher2.report.page.html import write_report

    show_findings(result.checks.findings)
    write_line("stage", name="report", number=0, total=0)
    report = write_report(result, out, jobs)
    columns = [c.SIGNATURE, c.SET, c.OUTCOME, c.N, c.EVENTS, c.AUC, c.low(c.AUC), c.high(c.AUC)]
    say(result.performance.signatures[columns].to_string(index=False, float_format="{:.3f}".format))
    say(f"Report: {report}")
