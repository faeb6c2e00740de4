"""How results are judged."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sonoher2.config.base import Strict


class StabilityConfig(Strict):
    """How far features and results change when the lesions are outlined otherwise."""

    strength: float = Field(
        0.05, gt=0, le=0.3, description="Change of the outline for the ICC, as a share of the lesion's diameter."
    )
    patients: int = Field(
        100, ge=10, le=1_000_000, description="At most this many training patients are outlined anew for the ICC."
    )
    strengths: list[Annotated[float, Field(gt=0, le=0.3)]] = Field(
        [0.05, 0.1], min_length=1, description="Changes of the test patients' outlines, for the AUC."
    )


class EvaluationConfig(Strict):
    """What is reported."""

    threshold: Literal["youden", "sensitivity", "specificity"] = "youden"
    threshold_at: float = Field(0.9, gt=0, lt=1, description="The sensitivity or specificity to reach in training.")
    bootstrap: int = Field(2000, ge=100, le=1_000_000)
    confidence: float = Field(0.95, gt=0.5, lt=1)
    coverage: float = Field(
        0.9, gt=0.5, lt=1, description="How often a patient's set of possible classes shall hold the true one."
    )
    rule_out_sensitivity: float = Field(0.95, gt=0.5, lt=1, description="Share of cases that ruling out must spare.")
    rule_in_specificity: float = Field(0.95, gt=0.5, lt=1, description="Share of controls that ruling in must spare.")
    subgroups: list[str] = Field([], description="Clinical columns, `site`, `scanner`; numbers are cut at the median.")
