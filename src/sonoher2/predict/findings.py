"""What a prediction says of itself besides the answer: facts under a code, made into sentences elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Code = Literal[
    "OUTLINE_AUTOMATIC",
    "TRAINING_IMAGE",
    "TRAINING_PATIENT",
    "SITE_MISSING",
    "SITE_UNKNOWN",
    "VALUE_MISSING",
    "UNIT_IGNORED",
    "FEW_GREY_LEVELS",
    "POOR_IMAGE",
    "ODD_MASK",
    "FAR_FROM_TRAINING",
    "OUTSIDE_RANGE",
]
"""docs/predict.md says what each means."""
Fact = str | float | int | tuple[str, ...]


@dataclass(frozen=True)
class PredictionFinding:
    """One thing to know before a prediction is used.

    Attributes
    ----------
    code
        What it is.
    facts
        Its particulars by name, such as `image`, `confidence` or `column`.
    """

    code: Code
    facts: Mapping[str, Fact] = field(default_factory=dict)

    @property
    def severity(self) -> Literal["warning", "note"]:
        """``note`` where nothing is wrong with the answer, ``warning`` where it needs care."""
        return "note" if self.code == "UNIT_IGNORED" else "warning"
