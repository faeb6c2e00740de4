"""What the commands print of a study's results."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sonoher2.cli.common.terminal import say, show_findings

if TYPE_CHECKING:
    from sonoher2.study.results.parts import StudyResult


def show_study(result: StudyResult, out: Path) -> None:
    """Print what was noticed, write the report and print the signatures' AUC."""
    from sonoher2.report.page.html import write_report

    show_findings(result.checks.findings)
    report = write_report(result, out)
    columns = ["signature", "set", "outcome", "n", "events", "auc", "auc_low", "auc_high"]
    say(result.performance.signatures[columns].to_string(index=False, float_format="{:.3f}".format))
    say(f"Report: {report}")
