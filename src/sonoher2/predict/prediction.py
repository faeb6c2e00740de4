"""A prediction as data: scores, answers, what they rest on, what was scored, and what to know of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from sonoher2.bundle.uncertainty import Answer
from sonoher2.predict.case import ScoredMask
from sonoher2.predict.explanation import Explanation
from sonoher2.predict.findings import PredictionFinding
from sonoher2.predict.text import finding_text, prediction_json, prediction_text


@dataclass(frozen=True)
class Score:
    """One signature's answer.

    Attributes
    ----------
    signature, outcome
        Whose answer, and which class the probability is of.
    probability
        Calibrated on training patients.
    threshold
        Learned on out-of-fold training scores.
    positive
        Whether the probability reaches the threshold.
    filled
        Clinical columns that were not given, see `FILLED` for how they count.
    """

    signature: str
    outcome: str
    probability: float
    threshold: float
    positive: bool
    filled: tuple[str, ...]


@dataclass(frozen=True)
class Prediction:
    """All answers for one patient.

    Attributes
    ----------
    title, notice, synthetic
        Of the model.
    bundle
        Sha256 of the model.
    images
        How many were scored.
    scores
        One for each signature and outcome.
    findings
        What to know before the answer is used.
    explanation
        What the main answer rests on; None for a model without reference patients.
    answers
        By signature, at stated error rates.
    masks
        The lesion that was scored in each image, and where its mask came from.
    """

    title: str
    notice: str
    synthetic: bool
    bundle: str
    images: int
    scores: tuple[Score, ...]
    findings: tuple[PredictionFinding, ...] = ()
    explanation: Explanation | None = None
    answers: dict[str, Answer] = field(default_factory=dict)
    masks: tuple[ScoredMask, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """The findings as sentences."""
        return tuple(finding_text(finding) for finding in self.findings)

    def json(self) -> str:
        """All of it as JSON, masks without their pixels."""
        return prediction_json(self)

    def text(self) -> str:
        """Lines for a person to read."""
        return prediction_text(self)
