"""Names of the columns of the table of a selection's steps."""

from __future__ import annotations

STEP, FEATURES_IN, FEATURES_OUT, FALLBACK = "step", "features_in", "features_out", "fallback"
