"""The steps between all features and those that a model sees."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sonoher2.config.base import Strict
from sonoher2.engine import NeutralAt


class SelectionConfig(Strict):
    """The steps between all features and those that a model sees; each is fitted inside the fold."""

    icc: float | None = Field(None, gt=0, lt=1, description="Keep features with ICC(2,1) of at least this.")
    icc_from: Literal["second-reader", "perturbation"] = Field(
        "second-reader", description="Which masks the ICC compares with the given ones."
    )
    test: Literal["mann-whitney", "t-test"] | None = "mann-whitney"
    alpha: float = Field(0.05, gt=0, lt=1)
    fdr: bool = False
    correlation: Literal["spearman", "pearson"] | None = "spearman"
    max_correlation: float = Field(0.9, gt=0, le=1)
    mrmr: int | None = Field(30, ge=1, le=100_000, description="At most this many features by mRMR; none to skip.")
    lasso: bool = True
    bootstraps: Annotated[int, NeutralAt(0)] = Field(
        0,
        ge=0,
        le=10_000,
        description="Draws of training patients on which the selection is repeated, for its stability.",
    )


class HarmoniseConfig(Strict):
    """Site effects are taken out of the radiomic features, as learned on training patients, inside the outer fold."""

    method: Literal["combat"] = "combat"
    reference: str = Field(description="The site whose features stay as they are.")
