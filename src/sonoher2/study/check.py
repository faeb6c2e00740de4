"""`sonoher2 check`: everything that can be said of a study before anything is computed."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from sonoher2.cohort.check import CheckReport
from sonoher2.cohort.split import split_patients
from sonoher2.config.study import StudyConfig
from sonoher2.engine import local_context
from sonoher2.study.checks.facts import facts_of
from sonoher2.study.checks.run import check_facts
from sonoher2.study.image_networks.crossfit import planned_training
from sonoher2.study.measure.checked import checked_cohort
from sonoher2.study.measure.own_networks import networks_of_files
from sonoher2.study.steps.usable import usable_findings


def check_study(study: StudyConfig, jobs: int | None = None) -> CheckReport:
    """Check a study without running it; nothing is kept.

    Raises
    ------
    InputError, FindingsError
        The tables cannot be used at all.
    """
    with tempfile.TemporaryDirectory() as folder:
        checked = checked_cohort(study, local_context(Path(folder), jobs), networks_of_files(study))
        checked.require_unchanged()
    split = split_patients(checked.cohort.patients, study.split, study.seed)
    report = checked.report(split)
    planned = planned_training(study, checked.cohort, split)
    usable = usable_findings(checked.study, checked.cohort, split)
    report = replace(report, findings=(*report.findings, *usable, *planned))
    # in a cohort that cannot run there may be nothing to look at
    return report if report.errors else check_facts(facts_of(checked, split)).added_to(report)
