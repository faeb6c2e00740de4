"""What a frozen model may answer besides a probability: a set of classes, and ruled in, ruled out or undecided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from sonoher2.core.spelling import level
from sonoher2.evaluation.uncertainty.conformal import prediction_sets

Zone = Literal["ruled out", "undecided", "ruled in"]


@dataclass(frozen=True)
class Answer:
    """What one signature says of one patient at stated error rates.

    Attributes
    ----------
    classes_left
        The set of classes; one class is an answer, any other number "don't know".
    zones
        By outcome.
    text
        The set in words.
    """

    classes_left: tuple[str, ...]
    zones: dict[str, Zone]
    text: str


class Uncertainty(BaseModel):
    """What decides the answers of one signature, learned on out-of-fold training scores.

    Attributes
    ----------
    coverage
        How often the set of classes should hold the true one.
    conformal_quantiles
        By class, in order: least probability at which it belongs to the set; ``limits`` in `model.json`.
    sensitivity, specificity
        What ruling out and ruling in keep.
    rule_out, rule_in
        By outcome: below the first the outcome is ruled out, from the second on ruled in.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True, serialize_by_alias=True)

    coverage: float
    conformal_quantiles: tuple[float, ...] = Field(alias="limits")
    sensitivity: float
    specificity: float
    rule_out: dict[str, float]
    rule_in: dict[str, float]

    def classes_left(self, classes: Sequence[str], probabilities: Sequence[float]) -> tuple[str, ...]:
        """Name the classes that the scores leave possible.

        Parameters
        ----------
        classes
            Names, in order.
        probabilities
            (K,), of each class, summing to 1.
        """
        held = prediction_sets([list(probabilities)], list(self.conformal_quantiles))[0]
        return tuple(name for name, inside in zip(classes, held, strict=True) if inside)

    def zone(self, outcome: str, probability: float) -> Zone:
        """Say whether an outcome is ruled out, ruled in or undecided."""
        if probability >= self.rule_in[outcome]:
            return "ruled in"
        return "ruled out" if probability < self.rule_out[outcome] else "undecided"

    def answer(self, classes: Sequence[str], probabilities: Sequence[float]) -> Answer:
        """Answer for one patient, "don't know" included.

        Parameters
        ----------
        classes
            Names, in order.
        probabilities
            (K,), of each class, summing to 1.
        """
        left = self.classes_left(classes, probabilities)
        of = dict(zip(classes, map(float, probabilities), strict=True))
        return Answer(left, {outcome: self.zone(outcome, of[outcome]) for outcome in self.rule_out}, self._text(left))

    def _text(self, left: Sequence[str]) -> str:
        sure = f"{level(self.coverage)} coverage"
        if len(left) == 1:
            return f"{left[0]} (at {sure} no other class remains)"
        if left:
            return f"don't know: at {sure} {', '.join(left[:-1])} and {left[-1]} remain"
        return f"don't know: at {sure} the scores fit no class"
