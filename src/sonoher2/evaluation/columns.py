"""Names of the columns of the tables that evaluation returns."""

from __future__ import annotations

from sonoher2.core.columns import *  # noqa: F403

N, LOW, HIGH = "n", "low", "high"
PREDICTED_SHARE, OBSERVED_SHARE = "predicted", "observed"
TREAT_ALL, TREAT_NONE = "treat_all", "treat_none"
COVERAGE, SINGLE, SEVERAL, EMPTY, RIGHT = "coverage", "single", "several", "empty", "right"
