"""What an analysis is: a question asked of scored patients, whose answer is a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import pandas as pd

from sonoher2.study.results import columns as c
from sonoher2.study.results.schema import TableSchema

# the tables of some analyses are kept under the code that computes them: what is imported here would be part of that
if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sonoher2.bundle.load import Bundle
    from sonoher2.bundle.uncertainty import Uncertainty
    from sonoher2.cohort.images.check import ImageRecord
    from sonoher2.config.study import StudyConfig
    from sonoher2.engine import ExecutionContext
    from sonoher2.networks.own import ImageNetworks
    from sonoher2.signatures.set import SignatureSet
    from sonoher2.study.measure.measured import Measured

Part = Literal["performance", "uncertainty", "robustness", "external", "extra"]


@dataclass(frozen=True)
class Scored:
    """Patients that a fitted model has scored: what every analysis looks at.

    Attributes
    ----------
    study
        Settings.
    measured
        All patients.
    in_training
        (patients,), True for a training patient; in a validation nobody is one.
    model
        The frozen model.
    X
        The patients who were not in training, as the model reads them.
    probabilities
        Of these, by signature, (patients, classes).
    predictions, thresholds, patients
        As in `StudyResult`.
    learned
        By signature: conformal quantiles, and the limits of ruling in and out.
    records, hashes
        What is known of each image, in the order of the cohort's; sha256 of every file, by path.
    context
        Where values are kept and computed.
    bundle
        The frozen model as a validation got it; None in a study.
    models
        Predictions by every model and network that the signatures chose among; empty without a comparison.
    networks
        The networks that looked at the images before, where they are not the shipped ones.
    """

    study: StudyConfig
    measured: Measured
    in_training: NDArray[np.bool_]
    model: SignatureSet
    X: pd.DataFrame
    probabilities: Mapping[str, NDArray[np.float64]]
    predictions: pd.DataFrame
    thresholds: pd.DataFrame
    patients: pd.DataFrame
    learned: Mapping[str, Uncertainty]
    records: Sequence[ImageRecord]
    hashes: Mapping[str, str]
    context: ExecutionContext = field(repr=False)
    bundle: Bundle | None = None
    models: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    networks: ImageNetworks | None = None

    @property
    def confidence(self) -> float:
        """Level of the intervals."""
        return self.study.evaluation.confidence

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the labels, in order."""
        return self.measured.cohort.classes

    @property
    def limits(self) -> pd.Series:
        """Frozen threshold by signature and outcome."""
        return self.thresholds.set_index([c.SIGNATURE, c.OUTCOME])[c.THRESHOLD]


def always(scored: Scored) -> bool:
    """Whether an analysis applies that every study has."""
    return True


@dataclass(frozen=True)
class Analysis:
    """One question and its table.

    Attributes
    ----------
    name
        Of the table: a field of its part, or a name among the further tables.
    part
        Part of the result that the table stands in. A table of which that part has no field stands among the further
        ones, as those of the part ``extra`` do.
    schema
        What the table holds.
    compute
        Gives the table.
    applies
        Whether this study has an answer; the table is absent where it does not.
    """

    name: str
    part: Part
    schema: TableSchema
    compute: Callable[[Scored], pd.DataFrame]
    applies: Callable[[Scored], bool] = always


def is_validation(scored: Scored) -> bool:
    """Whether a frozen model met a second cohort."""
    return scored.bundle is not None
