"""`sonoher2 check`: everything that is wrong with a study, before anything is computed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sonoher2.cli.common.options import DataFolder, Jobs, StudyFile
from sonoher2.cli.common.terminal import say, say_json
from sonoher2.cli.common.unread import UNREAD, unread_listed


def check(
    study: StudyFile,
    data: DataFolder = None,
    jobs: Jobs = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Report everything that is wrong with a study, and what it can show at its size, before anything is computed."""
    if as_json:
        _as_json(study, data, jobs)
        return
    from sonoher2.config.load import load_study

    config = load_study(study, data)
    from sonoher2.study.check import check_study

    with unread_listed(study.with_name(f"{study.stem}-{UNREAD}")):
        report = check_study(config, jobs)
    say(report.text())
    report.raise_errors()


def _as_json(study: Path, data: Path | None, jobs: int | None) -> None:
    """Print what is found as JSON, also where the study's file or tables cannot be read."""
    from sonoher2.cohort.check import CheckReport
    from sonoher2.config.load import load_study
    from sonoher2.core.errors import InputError
    from sonoher2.study.check import check_study

    try:
        report = check_study(load_study(study, data), jobs)
    except InputError as error:
        report = CheckReport((), tuple(error.findings))
    say_json(report.json())
    report.raise_errors()
