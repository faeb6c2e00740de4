"""What is known of a study while it runs: each step reads what earlier ones left and leaves its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.bundle.load import Bundle
from sonoher2.bundle.reference import Reference
from sonoher2.cohort.split import Split
from sonoher2.config.study import StudyConfig
from sonoher2.core.errors import Finding
from sonoher2.engine import ExecutionContext
from sonoher2.networks.own import SHIPPED_NETWORKS, ImageNetworks
from sonoher2.study.analyses.analysis import Scored
from sonoher2.study.checks.run import CohortChecks
from sonoher2.study.fit.signatures import Fitted
from sonoher2.study.measure.checked import Checked
from sonoher2.study.measure.measured import Measured
from sonoher2.study.measure.prepare import Stopwatch
from sonoher2.study.results.explanations import Explanations
from sonoher2.study.results.ledger import Ledger
from sonoher2.study.results.parts import StudyResult
from sonoher2.study.steps.analyses import Tables


@dataclass
class RunState:
    """A study, or a validation, on its way.

    Attributes
    ----------
    study
        Settings; the first step settles the unit, and for a validation the model's way of reading.
    out, context
        Folder of the run; where values are kept and computed.
    started, watch
        When; wall time by step.
    bundle, recalibrate
        Of a validation: the frozen model, and the share of the cohort to update probabilities on.
    findings
        What was noticed, in order.
    networks, drawn
        Networks of the study's own for its images, and the split that they were trained by.
    checked, split, cohort_checks
        From reading the cohort; in a validation all are test patients.
    measured, in_training
        From measuring; (patients,) True for a training patient.
    fitted
        From fitting; a validation fits nothing.
    scored, ledger
        From scoring.
    tables, main
        From the analyses.
    explanations, reference, cases
        From explaining; `cases` says which patient each case of the reference is.
    result
        From putting all together.
    """

    study: StudyConfig
    out: Path
    context: ExecutionContext
    started: str = ""
    bundle: Bundle | None = None
    recalibrate: float | None = None
    watch: Stopwatch = field(default_factory=Stopwatch)
    findings: list[Finding] = field(default_factory=list)
    networks: ImageNetworks = SHIPPED_NETWORKS
    drawn: Split | None = None
    checked: Checked = field(init=False)
    split: Split = field(init=False)
    cohort_checks: CohortChecks = field(init=False)
    measured: Measured = field(init=False)
    in_training: NDArray[np.bool_] = field(init=False)
    fitted: Fitted = field(init=False)
    scored: Scored = field(init=False)
    ledger: Ledger = field(init=False)
    tables: Tables = field(init=False)
    main: str = field(init=False)
    explanations: Explanations | None = None
    reference: Reference = field(init=False)
    cases: pd.DataFrame = field(init=False)
    result: StudyResult = field(init=False)

    @property
    def model_bundle(self) -> Bundle:
        """The frozen model of a validation.

        Raises
        ------
        ValueError
            This is no validation.
        """
        if self.bundle is None:
            raise ValueError("a study has no bundle before its end")
        return self.bundle
