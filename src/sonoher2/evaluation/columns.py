"""Names of the columns of the tables that evaluation returns."""

from __future__ import annotations

from sonoher2.core.columns import LABEL as LABEL
from sonoher2.core.columns import MODEL as MODEL
from sonoher2.core.columns import THRESHOLD as THRESHOLD

N, LOW, HIGH = "n", "low", "high"
PREDICTED_SHARE, OBSERVED_SHARE = "predicted", "observed"
TREAT_ALL, TREAT_NONE = "treat_all", "treat_none"
COVERAGE, SINGLE, SEVERAL, EMPTY, RIGHT = "coverage", "single", "several", "empty", "right"
