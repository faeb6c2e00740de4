"""`sonoher2 check`: everything that is wrong with a study, before anything is computed."""

from __future__ import annotations

from sonoher2.cli.common.options import DataFolder, Jobs, StudyFile
from sonoher2.cli.common.terminal import say
from sonoher2.cli.common.unread import UNREAD, unread_listed


def check(study: StudyFile, data: DataFolder = None, jobs: Jobs = None) -> None:
    """Report everything that is wrong with a study, and what it can show at its size, before anything is computed."""
    from sonoher2.config.load import load_study

    config = load_study(study, data)
    from sonoher2.study.check import check_study

    with unread_listed(study.with_name(f"{study.stem}-{UNREAD}")):
        report = check_study(config, jobs)
    say(report.text())
    report.raise_errors()
