"""The candidate models and the folds that judge them."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import Field

from sonoher2.config.base import Strict

ModelName = Literal[
    "ridge", "linear", "logistic", "lasso", "elastic-net", "svm", "knn", "random-forest", "extra-trees",
    "xgboost", "lightgbm", "mlp", "naive-bayes",
]  # fmt: skip
ALL_MODELS: tuple[ModelName, ...] = get_args(ModelName)


class ValidationConfig(Strict):
    """Nested cross-validation of the training patients."""

    outer_folds: int = Field(5, ge=2, le=10_000)
    inner_folds: int = Field(5, ge=2, le=10_000)
    by: Literal["random", "site"] = Field(
        "random", description="`site`: leave one site out; each training patient is scored as if from a new site."
    )
