"""What the audits of a study share: their options, and what they print."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonoher2.cli.common.terminal import say

if TYPE_CHECKING:
    from sonoher2.study.results.parts import StudyResult

RunFolder = Annotated[Path, typer.Option("--out", help="Folder of the study's run; it is run first where unfinished.")]
Cheap = Annotated[bool, typer.Option("--cheap", help="Use the smallest network, frozen, instead of the study's own.")]


def show_audit(result: StudyResult, out: Path, name: str, columns: Sequence[str]) -> None:
    """Print the summary of the audit `name` and write the report that shows it.

    Parameters
    ----------
    result
        Of the study, with the audit.
    out
        Folder of the run.
    name
        Of the field of `Audits`, and of the table of runs.
    columns
        Of the summary, that are shown.
    """
    from sonoher2.report.page.html import write_report

    audit = getattr(result.audits, name)
    say(audit.summary[list(columns)].to_string(index=False, float_format="{:.3f}".format))
    say(f"Runs: {out / 'audit' / f'{name}.csv'}")
    say(f"Report: {write_report(result, out)}")
